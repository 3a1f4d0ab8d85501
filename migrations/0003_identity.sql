create table users (
  id              uuid primary key,
  kind            text not null check (kind in ('customer', 'mitra')),
  phone_hash      bytea not null,
  phone_encrypted bytea,
  phone_prefix    text not null,
  display_name    text,
  birth_date      date,
  -- Set when the birth date has let its owner take part for the first time: it can't be corrected after that.
  birth_date_used_at timestamptz,
  gender          text check (gender in ('female', 'male', 'other')),
  language        text not null default 'id',
  time_zone       text not null default 'Asia/Jakarta',
  suspended_until timestamptz,
  banned_at       timestamptz,
  erased_at       timestamptz,
  last_active_at  timestamptz not null default app_now(),
  history_from    timestamptz,
  created_at      timestamptz not null default app_now(),
  updated_at      timestamptz not null default app_now()
);
create unique index users_phone on users (kind, phone_hash) where erased_at is null;
-- Erased ones too: a sanction belongs to the number and outlives the account.
create index users_phone_hash on users (phone_hash);
create index users_suspended on users (suspended_until) where suspended_until is not null;
create index users_banned on users (banned_at) where banned_at is not null;

create table otp_challenges (
  id              uuid primary key,
  phone_hash      bytea not null,
  phone_encrypted bytea not null,
  phone_prefix    text not null,
  kind            text not null check (kind in ('customer', 'mitra')),
  ip              text not null,
  channel         text not null check (channel in ('provider', 'test')),
  provider_ref    text,
  code_hash       bytea,
  attempts        integer not null default 0,
  created_at      timestamptz not null default app_now(),
  expires_at      timestamptz not null,
  resend_at       timestamptz not null,
  consumed_at     timestamptz,
  superseded_at   timestamptz
);
create index otp_challenges_phone on otp_challenges (phone_hash, created_at);
create index otp_challenges_ip on otp_challenges (ip, created_at);
create index otp_challenges_prefix on otp_challenges (phone_prefix, created_at);

-- One row a sign-in: the family of its refresh tokens.
create table sign_ins (
  id            uuid primary key,
  user_id       uuid not null references users (id),
  device_name   text,
  ip            text,
  app_version   text,
  created_at    timestamptz not null default app_now(),
  last_used_at  timestamptz not null default app_now(),
  revoked_at    timestamptz,
  revoke_reason text
);
create index sign_ins_user on sign_ins (user_id) where revoked_at is null;
create index sign_ins_revoked on sign_ins (revoked_at) where revoked_at is not null;

create table refresh_tokens (
  id                  uuid primary key,
  sign_in_id          uuid not null references sign_ins (id),
  token_hash          bytea not null unique,
  issued_at           timestamptz not null default app_now(),
  expires_at          timestamptz not null,
  used_at             timestamptz,
  -- The one retry that a lost answer allows.
  retried_at          timestamptz,
  successor_id        uuid references refresh_tokens (id),
  successor_encrypted bytea
);
create index refresh_tokens_sign_in on refresh_tokens (sign_in_id, expires_at);
create index refresh_tokens_successor on refresh_tokens (successor_id);

create table consents (
  user_id     uuid not null references users (id),
  document    text not null,
  version     text not null,
  accepted_at timestamptz not null default app_now(),
  primary key (user_id, document, version)
);

create table devices (
  id           uuid primary key,
  user_id      uuid not null references users (id),
  sign_in_id   uuid references sign_ins (id),
  token        text not null unique,
  platform     text not null check (platform in ('android', 'ios', 'web')),
  created_at   timestamptz not null default app_now(),
  last_seen_at timestamptz not null default app_now()
);
create index devices_user on devices (user_id);

-- Who ever registered a push token: a token moves with its newest owner, but two accounts on one device are one person.
create table device_marks (
  user_id    uuid not null references users (id),
  token_hash bytea not null,
  primary key (user_id, token_hash)
);
create index device_marks_token on device_marks (token_hash);

create table preferences (
  user_id    uuid primary key references users (id),
  values     jsonb not null default '{}',
  updated_at timestamptz not null default app_now()
);
