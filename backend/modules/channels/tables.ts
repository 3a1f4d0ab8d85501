import { boolean, customType, date, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, unique, uuid } from '../../platform/drizzle.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

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
  priority: integer('priority').notNull().default(2),
  tries: integer('tries').notNull().default(0),
  template: text('template'),
  announcementId: uuid('announcement_id'),
  sentAt: time('sent_at'),
  acceptedAt: time('accepted_at'),
  deliveredAt: time('delivered_at'),
  openedAt: time('opened_at'),
  critical: boolean('critical').notNull().default(true),
  holds: integer('holds').notNull().default(0),
}, (table) => [unique().on(table.userId, table.dedupeKey)])
export type Push = typeof pushes.$inferSelect

/** `payout.email`: a kind and a channel of it. */
export type ChoiceKey = `${string}.${'inbox' | 'push' | 'email' | 'sms'}`

export const notificationPreferences = pgTable('notification_preferences', {
  userId: uuid('user_id').primaryKey(),
  choices: jsonb('choices').$type<Partial<Record<ChoiceKey, boolean>>>().notNull().default({}),
  quietFrom: text('quiet_from'),
  quietTo: text('quiet_to'),
  messageText: boolean('message_text').notNull().default(false),
  version: integer('version').notNull().default(1),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})
export type NotificationPreferences = typeof notificationPreferences.$inferSelect

/** Sums of days (see rollups.ts). */
export const noticeDays = pgTable('notice_days', {
  day: date('day', { mode: 'string' }).notNull(),
  channel: text('channel').notNull(),
  kind: text('kind').notNull(),
  state: text('state').notNull(),
  reason: text('reason').notNull(),
  seconds: integer('seconds').notNull(),
  notices: integer('notices').notNull(),
  called: integer('called').notNull(),
  delivered: integer('delivered').notNull(),
  opened: integer('opened').notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.channel, table.kind, table.state, table.reason, table.seconds] })])

export const letters = pgTable('letters', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  channel: text('channel', { enum: ['email', 'sms'] }).notNull(),
  kind: text('kind').notNull(),
  template: text('template').notNull(),
  dedupeKey: text('dedupe_key').notNull(),
  priority: integer('priority').notNull().default(2),
  subject: text('subject'),
  text: text('text').notNull(),
  toEncrypted: bytes('to_encrypted'),
  challengeId: uuid('challenge_id'),
  state: text('state', { enum: ['queued', 'sent', 'failed', 'dropped'] }).notNull().default('queued'),
  reason: text('reason'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  dueAt: time('due_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  claimedUntil: time('claimed_until'),
  attempts: integer('attempts').notNull().default(0),
  tries: integer('tries').notNull().default(0),
  sentAt: time('sent_at'),
  settledAt: time('settled_at'),
  waits: integer('waits').notNull().default(0),
}, (table) => [unique().on(table.userId, table.dedupeKey, table.channel)])

export const emailAddresses = pgTable('email_addresses', {
  userId: uuid('user_id').primaryKey(),
  addressHash: bytes('address_hash').notNull(),
  addressEncrypted: bytes('address_encrypted').notNull(),
  provenAt: time('proven_at').notNull().default(sql`app_now()`),
  undeliverableAt: time('undeliverable_at'),
  digestDueAt: time('digest_due_at'),
  digestUntil: time('digest_until'),
  digestDay: date('digest_day', { mode: 'string' }),
})

export const emailChallenges = pgTable('email_challenges', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  addressHash: bytes('address_hash').notNull(),
  addressEncrypted: bytes('address_encrypted').notNull(),
  attempts: integer('attempts').notNull().default(0),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  resendAt: time('resend_at').notNull(),
  consumedAt: time('consumed_at'),
  supersededAt: time('superseded_at'),
  undeliverableAt: time('undeliverable_at'),
})
export type EmailChallenge = typeof emailChallenges.$inferSelect
