import { bigint, boolean, customType, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { StaffRole } from '../../platform/access.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const staff = pgTable('staff', {
  id: uuid('id').primaryKey(),
  email: text('email').notNull(),
  displayName: text('display_name').notNull().default(''),
  passwordHash: text('password_hash').notNull(),
  role: text('role').$type<StaffRole>().notNull(),
  mustChangePassword: boolean('must_change_password').notNull().default(false),
  totpRequired: boolean('totp_required').notNull().default(false),
  totpSecret: bytes('totp_secret'),
  totpConfirmedAt: time('totp_confirmed_at'),
  totpLastStep: bigint('totp_last_step', { mode: 'number' }),
  failedAttempts: integer('failed_attempts').notNull().default(0),
  lockedUntil: time('locked_until'),
  active: boolean('active').notNull().default(true),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})
export type Staff = typeof staff.$inferSelect

export const staffBackupCodes = pgTable('staff_backup_codes', {
  staffId: uuid('staff_id').notNull(),
  codeHash: bytes('code_hash').notNull(),
  usedAt: time('used_at'),
}, (table) => [primaryKey({ columns: [table.staffId, table.codeHash] })])

export const staffSessions = pgTable('staff_sessions', {
  id: uuid('id').primaryKey(),
  staffId: uuid('staff_id').notNull(),
  tokenHash: bytes('token_hash').notNull().unique(),
  csrfToken: text('csrf_token').notNull(),
  ip: text('ip'),
  userAgent: text('user_agent'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  lastSeenAt: time('last_seen_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  revokedAt: time('revoked_at'),
})

export const savedViews = pgTable('saved_views', {
  id: uuid('id').primaryKey(),
  staffId: uuid('staff_id').notNull(),
  page: text('page').notNull(),
  name: text('name').notNull(),
  filters: jsonb('filters').$type<Record<string, string | string[]>>().notNull(),
  shared: boolean('shared').notNull().default(false),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
})
