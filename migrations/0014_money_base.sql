-- no-transaction
-- What all money stands on besides the ledger: regular work by a timetable, the checker's last word, closed days, money
-- that waits for staff, acts that wait for a second person. Cut off anywhere, it can be run again.

-- Regular work, done by one replica at a time, with Valkey or without.
create table if not exists timetable (
  what          text primary key,
  due_at        timestamptz not null default app_now(),
  claimed_until timestamptz,
  started_at    timestamptz,
  finished_at   timestamptz,
  failures      integer not null default 0
);

-- What the checker of the ledger found last; every replica tells it in its metric.
create table if not exists ledger_checks (
  only_row   boolean primary key default true check (only_row),
  checked_at timestamptz not null,
  took_ms    integer not null,
  drift_idr  bigint not null,
  problems   jsonb not null default '[]'
);

-- Entries by time, for closings and exports. They are written nearly in the order of their time: some pages do.
drop index concurrently if exists ledger_entries_created;
create index concurrently ledger_entries_created on ledger_entries using brin (created_at) with (pages_per_range = 32, autosummarize = on);

-- A day in Asia/Jakarta, closed once. The hash covers the row and the hash of the day before.
create table if not exists daily_closings (
  day           date primary key,
  from_at       timestamptz not null,
  until_at      timestamptz not null,
  transactions  bigint not null,
  entries       bigint not null,
  accounts      jsonb not null,
  flows         jsonb not null,
  previous_hash bytea not null,
  hash          bytea not null,
  closed_at     timestamptz not null default app_now(),
  check (until_at > from_at)
);
create or replace trigger daily_closings_append_only before update or delete on daily_closings for each row execute function refuse_change();
create or replace trigger daily_closings_no_truncate before truncate on daily_closings for each statement execute function refuse_change();

-- What a payment is for; what the provider calls the payment, and the channel it came by: kept, never a key.
alter table payments
  add column if not exists kind text not null default 'session',
  add column if not exists provider_payment_id text,
  add column if not exists channel text;
alter table payments drop constraint if exists payments_kind_check, add constraint payments_kind_check check (kind in ('session', 'extension', 'tip')) not valid;
alter table payments validate constraint payments_kind_check;
drop index concurrently if exists payments_state;
create index concurrently payments_state on payments (state, id);

alter table provider_inbox add column if not exists subject_id uuid;

-- Money that staff have to place. The account is suspense:<id>; the id is the event's where one told of it.
create table if not exists suspense_items (
  id                  uuid primary key,
  payment_id          uuid references payments (id),
  provider_payment_id text,
  customer_id         uuid references users (id),
  amount_idr          bigint not null check (amount_idr > 0),
  reason              text not null check (reason in ('underpaid', 'payer_gone', 'refund_returned')),
  state               text not null default 'open' check (state in ('open', 'resolved')),
  resolved_to         text check (resolved_to in ('wallet', 'refund', 'revenue')),
  resolved_at         timestamptz,
  created_at          timestamptz not null default app_now(),
  check ((state = 'resolved') = (resolved_at is not null)),
  check ((resolved_at is null) = (resolved_to is null))
);
drop index concurrently if exists suspense_items_state;
create index concurrently suspense_items_state on suspense_items (state, id);
insert into suspense_items (id, payment_id, customer_id, amount_idr, reason)
  select split_part(e.account, ':', 2)::uuid, (array_agg(t.payment_id))[1], (array_agg(p.customer_id))[1], sum(e.amount_idr),
    case when bool_or(t.flow = 'payment.underpaid') then 'underpaid' else 'payer_gone' end
  from ledger_entries e join ledger_transactions t on t.id = e.transaction_id left join payments p on p.id = t.payment_id
  where e.account like 'suspense:%' group by e.account having sum(e.amount_idr) > 0
  on conflict do nothing;

-- An act that needs a second person. Nobody decides on their own; no key to staff: they stand above.
create table if not exists approvals (
  id              uuid primary key,
  act             text not null check (act in ('refund.approve', 'refund.settle', 'payout_batch.approve', 'credit.give', 'suspense.resolve')),
  target_type     text not null,
  target_id       uuid not null,
  amount_idr      bigint,
  payload         jsonb not null default '{}',
  reason          text not null,
  requested_by    uuid not null,
  requested_at    timestamptz not null default app_now(),
  expires_at      timestamptz not null,
  state           text not null default 'pending' check (state in ('pending', 'approved', 'rejected', 'expired')),
  decided_by      uuid,
  decided_at      timestamptz,
  decision_reason text,
  constraint approvals_two_persons check (decided_by <> requested_by),
  check ((state = 'pending') = (decided_at is null)),
  check (state in ('pending', 'expired') or decided_by is not null)
);
drop index concurrently if exists approvals_one_pending;
create unique index concurrently approvals_one_pending on approvals (act, target_id) where state = 'pending';
drop index concurrently if exists approvals_state;
create index concurrently approvals_state on approvals (state, id);
