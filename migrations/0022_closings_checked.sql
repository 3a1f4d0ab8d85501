-- What the nightly look at the closed days found; the check of every minute leaves it alone.
alter table ledger_checks add column closings_checked_at timestamptz, add column closings_problem text;
