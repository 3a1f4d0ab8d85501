-- expand
-- What staff tell many people at once, and how far each is: one row for the whole, and one for each of its waves (one for
-- each time zone where it is due at a local time, and a last one for whoever has moved meanwhile).
create table announcements (
  id           uuid primary key,
  state        text not null default 'draft' check (state in ('draft', 'scheduled', 'running', 'paused', 'done', 'cancelled')),
  texts        jsonb not null,
  link         text,
  segment      jsonb not null,
  channels     jsonb not null,
  priority     text not null check (priority in ('low', 'normal')),
  schedule     jsonb not null,
  per_minute   integer check (per_minute > 0),
  expires_at   timestamptz,
  counted      integer,
  reached      integer not null default 0,
  figures      jsonb,
  figures_at   timestamptz,
  version      integer not null default 1,
  created_by   uuid not null,
  created_at   timestamptz not null default app_now(),
  updated_at   timestamptz not null default app_now(),
  scheduled_at timestamptz,
  started_at   timestamptz,
  next_at      timestamptz,
  ended_at     timestamptz,
  end_reason   text check (end_reason in ('expired', 'cancelled')),
  drops_pushes boolean not null default false
);
-- What there is to do of them: few at any time.
create index announcements_open on announcements (next_at) where state in ('scheduled', 'running');
create index announcements_dropping on announcements (id) where drops_pushes;
create index announcements_figures on announcements (figures_at) where started_at is not null;

create table announcement_waves (
  announcement_id uuid not null references announcements (id),
  place           integer not null,
  time_zone       text,
  is_last         boolean not null default false,
  due_at          timestamptz not null,
  cursor_user_id  uuid,
  reached         integer not null default 0,
  state           text not null default 'waiting' check (state in ('waiting', 'done', 'cancelled')),
  began_at        timestamptz,
  done_at         timestamptz,
  primary key (announcement_id, place)
);
