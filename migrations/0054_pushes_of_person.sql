-- no-transaction
-- expand
-- What was sent to one person, the newest first. Cut off anywhere, it can be run again.
drop index concurrently if exists pushes_person;
create index concurrently pushes_person on pushes (user_id, id);
