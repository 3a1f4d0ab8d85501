import { bigint, jsonb, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const approvals = pgTable('approvals', {
  id: uuid('id').primaryKey(),
  act: text('act', { enum: ['refund.approve', 'refund.settle', 'payout_batch.approve', 'payout.settle', 'credit.give', 'suspense.resolve', 'wallet.release'] }).notNull(),
  targetType: text('target_type').notNull(),
  targetId: uuid('target_id').notNull(),
  amountIdr: bigint('amount_idr', { mode: 'number' }),
  payload: jsonb('payload').$type<Record<string, unknown>>().notNull().default({}),
  reason: text('reason').notNull(),
  requestedBy: uuid('requested_by').notNull(),
  requestedAt: time('requested_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  state: text('state', { enum: ['pending', 'approved', 'rejected', 'expired'] }).notNull().default('pending'),
  decidedBy: uuid('decided_by'),
  decidedAt: time('decided_at'),
  decisionReason: text('decision_reason'),
})
