import { bigint, boolean, customType, jsonb, pgTable, primaryKey, sql, text, timestamp, unique, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const position = (name: string) => bigint(name, { mode: 'number' })

export const conversations = pgTable('conversations', {
  id: uuid('id').primaryKey(),
  writableUntil: time('writable_until').notNull(),
  headSeq: position('head_seq').notNull().default(0),
  headChange: position('head_change').notNull().default(0),
  headAt: time('head_at'),
  changedAt: time('changed_at'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  hasWords: boolean('has_words').notNull().default(false),
  mayReopen: boolean('may_reopen').notNull().default(false),
})

export const conversationMembers = pgTable('conversation_members', {
  conversationId: uuid('conversation_id').notNull(),
  userId: uuid('user_id').notNull(),
  readSeq: position('read_seq').notNull().default(0),
  deliveredSeq: position('delivered_seq').notNull().default(0),
  pushedSeq: position('pushed_seq').notNull().default(0),
}, (table) => [primaryKey({ columns: [table.conversationId, table.userId] })])

export const messages = pgTable('messages', {
  conversationId: uuid('conversation_id').notNull(),
  seq: position('seq').notNull(),
  id: uuid('id').notNull(),
  clientId: uuid('client_id').notNull(),
  senderId: uuid('sender_id'),
  body: text('body'),
  sentAt: time('sent_at').notNull().default(sql`app_now()`),
  editedAt: time('edited_at'),
  deletedAt: time('deleted_at'),
  change: position('change'),
  code: text('code'),
  data: jsonb('data').$type<Record<string, unknown>>(),
}, (table) => [primaryKey({ columns: [table.conversationId, table.seq] }), unique().on(table.conversationId, table.senderId, table.clientId)])

export const messageFlags = pgTable('message_flags', {
  id: position('id').primaryKey().generatedAlwaysAsIdentity(),
  conversationId: uuid('conversation_id').notNull(),
  seq: position('seq').notNull(),
  change: position('change').notNull().default(0),
  senderId: uuid('sender_id').notNull(),
  kinds: text('kinds').notNull(),
  body: text('body').notNull(),
  sentAt: time('sent_at').notNull(),
})

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

export const messageWords = pgTable('message_words', {
  conversationId: uuid('conversation_id').notNull(),
  firstSeq: position('first_seq').notNull(),
  lastSeq: position('last_seq').notNull(),
  words: tsvector('words'),
}, (table) => [primaryKey({ columns: [table.conversationId, table.firstSeq] })])
