-- expand
-- What a person chose of kinds and channels ("payout.email": false), what they did not choose follows the catalogue of
-- kinds; hours in which only what is critical rings; whether a push shows a message's words.
create table notification_preferences (
  user_id uuid primary key references users (id),
  choices jsonb not null default '{}' check (jsonb_typeof(choices) = 'object'),
  quiet_from text check (quiet_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  quiet_to text check (quiet_to ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  message_text boolean not null default false,
  version integer not null default 1,
  updated_at timestamptz not null default app_now(),
  constraint notification_preferences_quiet check (case when quiet_from is null then quiet_to is null else quiet_to is not null and quiet_to <> quiet_from end)
);
