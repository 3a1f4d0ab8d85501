-- no-transaction
-- expand
-- The people of a time zone in the order of their ids: a wave of an announcement goes along it, and the zones that there
-- are are read from it. Cut off anywhere, it can be run again.
drop index concurrently if exists users_time_zone;
create index concurrently users_time_zone on users (time_zone, id) where erased_at is null;
