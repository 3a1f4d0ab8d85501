/**
 * Moderation: what messages may say of danger and of ways to meet outside, found at send time.
 * Tables: lexicon_terms.
 * Promises: screening is pure, linear in the length of the text, and compiled once for each change of the lexicon; a
 * change by staff is audited, and in force on every replica within 15 s, at once where Valkey is up.
 */
export { mask } from './find-contacts.ts'
export { createLexicon, type Lexicon } from './lexicon.ts'
export { lexiconStaffRoutes } from './staff-routes.ts'
export type { Finding, FlagKind, Screen } from './types.ts'
