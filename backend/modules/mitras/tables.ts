import { bigint, boolean, customType, date, integer, jsonb, numeric, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { ScheduleException, WeeklyHours } from './contract.ts'

export type MitraStatus = 'draft' | 'applied' | 'approved' | 'rejected' | 'deactivated'
/** Why somebody is offline who did not say so themselves. */
export type OfflineBecause = 'missed_offers' | 'break' | 'schedule'
export type Gender = 'female' | 'male' | 'other'

const now = sql`app_now()`

export const mitras = pgTable('mitras', {
  userId: uuid('user_id').primaryKey(),
  status: text('status').$type<MitraStatus>().notNull().default('draft'),
  bio: text('bio').notNull().default(''),
  topics: text('topics').array().notNull().default([]),
  languages: text('languages').array().notNull().default(['id']),
  gender: text('gender').$type<Gender>(),
  acceptsExtensions: boolean('accepts_extensions').notNull().default(true),
  capacity: integer('capacity').notNull().default(1),
  wantsOnline: boolean('wants_online').notNull().default(false),
  lastSeenAt: timestamp('last_seen_at', { withTimezone: true, mode: 'date' }),
  stale: boolean('stale').notNull().default(false),
  appliedAt: timestamp('applied_at', { withTimezone: true, mode: 'date' }),
  approvedAt: timestamp('approved_at', { withTimezone: true, mode: 'date' }),
  deactivatedAt: timestamp('deactivated_at', { withTimezone: true, mode: 'date' }),
  statusReason: text('status_reason'),
  missedInRow: integer('missed_in_row').notNull().default(0),
  offlineBecause: text('offline_because').$type<OfflineBecause>(),
  breakUntil: timestamp('break_until', { withTimezone: true, mode: 'date' }),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(now),
  updatedAt: timestamp('updated_at', { withTimezone: true, mode: 'date' }).notNull().default(now),
})
export type MitraRow = typeof mitras.$inferSelect

export const mitraSlots = pgTable('mitra_slots', {
  mitraId: uuid('mitra_id').primaryKey(),
  used: integer('used').notNull().default(0),
  openCapacity: integer('open_capacity').notNull().default(0),
  idleSince: timestamp('idle_since', { withTimezone: true, mode: 'date' }),
})

export const mitraSchedules = pgTable('mitra_schedules', {
  mitraId: uuid('mitra_id').primaryKey(),
  timeZone: text('time_zone').notNull(),
  weekly: jsonb('weekly').$type<WeeklyHours[]>().notNull(),
  exceptions: jsonb('exceptions').$type<ScheduleException[]>().notNull(),
  nextEdgeAt: timestamp('next_edge_at', { withTimezone: true, mode: 'date' }).notNull(),
  edgeGoes: text('edge_goes').$type<'online' | 'offline'>(),
  updatedAt: timestamp('updated_at', { withTimezone: true, mode: 'date' }).notNull().default(now),
})

export const favourites = pgTable('favourites', {
  customerId: uuid('customer_id').notNull(),
  mitraId: uuid('mitra_id').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(now),
}, (table) => [primaryKey({ columns: [table.customerId, table.mitraId] })])

export const mitraScores = pgTable('mitra_scores', {
  mitraId: uuid('mitra_id').primaryKey(),
  raters: integer('raters').notNull(),
  meanSum: numeric('mean_sum', { precision: 16, scale: 6 }).notNull(),
})

export type IntervalKind = 'online' | 'busy' | 'served' | 'break'

export const mitraIntervals = pgTable('mitra_intervals', {
  id: uuid('id').primaryKey(),
  mitraId: uuid('mitra_id').notNull(),
  kind: text('kind').$type<IntervalKind>().notNull(),
  sessionId: uuid('session_id'),
  startedAt: timestamp('started_at', { withTimezone: true, mode: 'date' }).notNull(),
  endedAt: timestamp('ended_at', { withTimezone: true, mode: 'date' }),
})

export const livenessSweep = pgTable('liveness_sweep', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  lastCompletedAt: timestamp('last_completed_at', { withTimezone: true, mode: 'date' }),
  uninterruptedSince: timestamp('uninterrupted_since', { withTimezone: true, mode: 'date' }),
  judgesFrom: timestamp('judges_from', { withTimezone: true, mode: 'date' }),
})

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/** Never changed, replaced. Number and holder are encrypted under `keyId`; the hash finds equal numbers. */
export const mitraBankAccounts = pgTable('mitra_bank_accounts', {
  id: uuid('id').primaryKey(),
  mitraId: uuid('mitra_id').notNull(),
  channelCode: text('channel_code').notNull(),
  numberEncrypted: bytes('number_encrypted').notNull(),
  holderEncrypted: bytes('holder_encrypted').notNull(),
  numberHash: bytes('number_hash').notNull(),
  lastDigits: text('last_digits').notNull(),
  keyId: text('key_id').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(now),
  replacedAt: timestamp('replaced_at', { withTimezone: true, mode: 'date' }),
  refusedAt: timestamp('refused_at', { withTimezone: true, mode: 'date' }),
  refusedCode: text('refused_code'),
})

/** Sums of days over all mitras (see rollups.ts). */
export const mitraHourDays = pgTable('mitra_hour_days', {
  day: date('day', { mode: 'string' }).notNull(),
  kind: text('kind').$type<IntervalKind>().notNull(),
  mitras: integer('mitras').notNull(),
  ms: bigint('ms', { mode: 'number' }).notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.kind] })])
