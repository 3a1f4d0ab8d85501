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
}, (table) => [unique().on(table.provider, table.kind, table.bodySha256)])
