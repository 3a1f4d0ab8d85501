-- One conversation a session. writable_until is set by sessions, in its own transactions.
-- No index on what every send changes (head_seq, read_seq), and room on the page: updates stay HOT.
create table conversations (
  id             uuid primary key,
  writable_until timestamptz not null,
  head_seq       bigint not null default 0,
  head_change    bigint not null default 0,
  head_at        timestamptz,
  created_at     timestamptz not null default app_now()
) with (fillfactor = 70);
create index conversations_writable on conversations (writable_until);

create table conversation_members (
  conversation_id uuid not null references conversations (id),
  user_id         uuid not null references users (id),
  read_seq        bigint not null default 0,
  delivered_seq   bigint not null default 0,
  pushed_seq      bigint not null default 0,
  primary key (conversation_id, user_id)
) with (fillfactor = 70);
create index conversation_members_user on conversation_members (user_id, conversation_id);

-- No foreign keys: two a message cost a third of all sends. The one statement that inserts here checks membership
-- (and with it conversation and sender) itself, and neither conversations nor users are ever deleted.
create table messages (
  conversation_id uuid not null,
  seq             bigint not null,
  id              uuid not null,
  client_id       uuid not null,
  sender_id       uuid not null,
  body            text,
  sent_at         timestamptz not null default app_now(),
  edited_at       timestamptz,
  deleted_at      timestamptz,
  change          bigint,
  primary key (conversation_id, seq),
  unique (conversation_id, sender_id, client_id)
);
create index messages_change on messages (conversation_id, change) where change is not null;
