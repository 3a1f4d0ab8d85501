-- What mitras have earned goes to their bank accounts: in batches that a second person approves.

-- A mitra's bank account: never changed, replaced. Number and holder are encrypted; the hash finds equal numbers.
create table mitra_bank_accounts (
  id               uuid primary key,
  mitra_id         uuid not null references mitras (user_id),
  channel_code     text not null,
  number_encrypted bytea not null,
  holder_encrypted bytea not null,
  number_hash      bytea not null,
  last_digits      text not null check (last_digits ~ '^[0-9]{4}$'),
  -- the key that both were encrypted with: what a replaced key wrote is found by it
  key_id           text not null,
  created_at       timestamptz not null default app_now(),
  replaced_at      timestamptz
);
create unique index mitra_bank_accounts_current on mitra_bank_accounts (mitra_id) where replaced_at is null;
create index mitra_bank_accounts_number on mitra_bank_accounts (number_hash) where replaced_at is null;
create index mitra_bank_accounts_key on mitra_bank_accounts (key_id);

create table payout_batches (
  id           uuid primary key,
  kind         text not null check (kind in ('weekly', 'requested')),
  state        text not null default 'draft' check (state in ('draft', 'submitted', 'approved', 'rejected')),
  week         date,
  amount_idr   bigint not null default 0,
  payouts      integer not null default 0,
  made_by      uuid,
  request_key  text,
  created_at   timestamptz not null default app_now(),
  decided_at   timestamptz
);
create unique index payout_batches_week on payout_batches (week) where kind = 'weekly';
create unique index payout_batches_request_key on payout_batches (made_by, request_key) where request_key is not null;

-- The id is the provider's idempotency key and reference.
create table payouts (
  id                 uuid primary key,
  mitra_id           uuid not null references mitras (user_id),
  batch_id           uuid references payout_batches (id),
  bank_account_id    uuid not null references mitra_bank_accounts (id),
  state              text not null check (state in ('requested', 'approved', 'sent', 'succeeded', 'failed', 'reversed')),
  amount_idr         bigint not null check (amount_idr > 0),
  requested_by_kind  text not null check (requested_by_kind in ('mitra', 'system')),
  request_key        text,
  provider_payout_id text unique,
  provider_status    text,
  failure_code       text,
  needs_staff        text,
  send_tries         integer not null default 0,
  claimed_until      timestamptz,
  ask_at             timestamptz,
  ask_count          integer not null default 0,
  requested_at       timestamptz not null default app_now(),
  approved_at        timestamptz,
  sent_at            timestamptz,
  settled_at         timestamptz,
  reversed_at        timestamptz,
  version            bigint not null default 1,
  check (state in ('requested', 'failed') or approved_at is not null),
  check (state not in ('sent', 'succeeded', 'reversed') or sent_at is not null),
  check ((state = 'reversed') = (reversed_at is not null))
);
create unique index payouts_one_open on payouts (mitra_id) where state in ('requested', 'approved');
create unique index payouts_request_key on payouts (mitra_id, request_key) where request_key is not null;
create index payouts_mitra on payouts (mitra_id, id);
create index payouts_state on payouts (state, id);
create index payouts_batch on payouts (batch_id);
create index payouts_ask on payouts (ask_at) where ask_at is not null;
