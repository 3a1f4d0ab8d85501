alter table mitras
  -- offers that ran out one after another without an answer
  add column missed_in_row integer not null default 0 check (missed_in_row >= 0),
  -- why somebody is offline who did not say so themselves
  add column offline_because text check (offline_because in ('missed_offers', 'break', 'schedule'));
