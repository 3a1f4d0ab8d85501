import { bigint, integer, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const idr = (name: string) => bigint(name, { mode: 'number' })

export const reconciliations = pgTable('reconciliations', {
  id: uuid('id').primaryKey(),
  scope: text('scope', { enum: ['recent', 'nightly', 'asked'] }).notNull(),
  fromAt: time('from_at').notNull(),
  untilAt: time('until_at').notNull(),
  askedBy: uuid('asked_by'),
  listed: integer('listed').notNull().default(0),
  agreed: integer('agreed').notNull().default(0),
  healed: integer('healed').notNull().default(0),
  parked: integer('parked').notNull().default(0),
  compared: integer('compared').notNull().default(0),
  /** Parts that it did not finish. */
  unfinished: text('unfinished').array().notNull().default([]),
  /** All fees of the statement until then are posted. */
  feesUntil: time('fees_until'),
  error: text('error'),
  startedAt: time('started_at').notNull().default(sql`app_now()`),
  finishedAt: time('finished_at'),
})

export const reconciliationDifferences = pgTable('reconciliation_differences', {
  id: uuid('id').primaryKey(),
  reconciliationId: uuid('reconciliation_id').notNull(),
  kind: text('kind', { enum: ['payment', 'refund', 'payout', 'statement'] }).notNull(),
  providerId: text('provider_id').notNull(),
  subjectId: uuid('subject_id'),
  what: text('what').notNull(),
  outcome: text('outcome', { enum: ['healed', 'parked'] }).notNull(),
  inboxEventId: uuid('inbox_event_id'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
})

export const statementLines = pgTable('statement_lines', {
  id: text('id').primaryKey(),
  type: text('type').notNull(),
  referenceId: text('reference_id'),
  amountIdr: idr('amount_idr').notNull(),
  feeIdr: idr('fee_idr').notNull().default(0),
  withheldIdr: idr('withheld_idr').notNull().default(0),
  at: time('at').notNull(),
  postedAt: time('posted_at').notNull().default(sql`app_now()`),
})
export type Reconciliation = typeof reconciliations.$inferSelect
