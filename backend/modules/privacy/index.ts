/**
 * Privacy: what goes out when a person asks for everything about them, and what is left when they ask to be erased.
 * Tables: erasures, data_exports.
 * Promises: `privacy-map.ts` names every table of the schema and says what becomes of each of its columns; an erasure that
 * was asked for is finished or called off, whatever crashes; the books stay whole, under a pseudonym.
 */
export { erasePerson, type ErasureWish } from './ask-erasure.ts'
export { areErasuresDue, sweepErasures } from './finish-erasure.ts'
export { eraseAgain } from './erase-again.ts'
export { findErasure, findExports } from './find-privacy-of.ts'
export { exportPerson, type ExportWish } from './export-person.ts'
export { columnsIn, columnsOf, isPersonal, type PersonalTable, type PrivacyMap, type TableVerdict } from './map.ts'
export { putAway } from './put-away.ts'
export { privacyRoutes } from './routes.ts'
export { privacyStaffRoutes } from './staff-routes.ts'
