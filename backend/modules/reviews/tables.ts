import { customType, date, integer, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const ratings = pgTable('ratings', {
  sessionId: uuid('session_id').primaryKey(),
  listedAs: uuid('listed_as').notNull().default(sql`gen_random_uuid()`),
  customerId: uuid('customer_id').notNull(),
  mitraId: uuid('mitra_id').notNull(),
  raterHash: bytes('rater_hash').notNull(),
  score: integer('score').notNull(),
  comment: text('comment'),
  day: date('day', { mode: 'string' }).notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  hiddenAt: time('hidden_at'),
  hiddenBy: uuid('hidden_by'),
  hiddenReason: text('hidden_reason'),
})
export type Rating = typeof ratings.$inferSelect

export const ratingRaters = pgTable('rating_raters', {
  mitraId: uuid('mitra_id').notNull(),
  raterHash: bytes('rater_hash').notNull(),
  ratings: integer('ratings').notNull(),
  scoreSum: integer('score_sum').notNull(),
}, (table) => [primaryKey({ columns: [table.mitraId, table.raterHash] })])

/** Sums of days (see rollups.ts). */
export const ratingDays = pgTable('rating_days', {
  day: date('day', { mode: 'string' }).notNull(),
  score: integer('score').notNull(),
  ratings: integer('ratings').notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.score] })])
