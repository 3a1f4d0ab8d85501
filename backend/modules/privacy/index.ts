/**
 * Privacy: what goes out when a person asks for everything about them, and what is left when they ask to be erased.
 * Tables: none yet.
 * Promises: `privacy-map.ts` names every table of the schema and says what becomes of each of its columns.
 */
export { columnsIn, columnsOf, isPersonal, type PersonalTable, type PrivacyMap, type TableVerdict } from './map.ts'
