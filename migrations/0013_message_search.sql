-- no-transaction
-- What a search looks through first: the words of conversations that are over, in chunks of some messages each, filled
-- off the way of a message. A chunk without its words is always looked into. An index on messages itself would be
-- written with every message, and one by words alone finds everybody's; see DECISIONS.md.

create table if not exists message_words (
  conversation_id uuid not null references conversations (id) on delete cascade,
  first_seq       bigint not null,
  last_seq        bigint not null,
  words           tsvector,
  primary key (conversation_id, first_seq)
) with (toast_tuple_target = 8160);

alter table conversations add column if not exists has_words boolean not null default false;

-- Those that are still to be done. Its column changes once a conversation: sends stay HOT.
drop index concurrently if exists conversations_wordless;
create index concurrently conversations_wordless on conversations (writable_until) where not has_words;
