import { bigint, customType, integer, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { AppealState, CaseKind, CaseState, Outcome, SanctionKind } from './contract.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const now = sql`app_now()`

export const safetyCases = pgTable('safety_cases', {
  id: uuid('id').primaryKey(),
  kind: text('kind').$type<CaseKind>().notNull(),
  state: text('state').$type<CaseState>().notNull().default('open'),
  sessionId: uuid('session_id'),
  conversationId: uuid('conversation_id'),
  openedBy: uuid('opened_by'),
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

export const caseNotes = pgTable('case_notes', {
  id: uuid('id').primaryKey(),
  caseId: uuid('case_id').notNull(),
  staffId: uuid('staff_id').notNull(),
  text: text('text').notNull(),
  createdAt: time('created_at').notNull().default(now),
})
export type CaseNote = typeof caseNotes.$inferSelect

/** `userId`: the account by which staff found the number; the sanction is the number's. */
export const sanctions = pgTable('sanctions', {
  id: uuid('id').primaryKey(),
  kind: text('kind').$type<SanctionKind>().notNull(),
  phoneHash: bytes('phone_hash').notNull(),
  userId: uuid('user_id').notNull(),
  caseId: uuid('case_id'),
  reason: text('reason').notNull(),
  message: text('message'),
  until: time('until'),
  createdAt: time('created_at').notNull().default(now),
  createdBy: uuid('created_by').notNull(),
  liftedAt: time('lifted_at'),
  liftedBy: uuid('lifted_by'),
  liftReason: text('lift_reason'),
})
export type Sanction = typeof sanctions.$inferSelect

export const appeals = pgTable('appeals', {
  id: uuid('id').primaryKey(),
  sanctionId: uuid('sanction_id').notNull(),
  state: text('state').$type<AppealState>().notNull().default('open'),
  text: text('text').notNull(),
  createdAt: time('created_at').notNull().default(now),
  decidedAt: time('decided_at'),
  decidedBy: uuid('decided_by'),
  reason: text('reason'),
  answer: text('answer'),
})
export type Appeal = typeof appeals.$inferSelect
