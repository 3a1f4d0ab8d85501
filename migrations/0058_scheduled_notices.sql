-- expand
-- What people are to be told later: at a moment, or at a time of their own wall clock. Taken out by what gives it.
create table scheduled_notices (
  id         uuid primary key,
  user_id    uuid not null references users (id),
  dedupe_key text not null,
  notice     jsonb not null,
  due_at     timestamptz not null,
  local_day  date,
  local_time text check (local_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  expires_at timestamptz not null,
  created_at timestamptz not null default app_now(),
  unique (user_id, dedupe_key),
  constraint scheduled_notices_local check ((local_day is null) = (local_time is null))
);
create index scheduled_notices_due on scheduled_notices (due_at);
