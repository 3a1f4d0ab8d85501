-- What screening found in a message, written by the statement that stores it, until its consequences are: a row each.
-- `body` is the text as it was sent, however it is stored.
create table message_flags (
  id              bigint generated always as identity primary key,
  conversation_id uuid not null,
  seq             bigint not null,
  change          bigint not null default 0,
  sender_id       uuid not null,
  kinds           text not null,
  body            text not null,
  sent_at         timestamptz not null
);

create table safety_cases (
  id              uuid primary key,
  kind            text not null check (kind in ('report', 'crisis', 'contact')),
  state           text not null default 'open' check (state in ('open', 'taken', 'closed')),
  session_id      uuid not null references chat_sessions (id),
  conversation_id uuid not null,
  -- who asked for it, and about whom; nobody asks for what screening finds, and it is about who wrote it
  reporter_id     uuid references users (id),
  subject_id      uuid not null references users (id),
  reason          text,
  note            text,
  opened_at       timestamptz not null default app_now(),
  last_at         timestamptz not null default app_now(),
  -- an alert that nobody has taken by then is escalated
  acknowledge_by  timestamptz,
  escalations     integer not null default 0,
  taken_at        timestamptz,
  taken_by        uuid,
  closed_at       timestamptz,
  closed_by       uuid,
  outcome         text,
  check ((state = 'closed') = (closed_at is not null)),
  check (acknowledge_by is null or state = 'open')
);
create unique index safety_cases_one_report on safety_cases (session_id, reporter_id) where kind = 'report';
create unique index safety_cases_one_open on safety_cases (conversation_id, kind) where kind <> 'report' and state <> 'closed';
create index safety_cases_state on safety_cases (state, id);
create index safety_cases_acknowledge on safety_cases (acknowledge_by) where acknowledge_by is not null;
create index safety_cases_closed on safety_cases (closed_at) where closed_at is not null;

-- Messages as they were when the case was told of them. A report's come from the conversation, an alert's from the flag.
create table case_evidence (
  case_id   uuid not null references safety_cases (id),
  seq       bigint not null,
  change    bigint not null default 0,
  sender_id uuid,
  body      text,
  sent_at   timestamptz not null,
  primary key (case_id, seq, change)
);
