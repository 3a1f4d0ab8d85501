-- no-transaction
-- expand
-- The pushes of a day. Cut off anywhere, it can be run again.
drop index concurrently if exists pushes_created;
create index concurrently pushes_created on pushes (created_at);
