create table notifications (
  id         uuid primary key,
  user_id    uuid not null references users (id),
  kind       text not null,
  title      text not null,
  body       text not null,
  data       jsonb not null default '{}',
  dedupe_key text not null,
  created_at timestamptz not null default app_now(),
  read_at    timestamptz,
  deleted_at timestamptz,
  unique (user_id, dedupe_key)
);
create index notifications_user on notifications (user_id, id) where deleted_at is null;
create index notifications_unread on notifications (user_id) where read_at is null and deleted_at is null;

-- One row a push that is to reach one person (all devices); the same tag on every try.
create table pushes (
  id            uuid primary key,
  user_id       uuid not null references users (id),
  kind          text not null,
  tag           text not null,
  title         text not null,
  body          text not null,
  data          jsonb not null,
  high_priority boolean not null default true,
  dedupe_key    text not null,
  state         text not null default 'queued' check (state in ('queued', 'sent', 'failed', 'dropped')),
  created_at    timestamptz not null default app_now(),
  due_at        timestamptz not null default app_now(),
  expires_at    timestamptz not null,
  claimed_until timestamptz,
  attempts      integer not null default 0,
  settled_at    timestamptz,
  reason        text,
  pending_tokens jsonb,
  unique (user_id, dedupe_key)
);
create index pushes_due on pushes (due_at) where state = 'queued';
create index pushes_settled on pushes (settled_at) where state <> 'queued';
