create table staff (
  id                   uuid primary key,
  email                text not null,
  display_name         text not null default '',
  password_hash        text not null,
  role                 text not null check (role in ('super_admin', 'admin', 'finance', 'moderator', 'viewer')),
  must_change_password boolean not null default false,
  totp_required        boolean not null default false,
  totp_secret          bytea,
  totp_confirmed_at    timestamptz,
  totp_last_step       bigint,
  failed_attempts      integer not null default 0,
  locked_until         timestamptz,
  active               boolean not null default true,
  created_at           timestamptz not null default app_now(),
  updated_at           timestamptz not null default app_now()
);
create unique index staff_email on staff (lower(email));

create table staff_backup_codes (
  staff_id  uuid not null references staff (id),
  code_hash bytea not null,
  used_at   timestamptz,
  primary key (staff_id, code_hash)
);

create table staff_sessions (
  id           uuid primary key,
  staff_id     uuid not null references staff (id),
  token_hash   bytea not null unique,
  csrf_token   text not null,
  ip           text,
  user_agent   text,
  created_at   timestamptz not null default app_now(),
  last_seen_at timestamptz not null default app_now(),
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);
create index staff_sessions_staff on staff_sessions (staff_id) where revoked_at is null;
