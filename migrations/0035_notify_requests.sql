-- "Tell me when this mitra (or anybody) is free": asked once, answered once.
create table notify_requests (
  id          uuid primary key,
  customer_id uuid not null references users (id),
  -- null: any
  mitra_id    uuid references mitras (user_id),
  created_at  timestamptz not null default app_now(),
  expires_at  timestamptz not null,
  answered_at timestamptz
);
create unique index notify_requests_one on notify_requests (customer_id, coalesce(mitra_id, '00000000-0000-0000-0000-000000000000')) where answered_at is null;
create index notify_requests_waiting on notify_requests (created_at, id) where answered_at is null;
create index notify_requests_answered on notify_requests (answered_at) where answered_at is not null;
create index notify_requests_over on notify_requests (expires_at);
