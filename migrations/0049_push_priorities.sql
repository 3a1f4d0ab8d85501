-- expand
-- Pushes have lanes (0 urgent to 3 low), count their tries (a claim that ended before its call is none), and are followed
-- to the device: called, accepted, delivered and opened, as far as each is known.
alter table pushes
  add column priority integer not null default 2,
  add column tries integer not null default 0,
  add column template text,
  add column announcement_id uuid,
  add column sent_at timestamptz,
  add column accepted_at timestamptz,
  add column delivered_at timestamptz,
  add column opened_at timestamptz;
