-- no-transaction
-- A session's extensions: purchases of their own, paid for while the session runs. Cut off anywhere, it can be run again.

alter table purchases
  add column if not exists request_key text,
  -- until when an extension may be paid; null where nothing was to be paid
  add column if not exists pay_until timestamptz;
alter table purchases drop constraint if exists purchases_state_check,
  add constraint purchases_state_check check (state in ('waiting', 'funding', 'funded', 'dropped', 'returned', 'settled')) not valid;
alter table purchases validate constraint purchases_state_check;
drop index concurrently if exists purchases_one_pending;
create unique index concurrently purchases_one_pending on purchases (session_id) where kind = 'extension' and state = 'funding';
drop index concurrently if exists purchases_request_key;
create unique index concurrently purchases_request_key on purchases (session_id, request_key) where request_key is not null;

-- Whether a conversation whose time is up may be written into again: then it is refused as such, not as over.
alter table conversations add column if not exists may_reopen boolean not null default false;
