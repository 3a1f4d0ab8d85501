-- expand
-- The summary of the inbox by e-mail: when it is looked at next (null: not planned yet), up to when the inbox was told of,
-- and the last day of the person's own calendar on which that was done.
alter table email_addresses
  add column digest_due_at timestamptz,
  add column digest_until timestamptz,
  add column digest_day date;
