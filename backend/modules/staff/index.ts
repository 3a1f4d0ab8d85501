/**
 * Staff: accounts, roles, sign-in, and the routes of the control center over the faces of the other modules.
 * Tables: staff, staff_backup_codes, staff_sessions.
 * Promises: role × act stands in roles.ts alone; every changing act is audited in the transaction that does it.
 * Nobody uses this module: the platform gets the authenticator and the role table by name.
 */
export { createStaffAuthenticator } from './authenticate.ts'
export { staffAccountRoutes } from './account-routes.ts'
export { staffAuthRoutes } from './auth-routes.ts'
export { ensureDemoStaff, ensureFirstSuperAdmin, ensureStaff, type SeededStaff } from './ensure-staff.ts'
export { mayAct, ROLE_TABLE, seesMasked, type Grant } from './roles.ts'
