/**
 * Sessions: matching, the queue, offers, the clock, what is returned and settled. Owns packages, tips, earning_holds, chat_sessions,
 * purchases, offers, session_events, wait_habits, wait_estimates. Promises: every change is one guarded UPDATE with its event, postings and outbox
 * rows in one transaction; nobody is overtaken for a mitra whom they would have accepted; the escrow of a terminal
 * session is zero; every deadline is a row that any replica meets within 3 s.
 */
export { forgetExtensionKeys, forgetTipKeys } from './forget-keys.ts'
export { sessionRoutes } from './routes.ts'
export { applyPayment } from './apply-payment.ts'
export { paymentExpired } from './close-hold.ts'
export { sumHeldEarnings } from './earning-holds.ts'
export { endByStaff } from './end-session.ts'
export { countQueue, estimateWait } from './estimate-wait.ts'
export { findChangedOffers, findChangedSessions, findOpenSessions, findOpenVersions, findTimeline, listSessions } from './lists.ts'
export { findOpenAmong } from './find-open.ts'
export { startMatching } from './match-waiting.ts'
export { changePackage, createPackage, findPackages, listPackages, seedPackages } from './packages.ts'
export { capByEscrow } from './rules.ts'
export { sessionReactions } from './reactions.ts'
export { findSessionsOfMitra } from './find-sessions-of-mitra.ts'
export { findOpenConversations } from './open-conversations.ts'
export { createSeenCustomers, startClocks, type SeenCustomers } from './start-clock.ts'
export { findInvoiced, lockSession, touchSession } from './refund-money.ts'
export { sweepSessions } from './sweep-sessions.ts'
export { accessSession } from './access.ts'
export { findSides, type Sides } from './find-sides.ts'
export { tellWaiting } from './tell-waiting.ts'
export { flushTold, judgeEstimates, purgeEstimates } from './told-estimates.ts'
export { refreshHabits } from './wait-habits.ts'
export { sumEstimates, type WaitSums } from './wait-report.ts'
export { findSessionViews } from './views.ts'
export { withdrawMitra } from './withdraw-mitra.ts'
export type { SessionView, OfferView } from './contract.ts'
export type { SessionState } from './tables.ts'
