-- Money that goes back to where it came from. A row of its own for each; reserved in the ledger when it is decided.
create table refunds (
  id                 uuid primary key,
  payment_id         uuid not null references payments (id),
  session_id         uuid not null references chat_sessions (id),
  customer_id        uuid not null references users (id),
  state              text not null check (state in ('requested', 'approved', 'pending', 'succeeded', 'failed', 'cancelled')),
  method             text not null default 'provider' check (method in ('provider', 'manual')),
  -- null while a customer's request waits: what can be given back is found out when it is decided
  amount_idr         bigint check (amount_idr > 0),
  clawback           boolean not null default false,
  -- where it was taken from, in that order: [{account, amountIdr}]; goes back the same way
  sources            jsonb not null default '[]',
  suspense_id        uuid references suspense_items (id),
  reason             text not null,
  requested_by_kind  text not null check (requested_by_kind in ('customer', 'staff')),
  requested_by       uuid not null,
  request_key        text,
  decided_by         uuid,
  decision_reason    text,
  provider_refund_id text unique,
  provider_status    text,
  failure_code       text,
  -- why a person has to look at it; null: nobody has to
  needs_staff        text,
  send_tries         integer not null default 0,
  claimed_until      timestamptz,
  ask_at             timestamptz,
  ask_count          integer not null default 0,
  requested_at       timestamptz not null default app_now(),
  approved_at        timestamptz,
  sent_at            timestamptz,
  settled_at         timestamptz,
  version            bigint not null default 1,
  check (state in ('requested', 'cancelled') or (amount_idr is not null and approved_at is not null)),
  check ((state in ('succeeded', 'failed', 'cancelled')) = (settled_at is not null))
);
create unique index refunds_request_key on refunds (payment_id, requested_by, request_key) where request_key is not null;
create unique index refunds_one_requested on refunds (payment_id) where state = 'requested';
create index refunds_payment on refunds (payment_id);
create index refunds_customer on refunds (customer_id, id);
create index refunds_state on refunds (state, id);
create index refunds_open on refunds (session_id) where state in ('approved', 'pending');
create index refunds_ask on refunds (ask_at) where ask_at is not null;
