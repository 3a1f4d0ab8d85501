/**
 * Safety: blocks, sanctions of numbers and appeals against them, reports with their evidence, what follows from what screening found, alerts that somebody must take in time.
 * Tables: safety_cases, case_evidence, sanctions, appeals.
 * Promises: a flagged message is delivered like any other; what follows from it happens once, after a crash too; a crisis
 * that nobody takes is escalated until somebody does; a sanction reaches every account of its number in one transaction; evidence is read for a reason that is audited, and erased in time.
 */
export { areAlertsLate, escalateAlerts, eraseEvidence, measureAlerts } from './escalate-alerts.ts'
export { alertsMark, appealsMark, casesMark, countAlerts, findAlerts, listenForAlerts } from './queries.ts'
export { handleFlags, startFlags } from './handle-flags.ts'
export { sanctionStaffRoutes } from './sanction-routes.ts'
export { safetyRoutes } from './routes.ts'
export { safetyStaffRoutes } from './staff-routes.ts'
export { findSafetyOfSession, type SafetyOfSession } from './find-of-session.ts'
export { isSubjectOfCase, subjectsOfOpenCases } from './find-subjects.ts'
