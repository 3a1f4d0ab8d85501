-- expand
-- What was sent to people by the day on which it was stored, and what became of it: pushes go after some weeks, their sums stay.
-- `seconds`: from its commit until it was accepted, in steps that grow; 0 for what was not.
create table notice_days (
  day       date not null,
  channel   text not null,
  kind      text not null,
  state     text not null,
  reason    text not null,
  seconds   integer not null,
  notices   integer not null,
  called    integer not null,
  delivered integer not null,
  opened    integer not null,
  primary key (day, channel, kind, state, reason, seconds)
);

-- Of days that are over: tries of the night, and what devices tell later.
create function push_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('notices', day_of(new.created_at), day_of(new.created_at));
  return null;
end $$;
create trigger pushes_day after insert or update of state, reason, sent_at, accepted_at, delivered_at, opened_at on pushes for each row
  when (day_of(new.created_at) < day_of(app_now())) execute function push_day_changed();
