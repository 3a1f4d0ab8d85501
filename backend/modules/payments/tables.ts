import { bigint, customType, integer, jsonb, pgTable, sql, text, timestamp, unique, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

export const payments = pgTable('payments', {
  id: uuid('id').primaryKey(),
  customerId: uuid('customer_id').notNull(),
  sessionId: uuid('session_id').notNull(),
  purchaseId: uuid('purchase_id').notNull().unique(),
  state: text('state', { enum: ['creating', 'pending', 'paid', 'expired', 'failed'] }).notNull(),
  amountIdr: bigint('amount_idr', { mode: 'number' }).notNull(),
  walletIdr: bigint('wallet_idr', { mode: 'number' }).notNull().default(0),
  description: text('description').notNull().default(''),
  provider: text('provider').notNull().default('xendit'),
  providerInvoiceId: text('provider_invoice_id').unique(),
  checkoutUrl: text('checkout_url'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  createUntil: time('create_until').notNull(),
  createTries: integer('create_tries').notNull().default(0),
  claimedUntil: time('claimed_until'),
  expiresAt: time('expires_at').notNull(),
  closingAt: time('closing_at'),
  pendingAt: time('pending_at'),
  paidAt: time('paid_at'),
  closedAt: time('closed_at'),
  askAt: time('ask_at'),
  askCount: integer('ask_count').notNull().default(0),
  askedAt: time('asked_at'),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  kind: text('kind', { enum: ['session', 'extension', 'tip'] }).notNull().default('session'),
  /** The provider's id of the payment itself and its channel, as first confirmed: kept, never a key. */
  providerPaymentId: text('provider_payment_id'),
  channel: text('channel'),
})

export const providerInbox = pgTable('provider_inbox', {
  id: uuid('id').primaryKey(),
  provider: text('provider').notNull(),
  kind: text('kind').notNull(),
  bodySha256: bytes('body_sha256').notNull(),
  body: bytes('body').notNull(),
  headers: jsonb('headers').$type<Record<string, string>>().notNull().default({}),
  receivedAt: time('received_at').notNull().default(sql`app_now()`),
  receivedCount: integer('received_count').notNull().default(1),
  state: text('state', { enum: ['received', 'applied', 'parked'] }).notNull().default('received'),
  reason: text('reason'),
  paymentId: uuid('payment_id'),
  attempts: integer('attempts').notNull().default(0),
  claimedUntil: time('claimed_until'),
  dueAt: time('due_at').notNull().default(sql`app_now()`),
  settledAt: time('settled_at'),
  /** The refund or payout that the event was about. */
  subjectId: uuid('subject_id'),
}, (table) => [unique().on(table.provider, table.kind, table.bodySha256)])

/** Money that staff have to place; it stands in the account `suspense:<id>`. */
export const suspenseItems = pgTable('suspense_items', {
  id: uuid('id').primaryKey(),
  paymentId: uuid('payment_id'),
  providerPaymentId: text('provider_payment_id'),
  customerId: uuid('customer_id'),
  amountIdr: bigint('amount_idr', { mode: 'number' }).notNull(),
  reason: text('reason', { enum: ['underpaid', 'payer_gone', 'refund_returned', 'number_recycled', 'person_erased'] }).notNull(),
  state: text('state', { enum: ['open', 'resolved'] }).notNull().default('open'),
  resolvedTo: text('resolved_to', { enum: ['wallet', 'refund', 'revenue'] }),
  resolvedAt: time('resolved_at'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
})
