-- expand
-- Where traces are made: what a row's reaction belongs to. Two ids by chance, nothing of anybody.
alter table outbox add column traceparent text;
