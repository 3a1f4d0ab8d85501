-- no-transaction
-- expand
-- Devices that no app has named for long are removed, the oldest first. Cut off anywhere, it can be run again.
drop index concurrently if exists devices_seen;
create index concurrently devices_seen on devices (last_seen_at);
