import { customType, date, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { Gender, Kind, Platform, Preferences, RevokeReason } from './contract.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  kind: text('kind').$type<Kind>().notNull(),
  phoneHash: bytes('phone_hash').notNull(),
  phoneEncrypted: bytes('phone_encrypted'),
  phonePrefix: text('phone_prefix').notNull(),
  displayName: text('display_name'),
  birthDate: date('birth_date', { mode: 'string' }),
  birthDateUsedAt: time('birth_date_used_at'),
  gender: text('gender').$type<Gender>(),
  language: text('language').notNull().default('id'),
  timeZone: text('time_zone').notNull().default('Asia/Jakarta'),
  suspendedUntil: time('suspended_until'),
  bannedAt: time('banned_at'),
  erasedAt: time('erased_at'),
  erasingAt: time('erasing_at'),
  lastActiveAt: time('last_active_at').notNull().default(sql`app_now()`),
  historyFrom: time('history_from'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})
export type User = typeof users.$inferSelect

export const numberStandings = pgTable('number_standings', {
  phoneHash: bytes('phone_hash').primaryKey(),
  suspendedUntil: time('suspended_until'),
  bannedAt: time('banned_at'),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})

export const otpChallenges = pgTable('otp_challenges', {
  id: uuid('id').primaryKey(),
  phoneHash: bytes('phone_hash').notNull(),
  phoneEncrypted: bytes('phone_encrypted').notNull(),
  phonePrefix: text('phone_prefix').notNull(),
  kind: text('kind').$type<Kind>().notNull(),
  ip: text('ip').notNull(),
  channel: text('channel').$type<'provider' | 'test'>().notNull(),
  providerRef: text('provider_ref'),
  codeHash: bytes('code_hash'),
  attempts: integer('attempts').notNull().default(0),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  resendAt: time('resend_at').notNull(),
  consumedAt: time('consumed_at'),
  supersededAt: time('superseded_at'),
})
export type Challenge = typeof otpChallenges.$inferSelect

export const signIns = pgTable('sign_ins', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull().references(() => users.id),
  deviceName: text('device_name'),
  ip: text('ip'),
  appVersion: text('app_version'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  lastUsedAt: time('last_used_at').notNull().default(sql`app_now()`),
  revokedAt: time('revoked_at'),
  revokeReason: text('revoke_reason').$type<RevokeReason>(),
})
export type SignIn = typeof signIns.$inferSelect

export const refreshTokens = pgTable('refresh_tokens', {
  id: uuid('id').primaryKey(),
  signInId: uuid('sign_in_id').notNull().references(() => signIns.id),
  tokenHash: bytes('token_hash').notNull().unique(),
  issuedAt: time('issued_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  usedAt: time('used_at'),
  retriedAt: time('retried_at'),
  successorId: uuid('successor_id'),
  successorEncrypted: bytes('successor_encrypted'),
})

export const consents = pgTable('consents', {
  userId: uuid('user_id').notNull().references(() => users.id),
  document: text('document').notNull(),
  version: text('version').notNull(),
  acceptedAt: time('accepted_at').notNull().default(sql`app_now()`),
}, (table) => [primaryKey({ columns: [table.userId, table.document, table.version] })])

export const devices = pgTable('devices', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull().references(() => users.id),
  signInId: uuid('sign_in_id').references(() => signIns.id),
  token: text('token').notNull().unique(),
  platform: text('platform').$type<Platform>().notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  lastSeenAt: time('last_seen_at').notNull().default(sql`app_now()`),
})
export type Device = typeof devices.$inferSelect

export const deviceMarks = pgTable('device_marks', {
  userId: uuid('user_id').notNull().references(() => users.id),
  tokenHash: bytes('token_hash').notNull(),
}, (table) => [primaryKey({ columns: [table.userId, table.tokenHash] })])

export const preferences = pgTable('preferences', {
  userId: uuid('user_id').primaryKey().references(() => users.id),
  values: jsonb('values').$type<Partial<Preferences>>().notNull().default({}),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})
