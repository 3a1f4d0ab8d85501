-- Which sessions have an extension, a refund or a case, in the order of the list of sessions: staff filter by it. Written by
-- the database where the row itself is written, so that nobody can forget it.
create table session_marks (
  session_id uuid not null references chat_sessions (id),
  mark       text not null check (mark in ('extension', 'refund', 'case')),
  queued_at  timestamptz not null,
  primary key (session_id, mark)
);
create index session_marks_listed on session_marks (mark, queued_at, session_id);

create function mark_session() returns trigger language plpgsql as $$
begin
  insert into session_marks (session_id, mark, queued_at) select s.id, tg_argv[0], s.queued_at from chat_sessions s where s.id = new.session_id
    on conflict do nothing;
  return null;
end $$;
create trigger purchases_mark after insert on purchases for each row when (new.kind = 'extension') execute function mark_session('extension');
create trigger refunds_mark after insert on refunds for each row execute function mark_session('refund');
create trigger safety_cases_mark after insert on safety_cases for each row when (new.session_id is not null) execute function mark_session('case');

insert into session_marks (session_id, mark, queued_at)
select s.id, m.mark, s.queued_at from (
  select session_id, 'extension' as mark from purchases where kind = 'extension'
  union select session_id, 'refund' from refunds
  union select session_id, 'case' from safety_cases where session_id is not null) m
join chat_sessions s on s.id = m.session_id;

-- Filters of a list of the control center that somebody keeps: their own, or shown to everybody.
create table saved_views (
  id         uuid primary key,
  staff_id   uuid not null references staff (id),
  page       text not null,
  name       text not null,
  filters    jsonb not null,
  shared     boolean not null default false,
  created_at timestamptz not null default app_now(),
  updated_at timestamptz not null default app_now()
);
create unique index saved_views_name on saved_views (staff_id, page, lower(name));
create index saved_views_shared on saved_views (page, id) where shared;
