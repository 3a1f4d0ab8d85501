-- Each process of the service that serves says so every few seconds. Who stops takes its row away; who dies leaves one
-- that grows old and is swept.
create table replicas (
  id               uuid primary key,
  host             text not null,
  pid              integer not null,
  version          text not null,
  -- the sum of the settings' versions that are in force there
  settings_version bigint not null,
  started_at       timestamptz not null,
  seen_at          timestamptz not null
);
