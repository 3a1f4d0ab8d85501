-- What staff have added to the shipped lexicon, or switched off in it.
create table lexicon_terms (
  kind       text not null check (kind in ('crisis', 'contact', 'except')),
  term       text not null,
  language   text not null check (language in ('id', 'en')),
  active     boolean not null,
  updated_by uuid not null,
  updated_at timestamptz not null default app_now(),
  primary key (kind, term)
);
