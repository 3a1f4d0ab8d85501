/**
 * The audit log: who did what to whom, and why, as a hash chain.
 * Tables: audit_log, audit_head.
 * Promises: a row commits with the act that it tells of or not at all; a row that was changed, deleted, swapped or
 * cut off is named by `verifyAudit`.
 */
export { appendAudit, type AuditEntry } from './append-audit.ts'
export type { Names } from './contract.ts'
export type { NamesOf } from './names-of.ts'
export { findAuditRow, listAudit, type AuditFilter } from './queries.ts'
export type { AuditRow } from './tables.ts'
export { findActsSince, findAuditHead, listenForAudit, type ActTold } from './watch-audit.ts'
export { verifyAudit, type AuditPosition, type AuditProblem, type AuditVerdict } from './verify-audit.ts'
