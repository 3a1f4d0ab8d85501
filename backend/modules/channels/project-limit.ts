import type { Ctx } from '../../platform/ctx.ts'
import type { PushResult } from '../../platform/gateways.ts'
import type { Priority } from './kinds.ts'
import { queueOfLane } from './lanes.ts'

/** Longer than this nobody is believed: FCM is asked again by a few. */
const MOST_SECONDS = 300
/** FCM says the same where one device gets too much: of as many people it means the project. */
const PEOPLE_MIN = 2
/** Where it refuses by the minute and names no time, FCM means one at least. */
const MINUTE_SECONDS = 60
/** Pushes of a claim after a hold, until FCM takes them again. */
const TRIAL = 10

type Limit = {
  heldUntilMs: number
  isOnTrial: boolean
  /** Who was refused since FCM took most of a call, and until when. */
  people: Map<string, number>
  /** The end of the hold for which a lane will be woken. */
  wokenFor: Map<Priority, number>
}

/** By replica; tests run several in one process. */
const limits = new WeakMap<Ctx['pool'], Limit>()

function limitOf(ctx: Ctx): Limit {
  const known = limits.get(ctx.pool) ?? { heldUntilMs: 0, isOnTrial: false, people: new Map(), wokenFor: new Map() }
  limits.set(ctx.pool, known)
  return known
}

/**
 * For how many seconds this replica begins no call of the lane, because FCM asked for it. What is urgent tries all the
 * same: a ring is worth nothing later, and there are few of them.
 */
export function heldSeconds(ctx: Ctx, lane: Priority): number {
  return lane === 'urgent' ? 0 : Math.max(0, limitOf(ctx).heldUntilMs - ctx.clock.nowMs()) / 1000
}

/** How many of `limit` a claim of the lane may take: a few after a hold, so that a flood spends no tries to learn that it isn't over. */
export function claimLimit(ctx: Ctx, lane: Priority, limit: number): number {
  return lane !== 'urgent' && limitOf(ctx).isOnTrial ? Math.min(limit, TRIAL) : limit
}

/** Answers whether the lane is held; then it is woken at the end of that, once, in place of the jobs that come meanwhile. */
export function wakeAfterHold(ctx: Ctx, lane: Priority): boolean {
  const seconds = heldSeconds(ctx, lane)
  if (seconds === 0) return false
  const { heldUntilMs, wokenFor } = limitOf(ctx)
  if (wokenFor.get(lane) !== heldUntilMs) ctx.enqueue(queueOfLane(lane), ctx.ids.next(), { delayMs: seconds * 1000 })
  wokenFor.set(lane, heldUntilMs)
  return true
}

/**
 * Hears what FCM has said of a call of `messages` so far: where it refused most of them for a time, whatever it will say of
 * the others, all below urgent waits. The pushes themselves are tried again as ever.
 */
export function hearLimit(ctx: Ctx, answered: readonly { push: { userId: string }; results: readonly PushResult[] }[], messages: number, random: () => number = Math.random): void {
  const limit = limitOf(ctx)
  const nowMs = ctx.clock.nowMs()
  const answers = answered.flatMap(({ push, results }) => results.map((result) => ({ ...result, userId: push.userId })))
  const accepted = answers.filter((answer) => answer.outcome === 'accepted').length
  const refused = answers.flatMap((answer) => {
    if (answer.outcome !== 'retry') return []
    const seconds = secondsOfProject(answer)
    return seconds === undefined ? [] : [{ userId: answer.userId, seconds, reason: answer.reason }]
  })
  const open = messages - answers.length
  if (accepted > 0 && accepted >= refused.length + open) {
    limit.people.clear()
    // What was begun before a hold ends nothing.
    if (limit.heldUntilMs <= nowMs) limit.isOnTrial = false
  }
  if (refused.length <= accepted + open) return
  for (const [userId, untilMs] of limit.people) if (untilMs <= nowMs) limit.people.delete(userId)
  for (const { userId, seconds } of refused) limit.people.set(userId, nowMs + seconds * 1000)
  if (!limit.isOnTrial && limit.people.size < PEOPLE_MIN) return
  const seconds = Math.min(Math.max(...refused.map((one) => one.seconds)), MOST_SECONDS) * (1 + random() / 10)
  if (limit.heldUntilMs <= nowMs) ctx.log.warn({ provider: 'fcm', reason: refused[0]!.reason, seconds: Math.ceil(seconds) }, 'the push provider takes no more just now: all below urgent waits')
  limit.heldUntilMs = Math.max(limit.heldUntilMs, nowMs + seconds * 1000)
  limit.isOnTrial = true
  limit.people.clear()
}

/** For how long FCM refuses the whole project by this answer; undefined: it doesn't, or it does not say so. */
function secondsOfProject({ reason, afterSeconds }: Extract<PushResult, { outcome: 'retry' }>): number | undefined {
  if (reason === 'message-rate-exceeded') return afterSeconds ?? MINUTE_SECONDS
  return reason === 'server-unavailable' ? afterSeconds : undefined
}
