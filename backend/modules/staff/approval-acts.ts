import type { ApprovalActs } from '../approvals/index.ts'

/** How each act that needs a second person is done once it has one. */
export const approvalActs: ApprovalActs = {
}
