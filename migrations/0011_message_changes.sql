-- System messages: rows of the same dense seq that nobody sent. No words, a code and its data: each app has its own
-- language. sender_id null keeps them out of what asks for "messages of somebody else" (unread, pushes).
alter table messages
  alter column sender_id drop not null,
  add column code text,
  add column data jsonb,
  add constraint messages_sender_or_code check ((sender_id is null) = (code is not null) and (code is null) = (data is null));

-- When something last happened here besides a send: an edit, a deletion, a system message, which may come after the
-- conversation has closed. What heals lost events looks for it. Sends leave it alone, so their updates stay HOT.
alter table conversations add column changed_at timestamptz;
create index conversations_changed on conversations (changed_at) where changed_at is not null;
