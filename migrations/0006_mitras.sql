create table mitras (
  user_id            uuid primary key references users (id),
  status             text not null default 'draft' check (status in ('draft', 'applied', 'approved', 'rejected', 'deactivated')),
  bio                text not null default '',
  topics             text[] not null default '{}',
  languages          text[] not null default '{id}',
  -- as the person gave it at the application, the approval or when last going online: lists are filtered by it
  gender             text check (gender in ('female', 'male', 'other')),
  accepts_extensions boolean not null default true,
  capacity           integer not null default 1 check (capacity between 1 and 10),
  wants_online       boolean not null default false,
  last_seen_at       timestamptz,
  stale              boolean not null default false,
  applied_at         timestamptz,
  approved_at        timestamptz,
  deactivated_at     timestamptz,
  status_reason      text,
  version            bigint not null default 1,
  created_at         timestamptz not null default app_now(),
  updated_at         timestamptz not null default app_now(),
  -- whoever stops being approved stops being online: reactivation asks for the wish again
  check (status = 'approved' or not wants_online),
  check (wants_online or not stale),
  check (not wants_online or last_seen_at is not null)
) with (fillfactor = 80);
create index mitras_listed on mitras ((stale or not wants_online), user_id) where status = 'approved';
-- last_seen_at stands in no index: it is written all the time, and those updates stay on their page (HOT)
create index mitras_watched on mitras (user_id) where wants_online and not stale;
create index mitras_status on mitras (status, user_id);

-- used = sessions in held, ringing, active, paused that hold a slot of this mitra: kept in the transactions that change those.
-- open_capacity = capacity while the mitra may take new sessions (approved, wants to be online, not stale), else 0: with it
-- a claim is decided on this one row, and never waits for the liveness writes on mitras.
create table mitra_slots (
  mitra_id      uuid primary key references mitras (user_id),
  used          integer not null default 0 check (used >= 0),
  open_capacity integer not null default 0 check (open_capacity between 0 and 10),
  -- when used last became 0 or the mitra last went online; null while used > 0
  idle_since    timestamptz
) with (fillfactor = 80);
create index mitra_slots_open on mitra_slots (mitra_id) where open_capacity > 0;

create function open_mitra_slots() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into mitra_slots (mitra_id) values (new.user_id);
  end if;
  update mitra_slots
    set open_capacity = case when new.status = 'approved' and new.wants_online and not new.stale then new.capacity else 0 end
    where mitra_id = new.user_id;
  return null;
end $$;
create trigger mitras_inserted after insert on mitras for each row execute function open_mitra_slots();
create trigger mitras_changed after update on mitras for each row
  when ((old.status, old.wants_online, old.stale, old.capacity) is distinct from (new.status, new.wants_online, new.stale, new.capacity))
  execute function open_mitra_slots();

create table mitra_intervals (
  id         uuid primary key,
  mitra_id   uuid not null references mitras (user_id),
  kind       text not null check (kind in ('online', 'busy', 'served')),
  session_id uuid,
  started_at timestamptz not null,
  ended_at   timestamptz,
  check (ended_at is null or ended_at >= started_at),
  check ((kind = 'served') = (session_id is not null))
);
create unique index mitra_intervals_open on mitra_intervals (mitra_id, kind, coalesce(session_id, '00000000-0000-0000-0000-000000000000'))
  where ended_at is null;
create index mitra_intervals_mitra on mitra_intervals (mitra_id, started_at);

-- The recovery rule reads this: when the last sweep over liveness completed, since when sweeps have run without a gap,
-- and from when on that is long enough to judge by.
create table liveness_sweep (
  only_row            boolean primary key default true check (only_row),
  last_completed_at   timestamptz,
  uninterrupted_since timestamptz,
  judges_from         timestamptz
);
insert into liveness_sweep default values;
