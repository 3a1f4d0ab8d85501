-- How people pay, answer, end early, extend and leave: what waiting times are foretold from. A handful of rows.
create table wait_habits (
  what        text primary key,
  samples     integer not null check (samples >= 0),
  exposure    double precision not null check (exposure >= 0),
  quantiles   double precision[],
  measured_at timestamptz not null default app_now()
);

-- Every waiting time that somebody in the queue was told, and what became of it.
create table wait_estimates (
  session_id     uuid not null references chat_sessions (id),
  told_at        timestamptz not null,
  position       integer not null check (position >= 1),
  -- null: nobody was there to serve
  p50_seconds    integer check (p50_seconds >= 0),
  p90_seconds    integer check (p90_seconds >= p50_seconds),
  outcome        text check (outcome in ('found', 'left', 'expired')),
  verdict        text check (verdict in ('within_p50', 'within_p90', 'late', 'left_before', 'left_between', 'unknown')),
  waited_seconds double precision,
  primary key (session_id, told_at),
  check ((p50_seconds is null) = (p90_seconds is null)),
  check ((outcome is null) = (verdict is null) and (outcome is null) = (waited_seconds is null))
);
create index wait_estimates_open on wait_estimates (session_id, told_at) where outcome is null;
create index wait_estimates_told on wait_estimates (told_at);
