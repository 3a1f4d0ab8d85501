-- Who is never to meet again, whoever asked for it. By account and by number: a block outlives a change of number, and
-- holds for every account that the two numbers have or will have.
create table blocks (
  id           uuid primary key,
  blocker_id   uuid not null references users (id),
  blocker_hash bytea not null,
  blocked_id   uuid not null references users (id),
  blocked_hash bytea not null,
  created_at   timestamptz not null default app_now(),
  unique (blocker_id, blocked_id)
);
create index blocks_blocker_hash on blocks (blocker_hash);
create index blocks_blocked on blocks (blocked_id);
create index blocks_blocked_hash on blocks (blocked_hash);
