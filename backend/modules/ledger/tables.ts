import { bigint, boolean, customType, date, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

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

/** What the checker found last: one row. */
export const ledgerChecks = pgTable('ledger_checks', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  checkedAt: timestamp('checked_at', { withTimezone: true, mode: 'date' }).notNull(),
  tookMs: integer('took_ms').notNull(),
  driftIdr: bigint('drift_idr', { mode: 'number' }).notNull(),
  problems: jsonb('problems').$type<string[]>().notNull().default([]),
  closingsCheckedAt: timestamp('closings_checked_at', { withTimezone: true, mode: 'date' }),
  closingsProblem: text('closings_problem'),
})

export type AccountSums = { account: string; openingIdr: number; debitsIdr: number; creditsIdr: number; closingIdr: number }
export type FlowSums = { flow: string; transactions: number; amountIdr: number }

/** A day in Asia/Jakarta, closed once. */
export const dailyClosings = pgTable('daily_closings', {
  day: date('day', { mode: 'string' }).primaryKey(),
  fromAt: timestamp('from_at', { withTimezone: true, mode: 'date' }).notNull(),
  untilAt: timestamp('until_at', { withTimezone: true, mode: 'date' }).notNull(),
  transactions: bigint('transactions', { mode: 'number' }).notNull(),
  entries: bigint('entries', { mode: 'number' }).notNull(),
  accounts: jsonb('accounts').$type<AccountSums[]>().notNull(),
  flows: jsonb('flows').$type<FlowSums[]>().notNull(),
  previousHash: bytes('previous_hash').notNull(),
  hash: bytes('hash').notNull(),
  closedAt: timestamp('closed_at', { withTimezone: true, mode: 'date' }).notNull().default(sql`app_now()`),
})

/** Wallets of numbers that may be recycled: under the hold's own id until staff have placed them. */
export const walletHolds = pgTable('wallet_holds', {
  id: uuid('id').primaryKey(),
  customerId: uuid('customer_id').notNull(),
  heldAt: timestamp('held_at', { withTimezone: true, mode: 'date' }).notNull().default(sql`app_now()`),
  state: text('state', { enum: ['held', 'released', 'suspended'] }).notNull().default('held'),
  settledAt: timestamp('settled_at', { withTimezone: true, mode: 'date' }),
  suspenseId: uuid('suspense_id'),
})

/** Sums of days (see rollups.ts). */
export const ledgerDays = pgTable('ledger_days', {
  day: date('day', { mode: 'string' }).notNull(),
  flow: text('flow').notNull(),
  account: text('account').notNull(),
  debitIdr: bigint('debit_idr', { mode: 'number' }).notNull(),
  creditIdr: bigint('credit_idr', { mode: 'number' }).notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.flow, table.account] })])
