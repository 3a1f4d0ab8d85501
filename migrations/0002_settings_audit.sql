create table settings (
  key        text primary key,
  value      jsonb not null,
  version    bigint not null default 1,
  updated_at timestamptz not null default app_now(),
  updated_by uuid
);

create table settings_history (
  id         uuid primary key,
  key        text not null,
  old_value  jsonb,
  new_value  jsonb,
  reason     text,
  changed_at timestamptz not null default app_now(),
  changed_by uuid
);
create index settings_history_key on settings_history (key, changed_at);

-- Hash-chained: each row's hash covers its content and the hash before it; the head row makes a cut-off tail visible.
create table audit_log (
  seq         bigint primary key,
  id          uuid not null unique,
  at          timestamptz not null,
  actor_kind  text not null check (actor_kind in ('staff', 'system', 'operator', 'customer', 'mitra')),
  actor_id    uuid,
  act         text not null,
  target_type text,
  target_id   text,
  reason      text,
  details     jsonb not null default '{}',
  request_id  text,
  ip          text,
  prev_hash   bytea not null,
  hash        bytea not null
);
create index audit_log_actor on audit_log (actor_id, seq);
create index audit_log_target on audit_log (target_type, target_id, seq);

create table audit_head (
  only_row boolean primary key default true check (only_row),
  seq      bigint not null,
  hash     bytea not null
);
insert into audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: the table is append-only', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger audit_log_append_only before update or delete on audit_log for each row execute function refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log for each statement execute function refuse_change();
