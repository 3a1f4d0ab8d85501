import { boolean, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** Who asked to be erased, or was; the id is what stays behind of them. `erased`: only words are left to be taken out of messages. */
export const erasures = pgTable('erasures', {
  userId: uuid('user_id').primaryKey(),
  state: text('state', { enum: ['waiting', 'erased', 'done'] }).notNull().default('waiting'),
  forfeit: boolean('forfeit').notNull().default(false),
  askedByKind: text('asked_by_kind', { enum: ['customer', 'mitra', 'staff', 'operator'] }).notNull(),
  askedBy: uuid('asked_by'),
  reason: text('reason'),
  askedAt: time('asked_at').notNull().default(sql`app_now()`),
  dueAt: time('due_at').notNull().default(sql`app_now()`),
  erasedAt: time('erased_at'),
  doneAt: time('done_at'),
})
export type Erasure = typeof erasures.$inferSelect

export const dataExports = pgTable('data_exports', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  askedByKind: text('asked_by_kind', { enum: ['customer', 'mitra', 'staff'] }).notNull(),
  askedBy: uuid('asked_by').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
})
