create table packages (
  id         uuid primary key,
  minutes    integer not null check (minutes between 1 and 1440),
  price_idr  bigint not null check (price_idr >= 0),
  active     boolean not null default true,
  created_at timestamptz not null default app_now(),
  updated_at timestamptz not null default app_now()
);
create unique index packages_active_minutes on packages (minutes) where active;

create sequence session_queue_number;

create table chat_sessions (
  id                   uuid primary key,
  version              bigint not null default 1,
  state                text not null check (state in ('queued', 'held', 'ringing', 'active', 'paused', 'ended', 'cancelled', 'expired', 'unserved')),
  customer_id          uuid not null references users (id),
  named_mitra_id       uuid references mitras (user_id),
  any_mitra            boolean not null default false,
  topic                text,
  language             text,
  gender               text check (gender in ('female', 'male', 'other')),
  use_wallet           boolean not null default false,
  request_key          text,
  -- copied when the session is made: later changes of packages and settings don't touch it
  package_id           uuid not null references packages (id),
  minutes              integer not null,
  price_idr            bigint not null,
  mitra_share_percent  integer not null check (mitra_share_percent between 0 and 100),
  -- the mitra whose slot this session holds (reserved, ringing or serving); null while it holds none
  slot_mitra_id        uuid references mitras (user_id),
  -- the mitra who serves or served it
  mitra_id             uuid references mitras (user_id),
  conversation_id      uuid references conversations (id),
  queue_number         bigint,
  offers_made          integer not null default 0,
  -- the next deadline of whatever state it is in; null in terminal states
  due_at               timestamptz,
  queued_at            timestamptz not null default app_now(),
  held_at              timestamptz,
  hold_until           timestamptz,
  closing_at           timestamptz,
  closing_reason       text,
  paid_at              timestamptz,
  ring_until           timestamptz,
  accepted_at          timestamptz,
  clock_started_at     timestamptz,
  ends_at              timestamptz,
  paused_at            timestamptz,
  pause_until          timestamptz,
  paused_seconds       numeric(12, 3) not null default 0,
  ended_at             timestamptz,
  ended_by             text check (ended_by in ('customer', 'mitra', 'staff', 'system')),
  end_reason           text,
  returned_idr         bigint,
  updated_at           timestamptz not null default app_now(),
  check ((state in ('ended', 'cancelled', 'expired', 'unserved')) = (ended_at is not null)),
  check (state not in ('active', 'paused') or (slot_mitra_id is not null and mitra_id = slot_mitra_id and conversation_id is not null and ends_at is not null)),
  check (state in ('held', 'ringing', 'active', 'paused') or slot_mitra_id is null),
  check ((due_at is null) = (ended_at is not null))
);
create unique index chat_sessions_one_open on chat_sessions (customer_id) where state in ('queued', 'held', 'ringing', 'active', 'paused');
create index chat_sessions_due on chat_sessions (due_at) where due_at is not null;
create index chat_sessions_queue on chat_sessions (queue_number) where state = 'queued';
create index chat_sessions_ringing on chat_sessions (paid_at) where state = 'ringing';
create index chat_sessions_slot on chat_sessions (slot_mitra_id) where slot_mitra_id is not null;
create index chat_sessions_customer on chat_sessions (customer_id, id);
create index chat_sessions_mitra on chat_sessions (mitra_id, id);
create index chat_sessions_updated on chat_sessions (updated_at);
create index chat_sessions_named on chat_sessions (named_mitra_id) where state in ('queued', 'held', 'ringing');
create index chat_sessions_conversation on chat_sessions (conversation_id) where conversation_id is not null;

-- What was bought: the session's own time, later each extension, with its own split of funding.
create table purchases (
  id          uuid primary key,
  session_id  uuid not null references chat_sessions (id),
  kind        text not null check (kind in ('session', 'extension')),
  position    integer not null,
  package_id  uuid not null references packages (id),
  minutes     integer not null,
  price_idr   bigint not null check (price_idr >= 0),
  state       text not null check (state in ('waiting', 'funding', 'funded', 'returned', 'settled')),
  promo_idr   bigint not null default 0 check (promo_idr >= 0),
  wallet_idr  bigint not null default 0 check (wallet_idr >= 0),
  invoice_idr bigint not null default 0 check (invoice_idr >= 0),
  promo_lots  jsonb not null default '[]',
  returned_idr bigint not null default 0 check (returned_idr >= 0 and returned_idr <= price_idr),
  created_at  timestamptz not null default app_now(),
  unique (session_id, position)
);

create table offers (
  id         uuid primary key,
  version    bigint not null default 1,
  session_id uuid not null references chat_sessions (id),
  mitra_id   uuid not null references mitras (user_id),
  state      text not null check (state in ('ringing', 'accepted', 'declined', 'expired', 'withdrawn')),
  counted    boolean not null default true,
  created_at timestamptz not null default app_now(),
  expires_at timestamptz not null,
  ended_at   timestamptz
);
create unique index offers_one_ringing on offers (session_id) where state = 'ringing';
create index offers_mitra on offers (mitra_id, id);
create index offers_session on offers (session_id, id);
create index offers_ringing on offers (expires_at) where state = 'ringing';

create table session_events (
  id         bigint generated always as identity primary key,
  session_id uuid not null references chat_sessions (id),
  at         timestamptz not null default app_now(),
  event      text not null,
  from_state text,
  to_state   text not null,
  actor_kind text not null check (actor_kind in ('customer', 'mitra', 'staff', 'system', 'provider')),
  actor_id   uuid,
  reason     text,
  details    jsonb not null default '{}'
);
create index session_events_session on session_events (session_id, id);
create trigger session_events_append_only before update or delete on session_events for each row execute function refuse_change();
create trigger session_events_no_truncate before truncate on session_events for each statement execute function refuse_change();
