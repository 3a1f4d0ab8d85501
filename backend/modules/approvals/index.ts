/**
 * Approvals: acts that need a second person: who asked, who else decided. Owns approvals.
 * Promises: nobody decides on what they asked for (a CHECK says so too); an act is done once, in the transaction that
 * approves it; what nobody decides on expires.
 */
export type { Approval } from './tables.ts'
