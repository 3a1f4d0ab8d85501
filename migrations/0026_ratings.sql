-- What customers think of a session that has ended: one a session. `listed_as` and the day are all that the mitra is told
-- of who and when: a session's id has its time in it.
create table ratings (
  session_id    uuid primary key references chat_sessions (id),
  listed_as     uuid not null default gen_random_uuid(),
  customer_id   uuid not null references users (id),
  mitra_id      uuid not null references mitras (user_id),
  rater_hash    bytea not null,
  score         integer not null check (score between 1 and 5),
  comment       text,
  day           date not null,
  created_at    timestamptz not null default app_now(),
  -- the comment is hidden by staff; the score counts on
  hidden_at     timestamptz,
  hidden_by     uuid,
  hidden_reason text,
  check ((hidden_at is null) = (hidden_by is null))
);
create index ratings_comments on ratings (mitra_id, day, listed_as) where comment is not null and hidden_at is null;
create index ratings_mitra on ratings (mitra_id, session_id);
create index ratings_customer on ratings (customer_id, mitra_id);

-- A person counts once for a mitra, however often they rate: by the mean of what they gave.
create table rating_raters (
  mitra_id   uuid not null references mitras (user_id),
  rater_hash bytea not null,
  ratings    integer not null check (ratings > 0),
  score_sum  integer not null,
  primary key (mitra_id, rater_hash)
);

-- What lists show is made of these two: how many persons have rated a mitra, and the sum of their means, each rounded to
-- the sixth place (so that what is taken away is what was added).
create table mitra_scores (
  mitra_id uuid primary key references mitras (user_id),
  raters   integer not null check (raters >= 0),
  mean_sum numeric(16, 6) not null
);
