-- What stands against a phone number now, whoever has it: kept by safety, read by sign-in. It outlives every account.
create table number_standings (
  phone_hash      bytea primary key,
  suspended_until timestamptz,
  banned_at       timestamptz,
  updated_at      timestamptz not null default app_now()
);

-- What staff did to a number, and when they took it back. `user_id` is the account by which they found it.
create table sanctions (
  id          uuid primary key,
  kind        text not null check (kind in ('warning', 'suspension', 'ban')),
  phone_hash  bytea not null,
  user_id     uuid not null references users (id),
  case_id     uuid references safety_cases (id),
  reason      text not null,
  -- what the person is told of it
  message     text,
  until       timestamptz,
  created_at  timestamptz not null default app_now(),
  created_by  uuid not null,
  lifted_at   timestamptz,
  lifted_by   uuid,
  lift_reason text,
  check ((kind = 'suspension') = (until is not null)),
  check ((lifted_at is null) = (lifted_by is null))
);
create index sanctions_number on sanctions (phone_hash, id);
create index sanctions_user on sanctions (user_id, id);

create table appeals (
  id          uuid primary key,
  sanction_id uuid not null references sanctions (id),
  state       text not null default 'open' check (state in ('open', 'upheld', 'lifted')),
  text        text not null,
  created_at  timestamptz not null default app_now(),
  decided_at  timestamptz,
  decided_by  uuid,
  reason      text,
  -- what the person is told
  answer      text,
  check ((state = 'open') = (decided_at is null))
);
create unique index appeals_one_open on appeals (sanction_id) where state = 'open';
create index appeals_sanction on appeals (sanction_id, id);
create index appeals_state on appeals (state, id);
