create table payments (
  id                  uuid primary key,
  customer_id         uuid not null references users (id),
  session_id          uuid not null,
  purchase_id         uuid not null unique,
  state               text not null check (state in ('creating', 'pending', 'paid', 'expired', 'failed')),
  amount_idr          bigint not null check (amount_idr > 0),
  wallet_idr          bigint not null default 0 check (wallet_idr >= 0),
  description         text not null default '',
  provider            text not null default 'xendit',
  provider_invoice_id text unique,
  checkout_url        text,
  created_at          timestamptz not null default app_now(),
  create_until        timestamptz not null,
  -- how often an invoice was asked for: after the first time the provider may have made one without our knowing
  create_tries        integer not null default 0,
  -- nobody else talks to the provider about making or ending this invoice until then
  claimed_until       timestamptz,
  expires_at          timestamptz not null,
  -- the purchase is being given up: no invoice is made any more
  closing_at          timestamptz,
  pending_at          timestamptz,
  paid_at             timestamptz,
  closed_at           timestamptz,
  ask_at              timestamptz,
  ask_count           integer not null default 0,
  asked_at            timestamptz,
  version             bigint not null default 1,
  check (state <> 'pending' or (provider_invoice_id is not null and pending_at is not null)),
  check ((state = 'paid') = (paid_at is not null))
);
create index payments_session on payments (session_id);
create index payments_customer on payments (customer_id, id);
create index payments_ask on payments (ask_at) where ask_at is not null;
create index payments_creating on payments (create_until) where state = 'creating';

-- What a provider said, word for word, before anything looks into it.
create table provider_inbox (
  id              uuid primary key,
  provider        text not null,
  kind            text not null,
  body_sha256     bytea not null,
  body            bytea not null,
  headers         jsonb not null default '{}',
  received_at     timestamptz not null default app_now(),
  received_count  integer not null default 1,
  state           text not null default 'received' check (state in ('received', 'applied', 'parked')),
  reason          text,
  payment_id      uuid,
  attempts        integer not null default 0,
  claimed_until   timestamptz,
  due_at          timestamptz not null default app_now(),
  settled_at      timestamptz,
  unique (provider, kind, body_sha256)
);
create index provider_inbox_due on provider_inbox (due_at) where state = 'received';
create index provider_inbox_state on provider_inbox (state, id);
