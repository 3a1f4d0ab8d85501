-- expand
-- Letters: what a person is told by e-mail or SMS, once a person, key and channel. The address is looked up when a letter
-- is sent; only what goes to one that is not (or no longer) the person's own carries it, encrypted.
create table letters (
  id uuid primary key,
  user_id uuid not null references users (id),
  channel text not null check (channel in ('email', 'sms')),
  kind text not null check (kind <> ''),
  template text not null check (template <> ''),
  dedupe_key text not null check (dedupe_key <> ''),
  priority integer not null default 2 check (priority between 0 and 3),
  subject text check (length(subject) <= 300),
  text text not null check (length(text) <= 20000),
  to_encrypted bytea,
  challenge_id uuid,
  state text not null default 'queued' check (state in ('queued', 'sent', 'failed', 'dropped')),
  reason text,
  created_at timestamptz not null default app_now(),
  due_at timestamptz not null default app_now(),
  expires_at timestamptz not null,
  claimed_until timestamptz,
  attempts integer not null default 0,
  tries integer not null default 0,
  sent_at timestamptz,
  settled_at timestamptz,
  unique (user_id, dedupe_key, channel),
  check ((channel = 'email') = (subject is not null))
);
create index letters_lane on letters (priority, due_at) where state = 'queued';
create index letters_settled on letters (settled_at) where state <> 'queued';
create index letters_sms on letters (sent_at, user_id) where channel = 'sms';

-- The one address of a person that they proved to read. Two accounts may have the same: a person may be customer and mitra.
create table email_addresses (
  user_id uuid primary key references users (id),
  address_hash bytea not null,
  address_encrypted bytea not null,
  proven_at timestamptz not null default app_now(),
  undeliverable_at timestamptz
);

-- A code that was sent to an address; it is derived from the id, and stands nowhere.
create table email_challenges (
  id uuid primary key,
  user_id uuid not null references users (id),
  address_hash bytea not null,
  address_encrypted bytea not null,
  attempts integer not null default 0,
  created_at timestamptz not null default app_now(),
  expires_at timestamptz not null,
  resend_at timestamptz not null,
  consumed_at timestamptz,
  superseded_at timestamptz,
  undeliverable_at timestamptz
);
create index email_challenges_user on email_challenges (user_id, created_at);
create index email_challenges_address on email_challenges (address_hash, created_at);
create index email_challenges_age on email_challenges (created_at);
