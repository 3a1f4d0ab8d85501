-- no-transaction
-- What a comparison tells of itself: how much it compared, which parts it did not finish, until when all fees are
-- posted. Cut off anywhere, it can be run again.
alter table reconciliations
  add column if not exists compared integer not null default 0,
  add column if not exists unfinished text[] not null default '{}',
  add column if not exists fees_until timestamptz;

-- What is parked as an event of the inbox is parked once by that event, and again when it was settled and is back.
drop index concurrently if exists reconciliation_differences_once;
create unique index concurrently reconciliation_differences_once on reconciliation_differences (kind, provider_id, what)
  where outcome = 'parked' and inbox_event_id is null;
drop index concurrently if exists reconciliation_differences_parked;

-- What a comparison reads of our side: what we took for paid, and payouts that may still come back.
drop index concurrently if exists payments_paid;
create index concurrently payments_paid on payments (paid_at) where state = 'paid';
drop index concurrently if exists payouts_succeeded;
create index concurrently payouts_succeeded on payouts (settled_at, id) where state = 'succeeded';
