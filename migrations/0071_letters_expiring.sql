-- no-transaction
-- expand
-- Letters of a closed channel wait as long as they live; those whose life is over are looked for each second. Cut off anywhere, it can be run again.
drop index concurrently if exists letters_expiring;
create index concurrently letters_expiring on letters (channel, expires_at) where state = 'queued';
