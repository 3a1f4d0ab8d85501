/**
 * Mitras: application and profile, the wish to be online, liveness, slots, hours, and their mirror in Valkey.
 * Tables: mitras, mitra_slots, mitra_intervals, mitra_bank_accounts, mitra_scores, favourites, mitra_schedules, liveness_sweep.
 * Promises: never more slots in use than the capacity; whoever is deactivated gets nothing new from that commit on;
 * an outage makes nobody stale; bank accounts are encrypted and leave in clear for the provider alone; the mirror is right within 10 s of anything, and Postgres answers until then.
 */
export { findAccountsById, findBankAccount, findBankAccounts, findPayableAccountIds, openBankAccount, readDestination, reencryptBankAccounts, refuseBankAccount, setBankAccount, type MaskedBankAccount, type PayoutDestination } from './bank-account.ts'
export { bankRoutes } from './bank-routes.ts'
export { applyAsMitra } from './apply-as-mitra.ts'
export { measureComings, type Comings } from './comings.ts'
export { deactivateMitra, reactivateMitra } from './deactivate-mitra.ts'
export { approveMitra, rejectMitra } from './decide-application.ts'
export type { StaffAct as MitraStaffAct } from './change-status.ts'
export { closeServed, openServed } from './intervals.ts'
export { NO_HOURS, sumHours, type Days, type Hours } from './sum-hours.ts'
export { eraseMitra, retireMitra } from './erase-mitra.ts'
export { findMitraBoard, waitingApplications, type BoardMitraRow, type MitraBoard } from './find-board.ts'
export { createLiveness, type Liveness } from './liveness.ts'
export { createMirror, type Mirror } from './mirror-watch.ts'
export { findAvailable, findCapacity, findMitras, findStatuses, keepsServing, listMitras, servingMitras, type Candidate, type Capacity, type Mitra, type MitraFilter } from './queries.ts'
export { noteAnswered, noteMissed } from './missed-offers.ts'
export { pageMitras, type MitraPage } from './page-mitras.ts'
export { findPresence, type Presence } from './presence.ts'
export { getSchedule } from './schedule.ts'
export { favouriteRoutes } from './favourite-routes.ts'
export { hoursRoutes } from './hours-routes.ts'
export { HOURS_BATCH, sweepBreaks, sweepSchedules } from './sweep-hours.ts'
export { mitraRoutes } from './routes.ts'
export { changeScore, findShownRatings } from './scores.ts'
export { holdMitra, putOffline } from './put-offline.ts'
export { setCapacity } from './set-capacity.ts'
export { claimSlots, freeSlots } from './slots.ts'
export { findLastSeen, findUnseen, sweepLiveness, type LivenessSweep } from './sweep-liveness.ts'
