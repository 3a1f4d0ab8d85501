-- no-transaction
-- expand
-- The addresses whose digest is due, those that are not planned yet first. Cut off anywhere, it can be run again.
drop index concurrently if exists email_addresses_digest;
create index concurrently email_addresses_digest on email_addresses ((coalesce(digest_due_at, timestamptz '-infinity'))) where undeliverable_at is null;
