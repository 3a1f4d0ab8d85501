import { boolean, customType, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { FlagKind, Language } from './types.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const lexiconTerms = pgTable('lexicon_terms', {
  kind: text('kind').$type<FlagKind | 'except'>().notNull(),
  term: text('term').notNull(),
  language: text('language').$type<Language>().notNull(),
  active: boolean('active').notNull(),
  updatedBy: uuid('updated_by').notNull(),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
}, (table) => [primaryKey({ columns: [table.kind, table.term] })])

export const lexiconHistory = pgTable('lexicon_history', {
  id: uuid('id').primaryKey(),
  kind: text('kind').$type<FlagKind | 'except'>().notNull(),
  term: text('term').notNull(),
  language: text('language').$type<Language>().notNull(),
  active: boolean('active').notNull(),
  reason: text('reason').notNull(),
  changedBy: uuid('changed_by').notNull(),
  changedAt: time('changed_at').notNull().default(sql`app_now()`),
})

/** By account and by number: a block holds for every account that the two numbers have or will have. */
export const blocks = pgTable('blocks', {
  id: uuid('id').primaryKey(),
  blockerId: uuid('blocker_id').notNull(),
  blockerHash: bytes('blocker_hash').notNull(),
  blockedId: uuid('blocked_id').notNull(),
  blockedHash: bytes('blocked_hash').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
})
export type Block = typeof blocks.$inferSelect
