-- no-transaction
-- Reports look at what ended after a time, and at the offers of a time. Cut off anywhere, it can be run again.
drop index concurrently if exists mitra_intervals_until;
create index concurrently mitra_intervals_until on mitra_intervals (mitra_id, (coalesce(ended_at, 'infinity'::timestamptz)));
drop index concurrently if exists offers_mitra_made;
create index concurrently offers_mitra_made on offers (mitra_id, created_at);
