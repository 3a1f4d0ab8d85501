-- expand
-- What staff have written instead of the texts that came with the service, version by version. A part that is null is the
-- service's own; a version in which all are null is the way back to those.
create table notice_templates (
  key text not null,
  language text not null check (language in ('id', 'en')),
  version integer not null check (version > 0),
  is_current boolean not null default true,
  title text,
  body text,
  push_title text,
  push_body text,
  email_subject text,
  email_body text,
  sms text,
  reason text not null,
  changed_by uuid not null,
  created_at timestamptz not null default app_now(),
  primary key (key, language, version)
);
create unique index notice_templates_current on notice_templates (key, language) where is_current;

-- Texts that could not be shown, most of all because nobody gave a variable that they ask for: added up, never one by one.
-- Version 0 is the service's own text; where no variable is to blame it is an empty one.
create table notice_faults (
  key text not null,
  language text not null check (language in ('id', 'en')),
  version integer not null check (version >= 0),
  part text not null,
  reason text not null,
  variable text not null,
  count bigint not null check (count > 0),
  first_at timestamptz not null default app_now(),
  last_at timestamptz not null default app_now(),
  primary key (key, language, version, part, reason, variable)
);
create index notice_faults_last on notice_faults (last_at);
