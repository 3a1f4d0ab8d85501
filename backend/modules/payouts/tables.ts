import { bigint, date, integer, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const idr = (name: string) => bigint(name, { mode: 'number' })

export const payoutBatches = pgTable('payout_batches', {
  id: uuid('id').primaryKey(),
  kind: text('kind', { enum: ['weekly', 'requested'] }).notNull(),
  state: text('state', { enum: ['draft', 'submitted', 'approved', 'rejected'] }).notNull().default('draft'),
  week: date('week', { mode: 'string' }),
  amountIdr: idr('amount_idr').notNull().default(0),
  payouts: integer('payouts').notNull().default(0),
  madeBy: uuid('made_by'),
  requestKey: text('request_key'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  decidedAt: time('decided_at'),
})

export const payouts = pgTable('payouts', {
  id: uuid('id').primaryKey(),
  mitraId: uuid('mitra_id').notNull(),
  batchId: uuid('batch_id'),
  bankAccountId: uuid('bank_account_id').notNull(),
  state: text('state', { enum: ['requested', 'approved', 'sent', 'succeeded', 'failed', 'reversed'] }).notNull(),
  amountIdr: idr('amount_idr').notNull(),
  requestedByKind: text('requested_by_kind', { enum: ['mitra', 'system'] }).notNull(),
  requestKey: text('request_key'),
  providerPayoutId: text('provider_payout_id').unique(),
  providerStatus: text('provider_status'),
  failureCode: text('failure_code'),
  needsStaff: text('needs_staff'),
  sendTries: integer('send_tries').notNull().default(0),
  claimedUntil: time('claimed_until'),
  askAt: time('ask_at'),
  askCount: integer('ask_count').notNull().default(0),
  requestedAt: time('requested_at').notNull().default(sql`app_now()`),
  approvedAt: time('approved_at'),
  sentAt: time('sent_at'),
  settledAt: time('settled_at'),
  reversedAt: time('reversed_at'),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  settledReference: text('settled_reference'),
  sendFailures: integer('send_failures').notNull().default(0),
  resends: integer('resends').notNull().default(0),
  resentAt: time('resent_at'),
})
export type Payout = typeof payouts.$inferSelect
export type PayoutBatch = typeof payoutBatches.$inferSelect
