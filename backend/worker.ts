import { checkBooks, checkBooksAndClosings, tellBooks } from './check-books.ts'
import { areAnnouncementsDue, measureAnnouncements, runAnnouncements } from './modules/announcements/index.ts'
import { expireApprovals } from './modules/approvals/index.ts'
import { answerNotify, isNotifyAsked, purgeNotifyRequests } from './modules/availability/index.ts'
import { areLettersDue, arePushesDue, drainPushes, LANES, LETTER_CHANNELS, LETTERS_SWEPT, measurePushes, purgeEmailChallenges, purgeLetters, purgePushes, PUSH_BATCH, reencryptAddresses, runLetters, sweepLetters, sweepPushes } from './modules/channels/index.ts'
import { areFlagsLeft, eraseTranscripts, indexWords, pushUndelivered, turnPartitions } from './modules/chat/index.ts'
import { purgeChallenges, purgeDevices, reencryptPhones } from './modules/identity/index.ts'
import { closeDays, expirePromoLots, measureMoney } from './modules/ledger/index.ts'
import { areBreaksOver, areEdgesDue, HOURS_BATCH, measureMitras, reencryptBankAccounts, sweepBreaks, sweepLiveness, sweepSchedules } from './modules/mitras/index.ts'
import { areDigestsToWrite, areScheduledDue, flushFaults, notificationReactions, purgeFaults, purgeNotices, sweepDigests, sweepScheduled } from './modules/notifications/index.ts'
import { areAsksDue, drainInbox, isInboxDue, measureInbox, purgeInbox, sweepAsks, sweepInbox, type InboxHooks } from './modules/payments/index.ts'
import { arePayoutAsksDue, forgetPayoutKeys, judgePayoutEvent, measurePayouts, payoutReactions, prepareWeeklyBatch, resendLostPayouts, sweepPayoutAsks } from './modules/payouts/index.ts'
import { areRefundAsksDue, forgetRefundKeys, judgeRefundEvent, refundReactions, resendLostRefunds, sweepRefundAsks } from './modules/refunds/index.ts'
import { areAlertsLate, eraseEvidence, escalateAlerts, handleFlags, measureAlerts, startFlags } from './modules/safety/index.ts'
import { areErasuresDue, sweepErasures } from './modules/privacy/index.ts'
import { forgetCreditKeys, promotionReactions } from './modules/promotions/index.ts'
import { applyPayment, findOpenConversations, flushTold, forgetExtensionKeys, forgetTipKeys, judgeEstimates, measureSessions, paymentExpired, purgeEstimates, refreshHabits, sessionReactions, startMatching, sweepSessions, tellWaiting } from './modules/sessions/index.ts'
import { approvalActs, purgeStaffSessions, ROLLUPS } from './modules/staff/index.ts'
import { reconcile, reconcileNightly, reconciliationReactions } from './modules/reconciliation/index.ts'
import { PRIVACY_MAP } from './privacy-map.ts'
import { pushHooks } from './push-hooks.ts'
import type { Ctx } from './platform/ctx.ts'
import { measureOutbox, purgeIdempotencyKeys, purgeOutbox } from './platform/housekeeping.ts'
import type { QueueName } from './platform/jobs.ts'
import { measureQueues } from './platform/queue-depths.ts'
import { isOutboxDue, reactionsByTopic, runOutboxRow, sweepOutbox, type Reaction } from './platform/outbox.ts'
import type { Producer } from './platform/queues.ts'
import { refreshRollup } from './platform/rollups.ts'
import { startSweeps, type Sweep, type Watched } from './platform/sweeps.ts'
import { startTimetable, type Timed } from './platform/timetable.ts'
import { startWorkers, type JobRun } from './platform/workers.ts'

/** Who applies money, and who judges what the provider tells of refunds and payouts. */
const paymentHooks: InboxHooks = { apply: applyPayment, expired: paymentExpired, judges: { refund: judgeRefundEvent, payout: judgePayoutEvent } }

/** Everything that answers to a topic of the outbox. `payments.create-invoice` is among sessions' own. */
const REACTIONS: readonly Reaction[] = [
  ...sessionReactions, ...promotionReactions, ...refundReactions, ...payoutReactions,
  ...reconciliationReactions(paymentHooks), ...notificationReactions,
]

const MINUTE_MS = 60_000
/** Removes or changes rows whose time is over, in batches; answers how many of `limit`. */
type Task = { everyMs: number; run(ctx: Ctx, limit: number): Promise<number> }
const TASKS: Record<string, Task> = {
  'erase-transcripts': { everyMs: 60 * MINUTE_MS, run: (ctx, limit) => eraseTranscripts(ctx, limit, findOpenConversations) },
  'erase-evidence': { everyMs: 60 * MINUTE_MS, run: eraseEvidence },
  'index-words': { everyMs: 5 * MINUTE_MS, run: indexWords },
  'purge-devices': { everyMs: 60 * MINUTE_MS, run: purgeDevices },
  'purge-challenges': { everyMs: 60 * MINUTE_MS, run: purgeChallenges },
  'purge-idempotency-keys': { everyMs: 60 * MINUTE_MS, run: purgeIdempotencyKeys },
  'purge-inbox': { everyMs: 60 * MINUTE_MS, run: purgeInbox },
  'purge-notice-faults': { everyMs: 60 * MINUTE_MS, run: purgeFaults },
  'purge-notify-requests': { everyMs: 60 * MINUTE_MS, run: purgeNotifyRequests },
  'purge-notices': { everyMs: 60 * MINUTE_MS, run: purgeNotices },
  'purge-outbox': { everyMs: 60 * MINUTE_MS, run: purgeOutbox },
  'purge-staff-sessions': { everyMs: 60 * MINUTE_MS, run: purgeStaffSessions },
  'purge-wait-estimates': { everyMs: 60 * MINUTE_MS, run: purgeEstimates },
  'purge-email-challenges': { everyMs: 60 * MINUTE_MS, run: purgeEmailChallenges },
  'purge-letters': { everyMs: 60 * MINUTE_MS, run: purgeLetters },
  'purge-pushes': { everyMs: 60 * MINUTE_MS, run: purgePushes },
  'turn-message-partitions': { everyMs: 60 * MINUTE_MS, run: turnPartitions },
}
const TASK_BATCH = 500
const TASK_BATCHES_MAX = 200

/** Regular work that money depends on, and what people are told: it happens with Valkey or without. */
const timedWork: readonly Timed[] = [
  { what: 'ledger-check', every: (ctx) => ({ seconds: ctx.settings.get('ledgerCheckSeconds') }), leaseSeconds: 300, run: checkBooks },
  { what: 'close-days', every: () => ({ daily: '00:05' }), run: closeDays },
  { what: 'check-closings', every: () => ({ daily: '00:20' }), leaseSeconds: 300, run: checkBooksAndClosings },
  { what: 'reconcile', leaseSeconds: 300, every: (ctx) => ({ seconds: ctx.settings.get('reconcileSeconds') }), run: (ctx) => reconcile(ctx, paymentHooks, { scope: 'recent', seconds: ctx.settings.get('reconcileBackSeconds') }) },
  { what: 'reconcile-nightly', leaseSeconds: 1800, every: () => ({ daily: '02:30' }), run: (ctx) => reconcileNightly(ctx, paymentHooks) },
  { what: 'expire-promo-lots', every: () => ({ seconds: 600 }), run: (ctx) => inBatches(ctx, expirePromoLots) },
  { what: 'forget-request-keys', every: () => ({ seconds: 3600 }), run: forgetKeys },
  { what: 'expire-approvals', every: () => ({ seconds: 60 }), run: (ctx) => inBatches(ctx, (one, limit) => expireApprovals(one, approvalActs, limit)) },
  { what: 'resend-lost', every: () => ({ seconds: 60 }), run: resendLost },
  { what: 'reencrypt-bank-accounts', every: () => ({ seconds: 3600 }), run: (ctx) => inBatches(ctx, reencryptBankAccounts) },
  { what: 'wait-habits', every: (ctx) => ({ seconds: ctx.settings.get('waitHabitsSeconds') }), run: refreshHabits },
  { what: 'judge-wait-estimates', every: () => ({ seconds: 15 }), run: (ctx) => inBatches(ctx, judgeEstimates) },
  { what: 'tell-waiting', every: (ctx) => ({ seconds: ctx.settings.get('waitTellSeconds') }), run: tellWaiting },
  { what: 'announcement-figures', every: () => ({ seconds: 10 }), run: measureAnnouncements },
  { what: 'reencrypt-phones', every: () => ({ daily: '03:40' }), leaseSeconds: 300, run: (ctx) => inBatches(ctx, reencryptPhones) },
  { what: 'reencrypt-addresses', every: () => ({ daily: '03:45' }), leaseSeconds: 300, run: (ctx) => inBatches(ctx, reencryptAddresses) },
  { what: 'rollups', every: () => ({ seconds: 300 }), leaseSeconds: 300, run: refreshRollups },
  { what: 'weekly-payouts', every: () => ({ weekly: { weekday: 1, at: '09:00' } }), run: prepareWeeklyBatch },
]

/** Idempotency keys that rows remember (what a request that died made is found again by them). */
const KEY_KEEPERS: readonly Task['run'][] = [forgetCreditKeys, forgetExtensionKeys, forgetPayoutKeys, forgetRefundKeys, forgetTipKeys]

/** Batches of one lane that a replica has under way at most: four in hand, and those that wait for a few answers alone. */
const PUSH_BATCHES = 16

const SCHEDULE_MS = 30_000
const MEASURE_MS = 5000
/** The day's entries are summed for it; a scrape comes as often. */
const BUSINESS_MS = 15_000
/** A sweep waits this long for a worker to take a row, while there are workers that can hear of it. */
const WAITED_SECONDS = 2
const SWEEP_BATCH = 25
/** Members whose undelivered messages one statement looks after. */
const UNDELIVERED_BATCH = 200
/** Scheduled notices of one transaction. */
const NOTICE_BATCH = 200
/** Addresses of one transaction. */
const DIGEST_BATCH = 200
const ERASURE_BATCH = 5
/** Flagged messages of one transaction. */
const FLAG_BATCH = 50

export type WorkerOptions = {
  producer: Producer
  /** How often the schedulers are made again: a wiped Valkey has forgotten them. */
  scheduleMs?: number
  /** False: the tasks of the housekeeping run nowhere. A test that runs one by hand would not know what it finds done. */
  housekeeping?: boolean
  /** How often what waits is measured. */
  measureMs?: number
  /** False: nothing of the timetable runs; for tests that do such work by hand. */
  timed?: boolean
  /** More reactions (tests have their own topics). */
  reactions?: readonly Reaction[]
}

/** Everything that happens without a request, on every replica: jobs, sweeps, schedulers, matching. */
export function startWorker(ctx: Ctx, options: WorkerOptions): { drain(): void; stop(deadlineMs?: number): Promise<void> } {
  const reactions = reactionsByTopic([...REACTIONS, ...(options.reactions ?? [])])
  const { measureMs = MEASURE_MS } = options
  const [stopping, ending] = [new AbortController(), new AbortController()]
  startMatching(ctx)
  startFlags(ctx, FLAG_BATCH)
  const workers = startWorkers(ctx, jobs(reactions, stopping.signal, ending.signal))
  const timetable = startTimetable(ctx, options.timed === false ? [] : timedWork)
  const sweeps = startSweeps(ctx, [
    { what: 'timetable', everyMs: () => ctx.settings.get('sweepMs'), run: () => timetable.turn() },
    ...sweepsOf(ctx),
    { what: 'books-told', everyMs: () => Math.min(measureMs, ctx.settings.get('ledgerCheckSeconds') * 1000), run: () => tellBooks(ctx) },
    { what: 'payouts-measured', everyMs: () => measureMs, run: () => measurePayouts(ctx) },
    { what: 'inbox-measured', everyMs: () => measureMs, run: () => measureInbox(ctx) },
    { what: 'alerts-measured', everyMs: () => measureMs, run: () => measureAlerts(ctx) },
    { what: 'outbox-age', everyMs: () => measureMs, run: () => measureOutbox(ctx) },
    { what: 'queues-measured', everyMs: () => measureMs, run: () => measureQueues(ctx) },
    { what: 'pushes-measured', everyMs: () => measureMs, run: () => measurePushes(ctx) },
    { what: 'business-measured', everyMs: () => Math.min(BUSINESS_MS, measureMs * 3), run: () => measureBusiness(ctx) },
    ...(options.housekeeping === false ? [] : [{ what: 'schedulers', everyMs: () => options.scheduleMs ?? SCHEDULE_MS, run: async () => scheduleTasks(options.producer) }]),
    { what: 'wait-estimates', everyMs: () => ctx.settings.get('sweepMs'), run: () => flushTold(ctx) },
    { what: 'notice-faults', everyMs: () => ctx.settings.get('sweepMs'), run: () => flushFaults(ctx) },
  ], { everyMs: () => ctx.settings.get('sweepMs'), watched: watchedWork(ctx, reactions, stopping.signal, ending.signal) })
  return {
    /** No letter is begun any more: those that a slow mail server has in hand have the time of the drain as well, and come once. */
    drain: () => stopping.abort(),
    async stop(deadlineMs = 2500) {
      stopping.abort()
      ending.abort()
      await Promise.all([workers.stop(deadlineMs), sweeps.stop(deadlineMs), timetable.stop(deadlineMs)])
      await flushTold(ctx).catch((error: unknown) => ctx.log.warn({ err: error }, 'waiting times that were told could not be kept'))
      await flushFaults(ctx).catch((error: unknown) => ctx.log.warn({ err: error }, 'what texts lacked could not be kept'))
    },
  }
}

function jobs(reactions: ReadonlyMap<string, Reaction>, stopping: AbortSignal, ending: AbortSignal): Record<QueueName, JobRun> {
  const pushJobs = (lane: (typeof LANES)[number]): JobRun => ({ concurrency: PUSH_BATCHES, run: (ctx) => drainPushes(ctx, lane, pushHooks, { stopping: ending }) })
  return {
    outbox: { concurrency: 8, run: (ctx, id) => runOutboxRow(ctx, reactions, id, 'job') },
    inbox: { concurrency: 4, run: (ctx, id) => drainInbox(ctx, paymentHooks, id) },
    'pushes-urgent': pushJobs('urgent'),
    'pushes-high': pushJobs('high'),
    pushes: pushJobs('normal'),
    'pushes-low': pushJobs('low'),
    letters: { concurrency: 1, run: (ctx) => runLetters(ctx, 'email', stopping) },
    'letters-sms': { concurrency: 1, run: (ctx) => runLetters(ctx, 'sms', stopping) },
    housekeeping: { concurrency: 1, run: runTask },
  }
}

/** What can't be told by one cheap condition, or keeps a beat of its own. */
function sweepsOf(ctx: Ctx): Sweep[] {
  const everyMs = () => ctx.settings.get('sweepMs')
  return [
    { what: 'sessions', everyMs, run: () => sweepSessions(ctx) },
    { what: 'liveness', everyMs, run: () => sweepLiveness(ctx) },
    { what: 'undelivered', everyMs, batch: UNDELIVERED_BATCH, run: () => pushUndelivered(ctx, UNDELIVERED_BATCH) },
  ]
}

function watchedWork(ctx: Ctx, reactions: ReadonlyMap<string, Reaction>, stopping: AbortSignal, ending: AbortSignal): Watched[] {
  const waitedSeconds = () => (ctx.valkey.isUp() ? WAITED_SECONDS : 0)
  const waited = () => ({ waitedSeconds: waitedSeconds(), limit: SWEEP_BATCH })
  return [
    // Two hands: a reaction that waits for a provider keeps one of them, and not what is due beside it.
    { what: 'outbox', hands: 2, batch: SWEEP_BATCH, isDue: () => isOutboxDue(waitedSeconds()), run: () => sweepOutbox(ctx, reactions, waited()) },
    { what: 'inbox', batch: SWEEP_BATCH, isDue: () => isInboxDue(waitedSeconds()), run: () => sweepInbox(ctx, paymentHooks, waited()) },
    { what: 'asks', isDue: () => areAsksDue(ctx), run: () => sweepAsks(ctx, paymentHooks) },
    { what: 'refund-asks', isDue: areRefundAsksDue, run: () => sweepRefundAsks(ctx) },
    { what: 'payout-asks', isDue: arePayoutAsksDue, run: () => sweepPayoutAsks(ctx) },
    { what: 'schedules', batch: HOURS_BATCH, isDue: areEdgesDue, run: () => sweepSchedules(ctx) },
    { what: 'breaks', batch: HOURS_BATCH, isDue: areBreaksOver, run: () => sweepBreaks(ctx) },
    { what: 'announcements', batch: 1, isDue: () => areAnnouncementsDue(ctx), run: () => runAnnouncements(ctx) },
    { what: 'notify-me', isDue: isNotifyAsked, run: () => answerNotify(ctx) },
    { what: 'flags', batch: FLAG_BATCH, isDue: areFlagsLeft, run: () => handleFlags(ctx, FLAG_BATCH) },
    { what: 'alerts', isDue: areAlertsLate, run: () => escalateAlerts(ctx) },
    { what: 'erasures', batch: ERASURE_BATCH, isDue: areErasuresDue, run: () => sweepErasures(ctx, PRIVACY_MAP, ERASURE_BATCH) },
    { what: 'scheduled-notices', batch: NOTICE_BATCH, isDue: areScheduledDue, run: () => sweepScheduled(ctx, NOTICE_BATCH) },
    { what: 'digests', batch: DIGEST_BATCH, isDue: () => areDigestsToWrite(ctx), run: () => sweepDigests(ctx, DIGEST_BATCH) },
    // Two hands: a call that hangs keeps one of them.
    ...LANES.map((lane): Watched => ({ what: 'pushes', hands: 2, batch: PUSH_BATCH, isDue: () => arePushesDue(ctx, lane), run: () => sweepPushes(ctx, lane, pushHooks, { stopping: ending }) })),
    ...LETTER_CHANNELS.map((channel): Watched => ({ what: 'letters', batch: LETTERS_SWEPT, isDue: () => areLettersDue(ctx, channel), run: () => sweepLetters(ctx, channel, stopping) })),
  ]
}

function scheduleTasks(producer: Producer): void {
  for (const [name, task] of Object.entries(TASKS)) producer.schedule(name, task.everyMs)
}

/** Runs a task of the housekeeping until nothing is left, or for so long that the next turn may go on. */
async function runTask(ctx: Ctx, name: string): Promise<void> {
  const task = TASKS[name]
  // Set by another version of the service, which knows it.
  if (!task) return
  const total = await inBatches(ctx, (one, limit) => task.run(one, limit))
  if (total > 0) ctx.log.info({ task: name, rows: total }, 'housekeeping')
}

// One after the other: each is a transaction over a month of days.
async function refreshRollups(ctx: Ctx): Promise<void> {
  for (const rollup of ROLLUPS) await refreshRollup(ctx, rollup)
}

async function measureBusiness(ctx: Ctx): Promise<void> {
  await Promise.all([measureSessions(ctx), measureMitras(ctx), measureMoney(ctx)])
}

async function forgetKeys(ctx: Ctx): Promise<void> {
  for (const forget of KEY_KEEPERS) await inBatches(ctx, forget)
}

async function resendLost(ctx: Ctx): Promise<void> {
  await inBatches(ctx, resendLostRefunds)
  await inBatches(ctx, resendLostPayouts)
}

async function inBatches(ctx: Ctx, run: Task['run']): Promise<number> {
  let total = 0
  for (let batch = 0; batch < TASK_BATCHES_MAX; batch++) {
    const done = await run(ctx, TASK_BATCH)
    total += done
    if (done < TASK_BATCH) break
  }
  return total
}
