-- Sums of whole days in Asia/Jakarta, for reports: what is over is added up once, and again when a row of it changes.
-- `rolled_until`: every day before it stands in the sums. `rollup_changes`: days before it whose rows have changed since;
-- rows are only ever added, so nobody who writes waits for anybody.
create table rollups (
  name         text primary key,
  rolled_until date
);
create table rollup_changes (
  id        bigint generated always as identity primary key,
  rollup    text not null,
  from_day  date not null,
  until_day date not null
);
create index rollup_changes_rollup on rollup_changes (rollup, id);

-- Sessions by the day and hour in which they were asked for.
create table session_days (
  day       date not null,
  hour      integer not null check (hour between 0 and 23),
  asked     integer not null,
  found     integer not null,
  paid      integer not null,
  served    integer not null,
  ended     integer not null,
  cancelled integer not null,
  expired   integer not null,
  unserved  integer not null,
  -- of sessions that have ended: from the first look of the customer to the end, without pauses
  served_ms bigint not null,
  primary key (day, hour)
);
create table session_end_days (
  day      date not null,
  state    text not null,
  reason   text not null,
  sessions integer not null,
  primary key (day, state, reason)
);
-- Offers by how they ended, answers by whole seconds.
create table offer_days (
  day     date not null,
  state   text not null,
  seconds integer not null,
  offers  integer not null,
  took_ms bigint not null,
  primary key (day, state, seconds)
);
create table ledger_days (
  day       date not null,
  flow      text not null,
  account   text not null,
  debit_idr bigint not null,
  credit_idr bigint not null,
  primary key (day, flow, account)
);
create table mitra_hour_days (
  day    date not null,
  kind   text not null,
  mitras integer not null,
  ms     bigint not null,
  primary key (day, kind)
);
create table rating_days (
  day     date not null,
  score   integer not null,
  ratings integer not null,
  primary key (day, score)
);

create function day_of(at timestamptz) returns date language sql immutable parallel safe as $$ select (at at time zone 'Asia/Jakarta')::date $$;

create function note_changed_days(rollup text, first_day date, last_day date) returns void language sql as $$
  insert into rollup_changes (rollup, from_day, until_day) values (rollup, first_day, last_day)
$$;

-- Today's rows are not told of: what is not over is read as it stands.
create function session_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('sessions', day_of(new.queued_at), day_of(new.queued_at));
  perform note_changed_days('session-ends', day_of(new.queued_at), day_of(new.queued_at));
  return null;
end $$;
create trigger chat_sessions_day after insert or update on chat_sessions for each row
  when (day_of(new.queued_at) < day_of(app_now())) execute function session_day_changed();

create function offer_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('offers', day_of(new.created_at), day_of(new.created_at));
  return null;
end $$;
create trigger offers_day after insert or update on offers for each row
  when (day_of(new.created_at) < day_of(app_now())) execute function offer_day_changed();

create function rating_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('ratings', new.day, new.day);
  return null;
end $$;
create trigger ratings_day after insert or update on ratings for each row
  when (new.day < day_of(app_now())) execute function rating_day_changed();

-- An interval that goes on covers its days as it will when it has ended; its end may be put back.
create function interval_days_changed() returns trigger language plpgsql as $$
declare
  first_day date := day_of(new.started_at);
begin
  if tg_op = 'UPDATE' and old.started_at = new.started_at then
    first_day := day_of(least(coalesce(old.ended_at, new.ended_at), coalesce(new.ended_at, old.ended_at)));
  end if;
  perform note_changed_days('mitra-hours', first_day, day_of(app_now()) - 1) where first_day < day_of(app_now());
  return null;
end $$;
create trigger mitra_intervals_days after insert or update on mitra_intervals for each row
  when (day_of(new.started_at) < day_of(app_now())) execute function interval_days_changed();

create function ledger_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('ledger', day_of(new.created_at), day_of(new.created_at));
  return null;
end $$;
create trigger ledger_entries_day after insert on ledger_entries for each row
  when (day_of(new.created_at) < day_of(app_now())) execute function ledger_day_changed();

-- Breaks are hours too.
alter table mitra_intervals drop constraint mitra_intervals_kind_check;
alter table mitra_intervals add constraint mitra_intervals_kind_check check (kind in ('online', 'busy', 'served', 'break')) not valid;
alter table mitra_intervals validate constraint mitra_intervals_kind_check;
create function keep_break() returns trigger language plpgsql as $$
begin
  if new.break_until is null then
    update mitra_intervals set ended_at = greatest(started_at, least(app_now(), old.break_until)) where mitra_id = new.user_id and kind = 'break' and ended_at is null;
  else
    insert into mitra_intervals (id, mitra_id, kind, started_at) values (gen_random_uuid(), new.user_id, 'break', app_now()) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger mitras_break after update of break_until on mitras for each row
  when ((old.break_until is null) <> (new.break_until is null)) execute function keep_break();
insert into mitra_intervals (id, mitra_id, kind, started_at) select gen_random_uuid(), user_id, 'break', app_now() from mitras where break_until is not null;
