import { bigint, integer, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { CaseKind, CaseState, Outcome } from './contract.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const now = sql`app_now()`

export const safetyCases = pgTable('safety_cases', {
  id: uuid('id').primaryKey(),
  kind: text('kind').$type<CaseKind>().notNull(),
  state: text('state').$type<CaseState>().notNull().default('open'),
  sessionId: uuid('session_id').notNull(),
  conversationId: uuid('conversation_id').notNull(),
  reporterId: uuid('reporter_id'),
  subjectId: uuid('subject_id').notNull(),
  reason: text('reason'),
  note: text('note'),
  openedAt: time('opened_at').notNull().default(now),
  lastAt: time('last_at').notNull().default(now),
  acknowledgeBy: time('acknowledge_by'),
  escalations: integer('escalations').notNull().default(0),
  takenAt: time('taken_at'),
  takenBy: uuid('taken_by'),
  closedAt: time('closed_at'),
  closedBy: uuid('closed_by'),
  outcome: text('outcome').$type<Outcome>(),
})
export type SafetyCase = typeof safetyCases.$inferSelect

export const caseEvidence = pgTable('case_evidence', {
  caseId: uuid('case_id').notNull(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  change: bigint('change', { mode: 'number' }).notNull().default(0),
  senderId: uuid('sender_id'),
  body: text('body'),
  sentAt: time('sent_at').notNull(),
}, (table) => [primaryKey({ columns: [table.caseId, table.seq, table.change] })])
