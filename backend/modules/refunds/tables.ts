import { bigint, boolean, integer, jsonb, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const idr = (name: string) => bigint(name, { mode: 'number' })

export const refunds = pgTable('refunds', {
  id: uuid('id').primaryKey(),
  paymentId: uuid('payment_id').notNull(),
  sessionId: uuid('session_id').notNull(),
  customerId: uuid('customer_id').notNull(),
  state: text('state', { enum: ['requested', 'approved', 'pending', 'succeeded', 'failed', 'cancelled'] }).notNull(),
  method: text('method', { enum: ['provider', 'manual'] }).notNull().default('provider'),
  amountIdr: idr('amount_idr'),
  clawback: boolean('clawback').notNull().default(false),
  sources: jsonb('sources').$type<{ account: string; amountIdr: number }[]>().notNull().default([]),
  suspenseId: uuid('suspense_id'),
  reason: text('reason').notNull(),
  requestedByKind: text('requested_by_kind', { enum: ['customer', 'staff'] }).notNull(),
  requestedBy: uuid('requested_by').notNull(),
  requestKey: text('request_key'),
  decidedBy: uuid('decided_by'),
  decisionReason: text('decision_reason'),
  providerRefundId: text('provider_refund_id').unique(),
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
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  /** The invoice whose money it is; null: the payment's own. */
  providerInvoiceId: text('provider_invoice_id'),
  settledReference: text('settled_reference'),
  sendFailures: integer('send_failures').notNull().default(0),
  resends: integer('resends').notNull().default(0),
  resentAt: time('resent_at'),
})
export type Refund = typeof refunds.$inferSelect
