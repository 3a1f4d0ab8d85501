-- no-transaction
-- What the sums of a day are read by. Cut off anywhere, it can be run again.
drop index concurrently if exists offers_made;
create index concurrently offers_made on offers (created_at);
drop index concurrently if exists ratings_day;
create index concurrently ratings_day on ratings (day);
drop index concurrently if exists mitra_intervals_span;
create index concurrently mitra_intervals_span on mitra_intervals using gist (tstzrange(started_at, ended_at));
