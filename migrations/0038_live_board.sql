-- no-transaction
-- What was given up, for the list of staff, and who wants to be online and is not seen, for the live board. Cut off
-- anywhere, it can be run again.
drop index concurrently if exists outbox_parked_listed;
create index concurrently outbox_parked_listed on outbox (id) where parked_at is not null and done_at is null;
drop index concurrently if exists mitras_unseen;
create index concurrently mitras_unseen on mitras (user_id) where wants_online and stale;
