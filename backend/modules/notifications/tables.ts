import { boolean, integer, jsonb, pgTable, sql, text, timestamp, unique, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const notifications = pgTable('notifications', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  kind: text('kind').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  data: jsonb('data').$type<Record<string, string>>().notNull().default({}),
  dedupeKey: text('dedupe_key').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  readAt: time('read_at'),
  deletedAt: time('deleted_at'),
}, (table) => [unique().on(table.userId, table.dedupeKey)])
export type Notification = typeof notifications.$inferSelect

export const pushes = pgTable('pushes', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  kind: text('kind').notNull(),
  tag: text('tag').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  data: jsonb('data').$type<Record<string, string>>().notNull(),
  highPriority: boolean('high_priority').notNull().default(true),
  dedupeKey: text('dedupe_key').notNull(),
  state: text('state', { enum: ['queued', 'sent', 'failed', 'dropped'] }).notNull().default('queued'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  dueAt: time('due_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  claimedUntil: time('claimed_until'),
  attempts: integer('attempts').notNull().default(0),
  settledAt: time('settled_at'),
  reason: text('reason'),
  pendingTokens: jsonb('pending_tokens').$type<string[]>(),
}, (table) => [unique().on(table.userId, table.dedupeKey)])
export type Push = typeof pushes.$inferSelect
