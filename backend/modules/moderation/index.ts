/**
 * Moderation: what messages may say of danger and of ways to meet outside, found at send time; who is never to meet again.
 * Tables: lexicon_terms, blocks.
 * Promises: screening is pure, linear in the length of the text, and compiled once for each change of the lexicon; a
 * change by staff is audited, and in force on every replica within 15 s, at once where Valkey is up. A block holds for
 * both directions, for every account of the two numbers, and is found by one look-up.
 */
export { addBlock, findBlockBetween, findBlockedIds, findBlockedPairs, findOwnBlocks, removeBlock, type Who } from './blocks.ts'
export { mask } from './find-contacts.ts'
export { createLexicon, type Lexicon } from './lexicon.ts'
export { lexiconStaffRoutes } from './staff-routes.ts'
export type { Finding, FlagKind, Screen } from './types.ts'
export type { Block } from './tables.ts'
