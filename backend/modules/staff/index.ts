/**
 * Staff: accounts, roles, sign-in, and the routes of the control center over the faces of the other modules.
 * Tables: staff, staff_backup_codes, staff_sessions.
 * Promises: role × act stands in roles.ts alone; every changing act is audited in the transaction that does it.
 * Nobody uses this module: the platform gets the authenticator and the role table by name.
 */
export { approvalActs } from './approval-acts.ts'
export { approvalStaffRoutes } from './approval-routes.ts'
export { staffAccountRoutes } from './account-routes.ts'
export { auditStaffRoutes } from './audit-routes.ts'
export { staffAuthRoutes } from './auth-routes.ts'
export { createStaffAuthenticator } from './authenticate.ts'
export { customerStaffRoutes } from './customer-routes.ts'
export { ensureDemoStaff, ensureFirstSuperAdmin, ensureStaff, type SeededStaff } from './ensure-staff.ts'
export { inboxStaffRoutes } from './inbox-routes.ts'
export { LIVE_PATH, liveStaffRoutes } from './live-routes.ts'
export { createLiveSockets, type LiveSockets } from './live-sockets.ts'
export { mitraReportStaffRoutes } from './mitra-report-routes.ts'
export { mitraStaffRoutes } from './mitra-routes.ts'
export { promoCodeStaffRoutes } from './promo-code-routes.ts'
export { packageStaffRoutes } from './package-routes.ts'
export { ledgerStaffRoutes } from './ledger-routes.ts'
export { reconciliationStaffRoutes } from './reconciliation-routes.ts'
export { hasAnotherFor } from './queries.ts'
export { reportStaffRoutes } from './report-routes.ts'
export { suspenseStaffRoutes } from './suspense-routes.ts'
export { walletStaffRoutes } from './wallet-routes.ts'
export { payoutStaffRoutes } from './payout-routes.ts'
export { mayAct, ROLE_TABLE, seesMasked } from './roles.ts'
export { paymentStaffRoutes } from './payment-routes.ts'
export { refundStaffRoutes } from './refund-routes.ts'
export { sessionStaffRoutes } from './session-routes.ts'
export { transcriptStaffRoutes } from './transcript-routes.ts'
export { systemStaffRoutes } from './system-routes.ts'
