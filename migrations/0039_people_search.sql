-- no-transaction
-- Staff find people by part of a name among millions, and list them by what stands against them, the newest first.
-- pg_trgm is trusted: the owner of the database may create it. Cut off anywhere, this can be run again.
create extension if not exists pg_trgm;
-- Names are written seldom: what waits in a pending list would be read by every search.
drop index concurrently if exists users_names_of_customers;
create index concurrently users_names_of_customers on users using gin (display_name gin_trgm_ops) with (fastupdate = off) where kind = 'customer' and erased_at is null;
drop index concurrently if exists users_names_of_mitras;
create index concurrently users_names_of_mitras on users using gin (display_name gin_trgm_ops) with (fastupdate = off) where kind = 'mitra' and erased_at is null;
drop index concurrently if exists users_kind;
create index concurrently users_kind on users (kind, id);
drop index concurrently if exists users_banned_newest;
create index concurrently users_banned_newest on users (kind, id) where banned_at is not null and erased_at is null;
drop index concurrently if exists users_erased_newest;
create index concurrently users_erased_newest on users (kind, id) where erased_at is not null;
drop index concurrently if exists safety_cases_of_open;
create index concurrently safety_cases_of_open on safety_cases (subject_id) where state <> 'closed';
drop index concurrently if exists staff_sessions_over;
create index concurrently staff_sessions_over on staff_sessions (expires_at);
