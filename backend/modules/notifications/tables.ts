import { bigint, boolean, date, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, unique, uuid } from '../../platform/drizzle.ts'

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
  emptiedAt: time('emptied_at'),
}, (table) => [unique().on(table.userId, table.dedupeKey)])
export type Notification = typeof notifications.$inferSelect

/** A notice as it was given, without whose it is. */
export type StoredNotice = { template: string } & Record<string, unknown>

export const scheduledNotices = pgTable('scheduled_notices', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  dedupeKey: text('dedupe_key').notNull(),
  notice: jsonb('notice').$type<StoredNotice>().notNull(),
  dueAt: time('due_at').notNull(),
  localDay: date('local_day', { mode: 'string' }),
  localTime: text('local_time'),
  expiresAt: time('expires_at').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
}, (table) => [unique().on(table.userId, table.dedupeKey)])

/** Texts of staff; `isCurrent` is the newest version. A part that is null is the service's own. */
export const noticeTemplates = pgTable('notice_templates', {
  key: text('key').notNull(),
  language: text('language').$type<'id' | 'en'>().notNull(),
  version: integer('version').notNull(),
  isCurrent: boolean('is_current').notNull().default(true),
  title: text('title'),
  body: text('body'),
  pushTitle: text('push_title'),
  pushBody: text('push_body'),
  emailSubject: text('email_subject'),
  emailBody: text('email_body'),
  sms: text('sms'),
  reason: text('reason').notNull(),
  changedBy: uuid('changed_by').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
}, (table) => [primaryKey({ columns: [table.key, table.language, table.version] })])
export type NoticeTemplate = typeof noticeTemplates.$inferSelect

/** Texts that could not be shown, and what was missing; version 0 is the service's own. */
export const noticeFaults = pgTable('notice_faults', {
  key: text('key').notNull(),
  language: text('language').$type<'id' | 'en'>().notNull(),
  version: integer('version').notNull(),
  part: text('part').notNull(),
  reason: text('reason').notNull(),
  variable: text('variable').notNull(),
  count: bigint('count', { mode: 'number' }).notNull(),
  firstAt: time('first_at').notNull().default(sql`app_now()`),
  lastAt: time('last_at').notNull().default(sql`app_now()`),
}, (table) => [primaryKey({ columns: [table.key, table.language, table.version, table.part, table.reason, table.variable] })])
