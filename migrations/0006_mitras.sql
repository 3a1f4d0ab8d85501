create table mitras (
  user_id            uuid primary key references users (id),
  status             text not null default 'draft' check (status in ('draft', 'applied', 'approved', 'rejected', 'deactivated')),
  bio                text not null default '',
  topics             text[] not null default '{}',
  languages          text[] not null default '{id}',
  accepts_extensions boolean not null default true,
  capacity           integer not null default 1 check (capacity between 1 and 10),
  wants_online       boolean not null default false,
  last_seen_at       timestamptz,
  stale              boolean not null default false,
  idle_since         timestamptz,
  applied_at         timestamptz,
  approved_at        timestamptz,
  deactivated_at     timestamptz,
  status_reason      text,
  version            bigint not null default 1,
  created_at         timestamptz not null default app_now(),
  updated_at         timestamptz not null default app_now()
) with (fillfactor = 80);
create index mitras_online on mitras (idle_since, user_id) where status = 'approved' and wants_online;
create index mitras_status on mitras (status, user_id);

-- used = sessions in held, ringing, active, paused that hold a slot of this mitra: kept in the transactions that change those.
create table mitra_slots (
  mitra_id uuid primary key references mitras (user_id),
  used     integer not null default 0 check (used >= 0)
);

create table mitra_intervals (
  id         uuid primary key,
  mitra_id   uuid not null references mitras (user_id),
  kind       text not null check (kind in ('online', 'busy', 'served')),
  session_id uuid,
  started_at timestamptz not null,
  ended_at   timestamptz,
  check (ended_at is null or ended_at >= started_at)
);
create unique index mitra_intervals_open on mitra_intervals (mitra_id, kind, coalesce(session_id, '00000000-0000-0000-0000-000000000000'))
  where ended_at is null;
create index mitra_intervals_mitra on mitra_intervals (mitra_id, started_at);

-- The recovery rule reads this: when the last sweep over liveness completed, and since when sweeps have run without a gap.
create table liveness_sweep (
  only_row            boolean primary key default true check (only_row),
  last_completed_at   timestamptz,
  uninterrupted_since timestamptz
);
insert into liveness_sweep default values;
