/**
 * Approvals: acts that need a second person: who asked, who else decided. Owns approvals.
 * Promises: nobody decides on what they asked for (a CHECK says so too); an act is done once, in the transaction that
 * approves it; what nobody decides on expires.
 */
export { holdApproval, requestApproval, type NewApproval } from './request-approval.ts'
export { decideApproval, type Decision } from './decide-approval.ts'
export { expireApprovals } from './expire-approvals.ts'
export { approvalsMark, countWaiting, findApproval, findApprovals, findLastApproval, findPendingApprovals } from './queries.ts'
export type { Approval, ApprovalAct, ApprovalActs, ApprovalState, SecondAct } from './types.ts'
