/**
 * Reconciliation: the provider's own lists compared with ours, and its fees. Owns reconciliations,
 * reconciliation_differences, statement_lines.
 * Promises: what the provider has and we have not is healed, or parked for staff; every comparison is counted, and says
 * which of its parts it did not finish.
 */
export { askForReconciliation, reconcile, reconcileNightly, reconciliationReactions } from './reconcile.ts'
export { findDifferences, findReconciliations, findRun, type Difference } from './queries.ts'
export { createXenditStatements } from './xendit-statements.ts'
export type { Reconciliation } from './tables.ts'
