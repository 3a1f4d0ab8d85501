-- no-transaction
-- expand
-- The inbox by kind, newest first; what is old enough to be erased. Cut off anywhere, it can be run again.
drop index concurrently if exists notifications_kind;
create index concurrently notifications_kind on notifications (user_id, kind, id) where deleted_at is null;
drop index concurrently if exists notifications_old;
create index concurrently notifications_old on notifications (created_at) where emptied_at is null;
drop index concurrently if exists notifications_emptied;
create index concurrently notifications_emptied on notifications (emptied_at) where emptied_at is not null;
