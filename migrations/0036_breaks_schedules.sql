alter table mitras
  -- a break ends by itself at this time
  add column break_until timestamptz,
  add constraint mitras_break check (break_until is null or not wants_online);
create index mitras_break on mitras (break_until) where break_until is not null;

-- A week of hours in the mitra's own time zone, and the dates on which they are others. `next_edge_at` is when the sweep
-- looks again; `edge_goes` what happens then, null where it only looks (nothing is near).
create table mitra_schedules (
  mitra_id     uuid primary key references mitras (user_id),
  time_zone    text not null,
  weekly       jsonb not null,
  exceptions   jsonb not null,
  next_edge_at timestamptz not null,
  edge_goes    text check (edge_goes in ('online', 'offline')),
  updated_at   timestamptz not null default app_now()
);
create index mitra_schedules_due on mitra_schedules (next_edge_at);
