import { bigint, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

export const ledgerTransactions = pgTable('ledger_transactions', {
  id: uuid('id').primaryKey(),
  key: text('key').notNull().unique(),
  flow: text('flow').notNull(),
  sessionId: uuid('session_id'),
  paymentId: uuid('payment_id'),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(sql`app_now()`),
})

export const ledgerEntries = pgTable('ledger_entries', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  transactionId: uuid('transaction_id').notNull().references(() => ledgerTransactions.id),
  account: text('account').notNull(),
  amountIdr: bigint('amount_idr', { mode: 'number' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(sql`app_now()`),
})

export const ledgerBalances = pgTable('ledger_balances', {
  account: text('account').primaryKey(),
  balanceIdr: bigint('balance_idr', { mode: 'number' }).notNull().default(0),
})

export const promoLots = pgTable('promo_lots', {
  id: uuid('id').primaryKey(),
  customerId: uuid('customer_id').notNull(),
  source: text('source').notNull(),
  amountIdr: bigint('amount_idr', { mode: 'number' }).notNull(),
  remainingIdr: bigint('remaining_idr', { mode: 'number' }).notNull(),
  expiresAt: timestamp('expires_at', { withTimezone: true, mode: 'date' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().default(sql`app_now()`),
})
