-- Persons who asked to be erased, by the id that stays behind as their pseudonym; and who took along what is known of them.

-- Since when nothing new may begin for them: what waits is ended, then they are erased.
alter table users add column erasing_at timestamptz;

create table erasures (
  user_id       uuid primary key references users (id),
  state         text not null default 'waiting' check (state in ('waiting', 'erased', 'done')),
  -- what is left in the wallet is given up
  forfeit       boolean not null default false,
  asked_by_kind text not null check (asked_by_kind in ('customer', 'mitra', 'staff', 'operator')),
  asked_by      uuid,
  reason        text,
  asked_at      timestamptz not null default app_now(),
  due_at        timestamptz not null default app_now(),
  erased_at     timestamptz,
  done_at       timestamptz,
  check ((state = 'waiting') = (erased_at is null)),
  check ((state = 'done') = (done_at is not null))
);
create index erasures_due on erasures (due_at) where state <> 'done';

create table data_exports (
  id            uuid primary key,
  user_id       uuid not null references users (id),
  asked_by_kind text not null check (asked_by_kind in ('customer', 'mitra', 'staff')),
  asked_by      uuid not null,
  created_at    timestamptz not null default app_now()
);
create index data_exports_user on data_exports (user_id, created_at);

alter table suspense_items drop constraint suspense_items_reason_check, add constraint suspense_items_reason_check
  check (reason in ('underpaid', 'payer_gone', 'refund_returned', 'number_recycled', 'person_erased'));
