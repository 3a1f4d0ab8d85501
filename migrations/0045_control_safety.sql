-- What staff write to each other about a case. It goes when the case's evidence goes.
create table case_notes (
  id         uuid primary key,
  case_id    uuid not null references safety_cases (id),
  staff_id   uuid not null,
  text       text not null,
  created_at timestamptz not null default app_now()
);
create index case_notes_case on case_notes (case_id, id);

-- Every change of the lexicon, as settings_history keeps those of settings.
create table lexicon_history (
  id         uuid primary key,
  kind       text not null,
  term       text not null,
  language   text not null,
  active     boolean not null,
  reason     text not null,
  changed_by uuid not null,
  changed_at timestamptz not null default app_now()
);
create index lexicon_history_term on lexicon_history (kind, term, id);
