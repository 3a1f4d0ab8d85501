import type { Tx } from '../../platform/ctx.ts'
import type { approvals } from './tables.ts'

export type Approval = typeof approvals.$inferSelect
export type ApprovalAct = Approval['act']
export type ApprovalState = Approval['state']

/** What an act did, for the audit: verb with its subject in past tense, and ids and numbers. */
export type Done = { act: string; details?: Record<string, unknown> }

/**
 * How an act is done once it has its second person, and what becomes of it when it is rejected or expires. Both run in
 * the transaction that decides, after the approval's own row is locked. What `approve` throws leaves it pending.
 */
export type SecondAct = {
  approve(tx: Tx, approval: Approval, deciderId: string): Promise<Done>
  refuse?(tx: Tx, approval: Approval): Promise<void>
}
export type ApprovalActs = Readonly<Partial<Record<ApprovalAct, SecondAct>>>
