-- What the provider’s own lists say, compared with ours.

create table reconciliations (
  id          uuid primary key,
  scope       text not null check (scope in ('recent', 'nightly', 'asked')),
  from_at     timestamptz not null,
  until_at    timestamptz not null,
  asked_by    uuid,
  listed      integer not null default 0,
  agreed      integer not null default 0,
  healed      integer not null default 0,
  parked      integer not null default 0,
  error       text,
  started_at  timestamptz not null default app_now(),
  finished_at timestamptz
);

create table reconciliation_differences (
  id                uuid primary key,
  reconciliation_id uuid not null references reconciliations (id),
  kind              text not null check (kind in ('payment', 'refund', 'payout', 'statement')),
  -- the provider's id of what differs: parked once, not again every ten minutes
  provider_id       text not null,
  subject_id        uuid,
  what              text not null,
  outcome           text not null check (outcome in ('healed', 'parked')),
  inbox_event_id    uuid,
  created_at        timestamptz not null default app_now()
);
create unique index reconciliation_differences_parked on reconciliation_differences (kind, provider_id, what) where outcome = 'parked';
create index reconciliation_differences_run on reconciliation_differences (reconciliation_id);

-- Lines of the provider's statement whose fee and tax are posted. The provider's id is the key of the posting.
create table statement_lines (
  id            text primary key,
  type          text not null,
  reference_id  text,
  amount_idr    bigint not null,
  fee_idr       bigint not null default 0,
  withheld_idr  bigint not null default 0,
  at            timestamptz not null,
  posted_at     timestamptz not null default app_now()
);
