-- no-transaction
-- expand
-- The letters of a day, and of one person, the newest first. Cut off anywhere, it can be run again.
drop index concurrently if exists letters_created;
create index concurrently letters_created on letters (created_at);
drop index concurrently if exists letters_person;
create index concurrently letters_person on letters (user_id, id);
