-- no-transaction
-- messages in partitions, one for each month in which conversations were opened (their ids are UUIDv7): a month whose
-- transcripts are all past their time is dropped whole, and leaves nothing for vacuum. Nothing is copied: the table
-- that was there becomes the first partition, everything below a bound in the future. The bound is proved in a step of
-- its own that blocks nobody; then the exchange is a matter of the catalogue. Cut off anywhere, it can be run again.

create or replace function id_from(at timestamptz) returns uuid
  language sql stable strict parallel safe
  as $$ select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;
comment on function id_from is 'The lowest UUIDv7 of a time.';

create or replace function month_from(at timestamptz, months_later integer) returns timestamptz
  language sql stable strict parallel safe
  as $$ select (date_trunc('month', at at time zone 'UTC') + make_interval(months => months_later)) at time zone 'UTC' $$;

do $$ begin
  if (select relkind from pg_class where oid = 'public.messages'::regclass) = 'r' then
    alter table messages drop constraint if exists messages_first_bound;
    execute format('alter table messages add constraint messages_first_bound check (conversation_id < %L) not valid', id_from(month_from(now(), 2)));
  end if;
end $$;

do $$ begin
  if (select relkind from pg_class where oid = 'public.messages'::regclass) = 'r' then
    alter table messages validate constraint messages_first_bound;
  end if;
end $$;

do $$
declare
  given record;
begin
  if (select relkind from pg_class where oid = 'public.messages'::regclass) = 'p' then return; end if;
  alter table messages rename to messages_first;
  alter index messages_pkey rename to messages_first_pkey;
  alter index messages_conversation_id_sender_id_client_id_key rename to messages_first_conversation_id_sender_id_client_id_key;
  alter index messages_change rename to messages_first_change;
  create table messages (like messages_first including all) partition by range (conversation_id);
  alter index messages_conversation_id_change_idx rename to messages_change;
  alter table messages drop constraint messages_first_bound;
  execute format('alter table messages attach partition messages_first for values from (minvalue) to (%L)', id_from(month_from(now(), 2)));
  alter table messages_first drop constraint messages_first_bound;
  -- What no partition was made for, however late housekeeping is.
  create table messages_default partition of messages default;
  -- The application that runs meanwhile goes on.
  for given in select a.privilege_type, a.grantee from pg_class c, aclexplode(c.relacl) a where c.oid = 'messages_first'::regclass and a.grantee <> c.relowner loop
    execute format('grant %s on messages, messages_default to %s', given.privilege_type, case when given.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(given.grantee)) end);
  end loop;
end $$;

create or replace view message_partitions as
  select c.relname::text as name,
    (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([0-9a-f-]{36})''\)'))[1]::uuid as low,
    (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([0-9a-f-]{36})''\)'))[1]::uuid as high
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'public.messages'::regclass and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT';

-- The two things that the application may have done to the schema, with the owner's rights and without an argument:
-- what is made and what is dropped follows from the clock and the rows. A lock that is not to be had at once is left.

create or replace function add_message_partitions() returns integer
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '300ms'
as $$
declare
  start timestamptz; low_id uuid; high_id uuid; partition text; made integer := 0;
begin
  -- While its bounds are compared with them, all rows of the default partition are read under a lock: it is to be
  -- empty. Were it ever large, everything would go on in it, and its transcripts be erased row by row.
  if pg_relation_size('public.messages_default') > 64 * 1024 * 1024 then return 0; end if;
  for ahead in 0..2 loop
    start := month_from(app_now(), ahead);
    low_id := id_from(start);
    high_id := id_from(month_from(app_now(), ahead + 1));
    partition := 'messages_' || to_char(start at time zone 'UTC', 'YYYY_MM');
    continue when exists (select from message_partitions p where coalesce(p.low < high_id, true) and p.high > low_id);
    -- A month that has begun without its partition stays where its rows are.
    continue when exists (select from messages_default m where m.conversation_id >= low_id and m.conversation_id < high_id);
    -- Made beside and attached: making it in its place would lock out everybody who reads or sends.
    execute format('create table public.%I (like public.messages including all)', partition);
    execute format('alter table public.messages attach partition public.%I for values from (%L) to (%L)', partition, low_id, high_id);
    made := made + 1;
  end loop;
  return made;
end $$;

create or replace function drop_message_partition() returns text
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '300ms'
as $$
declare
  partition text;
begin
  select p.name into partition from message_partitions p
  where p.high <= id_from(app_now() - interval '30 days')
    and not exists (select from conversations c where c.id < p.high and (p.low is null or c.id >= p.low))
  order by p.high limit 1;
  if partition is not null then execute format('drop table public.%I', partition); end if;
  return partition;
end $$;

revoke execute on function add_message_partitions(), drop_message_partition() from public;
select add_message_partitions();

-- A transcript goes, the session stays.
alter table chat_sessions drop constraint if exists chat_sessions_conversation_id_fkey,
  add constraint chat_sessions_conversation_id_fkey foreign key (conversation_id) references conversations (id) on delete set null not valid;
alter table chat_sessions validate constraint chat_sessions_conversation_id_fkey;
