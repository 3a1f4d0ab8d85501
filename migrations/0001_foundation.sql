-- What every module stands on: the one clock, the outbox, idempotency keys.

-- The only clock that decides. statement_timestamp() and not now(): a transaction that waited for a lock
-- decides by the time at which it goes on. Stable, so that indexes on due_at are used; whole milliseconds, so that
-- a time survives its way through JSON and back.
-- A test database replaces it by one that adds a shift.
create function app_now() returns timestamptz
  language sql stable parallel safe
  as $$ select date_trunc('milliseconds', statement_timestamp()) $$;

create table outbox (
  id            uuid primary key,
  topic         text not null,
  payload       jsonb not null,
  created_at    timestamptz not null default app_now(),
  due_at        timestamptz not null default app_now(),
  attempts      integer not null default 0,
  claimed_until timestamptz,
  done_at       timestamptz,
  parked_at     timestamptz,
  last_error    text
);
create index outbox_due on outbox (due_at) where done_at is null and parked_at is null;
create index outbox_parked on outbox (parked_at) where parked_at is not null;
create index outbox_done on outbox (done_at) where done_at is not null;

create table idempotency_keys (
  scope         text not null,
  key           text not null,
  request_hash  bytea not null,
  locked_until  timestamptz,
  status        integer,
  headers       jsonb,
  body          bytea,
  created_at    timestamptz not null default app_now(),
  expires_at    timestamptz not null,
  primary key (scope, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
