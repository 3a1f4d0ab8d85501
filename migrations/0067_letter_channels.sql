-- no-transaction
-- expand
-- Each channel is drained for itself: what waits for a mail server is not read to find an SMS. Cut off anywhere, it can be run again.
drop index concurrently if exists letters_channel;
create index concurrently letters_channel on letters (channel, priority, due_at) where state = 'queued';
