-- no-transaction
-- expand
-- Lanes of pushes, and what an announcement has sent. Cut off anywhere, it can be run again.
drop index concurrently if exists pushes_lane;
create index concurrently pushes_lane on pushes (priority, due_at) where state = 'queued';
drop index concurrently if exists pushes_announcement;
create index concurrently pushes_announcement on pushes (announcement_id) where announcement_id is not null;
