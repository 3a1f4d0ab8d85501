import { bigint, boolean, customType, date, integer, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const idr = (name: string) => bigint(name, { mode: 'number' })
const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const now = sql`app_now()`

export const promoCodes = pgTable('promo_codes', {
  id: uuid('id').primaryKey(),
  code: text('code').notNull(),
  kind: text('kind', { enum: ['amount', 'percent'] }).notNull(),
  amountIdr: idr('amount_idr'),
  percent: integer('percent'),
  mostIdr: idr('most_idr').notNull(),
  budgetIdr: idr('budget_idr').notNull(),
  spentIdr: idr('spent_idr').notNull().default(0),
  perPersonLimit: integer('per_person_limit').notNull().default(1),
  leastPriceIdr: idr('least_price_idr').notNull().default(0),
  startsAt: time('starts_at').notNull(),
  endsAt: time('ends_at').notNull(),
  active: boolean('active').notNull().default(true),
  createdAt: time('created_at').notNull().default(now),
  updatedAt: time('updated_at').notNull().default(now),
})

export const promoUses = pgTable('promo_uses', {
  id: uuid('id').primaryKey(),
  codeId: uuid('code_id').notNull(),
  customerId: uuid('customer_id').notNull(),
  personHash: bytes('person_hash').notNull(),
  sessionId: uuid('session_id').notNull().unique(),
  state: text('state', { enum: ['reserved', 'used', 'given_back'] }).notNull(),
  reservedIdr: idr('reserved_idr').notNull(),
  usedIdr: idr('used_idr').notNull().default(0),
  returnedIdr: idr('returned_idr').notNull().default(0),
  budgetBackIdr: idr('budget_back_idr').notNull().default(0),
  lotId: uuid('lot_id'),
  createdAt: time('created_at').notNull().default(now),
  settledAt: time('settled_at'),
})

export const staffCredits = pgTable('staff_credits', {
  id: uuid('id').primaryKey(),
  customerId: uuid('customer_id').notNull(),
  amountIdr: idr('amount_idr').notNull(),
  expiresAt: time('expires_at').notNull(),
  reason: text('reason').notNull(),
  givenBy: uuid('given_by').notNull(),
  state: text('state', { enum: ['asked', 'given', 'refused'] }).notNull(),
  requestKey: text('request_key'),
  createdAt: time('created_at').notNull().default(now),
  givenAt: time('given_at'),
})

export const creditDays = pgTable('credit_days', {
  staffId: uuid('staff_id').notNull(),
  day: date('day', { mode: 'string' }).notNull(),
  givenIdr: idr('given_idr').notNull().default(0),
}, (table) => [primaryKey({ columns: [table.staffId, table.day] })])
export type PromoCode = typeof promoCodes.$inferSelect
export type PromoUse = typeof promoUses.$inferSelect
export type StaffCredit = typeof staffCredits.$inferSelect
