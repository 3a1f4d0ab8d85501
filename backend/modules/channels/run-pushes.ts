import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { sql, type SQL } from '../../platform/drizzle.ts'
import type { PushMessage } from '../../platform/gateways.ts'
import { findDeviceTokens, removeDeviceTokens, type DeviceToken } from '../identity/index.ts'
import { areClaimable, beginCalls, claimPushes, type ClaimedPush } from './claim-pushes.ts'
import { FCM_BATCH_MAX } from './fcm-gateway.ts'
import type { Priority } from './kinds.ts'
import { queueOfLane } from './lanes.ts'
import { claimLimit, heldSeconds, hearLimit, wakeAfterHold } from './project-limit.ts'
import { askHooks, type PushHooks, type Verdicts } from './push-hooks.ts'
import { CLAIMS_MAX, decidePush, endPush, planCalls, TRIES_MAX, type PushOutcome } from './rules.ts'
import { settlePushes, type Settled } from './settle-pushes.ts'

/**
 * Pushes of one claim, and of one call where each has one device; as many as FCM answers at once on a connection. What is
 * begun and waits in this process waits on FCM's time: on a slow machine a whole crowd ran out of it, and was tried again.
 */
export const PUSH_BATCH = 100
/** Workers have their chance first while Valkey is up. */
const WAITED_SECONDS = 2
/** Calls of one batch at a time: each is a connection of its own. */
const CALLS_AT_ONCE = 20

/** Batches under way by replica (tests run several in one process) and lane: with them a lane is worked at, whatever waits in it. */
const underWay = new WeakMap<Ctx['pool'], Map<Priority, number>>()

/**
 * Sends due pushes of a lane: one batch. Where that was full the lane is woken again before it is sent, so that whoever
 * has a hand free goes on meanwhile: a call that hangs keeps one hand. Answers how many it took. While staff have closed
 * pushes the rows wait: what is stale when they open again is dropped as ever.
 */
export async function drainPushes(ctx: Ctx, lane: Priority, hooks: PushHooks = {}, most = PUSH_BATCH): Promise<number> {
  if (ctx.settings.get('pushesClosed')) return 0
  if (wakeAfterHold(ctx, lane)) return 0
  const limit = claimLimit(ctx, lane, most)
  const pushes = await claimPushes(ctx, lane, { waitedSeconds: 0, limit })
  const goOn = () => {
    if (pushes.length >= limit) ctx.enqueue(queueOfLane(lane), pushes[0]!.id)
  }
  // On trial nobody goes on before it is known what FCM says.
  const isTrial = limit < most
  if (!isTrial) goOn()
  await runBatch(ctx, lane, hooks, pushes)
  if (isTrial && !wakeAfterHold(ctx, lane)) goOn()
  return pushes.length
}

/** Whether a sweep would find pushes of a lane. */
export function arePushesDue(ctx: Ctx, lane: Priority): SQL {
  if (heldSeconds(ctx, lane) > 0) return sql`false`
  return sql`(select true from pushes where ${areClaimable(lane, ctx.valkey.isUp() ? WAITED_SECONDS : 0)} order by priority, due_at limit 1)`
}

/** Sends due pushes of a lane that no worker has sent: what Valkey lost, and what is tried again. Answers how many it took. */
export async function sweepPushes(ctx: Ctx, lane: Priority, hooks: PushHooks = {}, most = PUSH_BATCH): Promise<number> {
  if (ctx.settings.get('pushesClosed') || heldSeconds(ctx, lane) > 0) return 0
  const limit = claimLimit(ctx, lane, most)
  const isUp = ctx.valkey.isUp()
  // Nothing is lost of a lane that is being worked at: what waits there waits for its turn.
  if (isUp && underWay.get(ctx.pool)?.has(lane) === true) return 0
  const pushes = await claimPushes(ctx, lane, { waitedSeconds: isUp ? WAITED_SECONDS : 0, limit })
  // A full batch is a queue, and no sign that jobs are lost.
  if (pushes.length > 0 && pushes.length < limit) ctx.metrics.sweepRescues.inc({ what: 'pushes' }, pushes.length)
  await runBatch(ctx, lane, hooks, pushes)
  return pushes.length
}

async function runBatch(ctx: Ctx, lane: Priority, hooks: PushHooks, pushes: readonly ClaimedPush[]): Promise<void> {
  if (pushes.length === 0) return
  const lanes = underWay.get(ctx.pool) ?? new Map<Priority, number>()
  underWay.set(ctx.pool, lanes.set(lane, (lanes.get(lane) ?? 0) + 1))
  try {
    crashPoint('push.claimed')
    await sendBatch(ctx, lane, hooks, pushes)
  } finally {
    const left = lanes.get(lane)! - 1
    if (left > 0) lanes.set(lane, left)
    else lanes.delete(lane)
  }
}

/** It waits, and that is no try. */
function holdPush(push: ClaimedPush, delaySeconds: number, reason: string): PushOutcome {
  return { to: 'later', tokens: push.pendingTokens, delaySeconds, reason, isAccepted: push.wasAccepted, isHeld: true }
}

type Ready = ClaimedPush & { tokens: string[]; keepSeconds: number; message: Omit<PushMessage, 'token' | 'ttlSeconds'> }

async function sendBatch(ctx: Ctx, lane: Priority, hooks: PushHooks, pushes: readonly ClaimedPush[]): Promise<void> {
  const over: Settled[] = []
  const living: ClaimedPush[] = []
  for (const push of pushes) {
    const outcome = endBefore(ctx, push)
    if (outcome) over.push({ push, outcome })
    else living.push(push)
  }
  const [devices, verdicts] = await Promise.all([findDeviceTokens(ctx.sql, [...new Set(living.map((push) => push.userId))]), askHooks(ctx, hooks, living)])
  const ready: Ready[] = []
  for (const push of living) {
    const next = prepare(push, devices.get(push.userId) ?? [], verdicts)
    if (next && 'to' in next) over.push({ push, outcome: next })
    else if (next) ready.push(next)
  }
  await settlePushes(ctx, lane, over)
  const calls = planCalls(ready)
  for (let from = 0; from < calls.length; from += CALLS_AT_ONCE) {
    const delaySeconds = heldSeconds(ctx, lane)
    if (delaySeconds > 0) return settlePushes(ctx, lane, calls.slice(from).flat().map((push) => ({ push, outcome: holdPush(push, delaySeconds, push.reason ?? 'provider_limit') })))
    await callAtOnce(ctx, lane, calls.slice(from, from + CALLS_AT_ONCE), calls.slice(from + CALLS_AT_ONCE).flat())
  }
}

/** What needs no call any more. */
function endBefore(ctx: Ctx, push: ClaimedPush): PushOutcome | undefined {
  if (push.leftSeconds <= 0) return endPush(push, 'dropped', 'expired')
  // One whose worker died in its call, each time; one whose workers die before it.
  if (push.tries >= TRIES_MAX || push.attempts - push.holds > CLAIMS_MAX) return endPush(push, 'failed', 'too_many_tries')
  if (!ctx.gateways.push.enabled) return { to: 'dropped', reason: 'push_disabled' }
  return undefined
}

/** The person's devices are those they have now: one that has changed hands since the last try is somebody else's. Undefined: it is left until its claim is over. */
function prepare(push: ClaimedPush, devices: readonly DeviceToken[], verdicts: Verdicts): Ready | PushOutcome | undefined {
  const verdict = verdicts.verdictOf(push)
  if (!verdict) return undefined
  if ('drop' in verdict) return endPush(push, 'dropped', verdict.drop)
  if ('holdSeconds' in verdict) return holdPush(push, verdict.holdSeconds, verdict.reason)
  const tokens = devices.map((device) => device.token).filter((token) => push.pendingTokens?.includes(token) ?? true).slice(0, FCM_BATCH_MAX)
  if (tokens.length === 0) return endPush(push, 'dropped', 'no_device')
  const { keepSeconds, ...words } = verdict
  return { ...push, tokens, keepSeconds, message: { ...words, data: { ...words.data, pushId: push.id }, tag: push.tag, priority: push.priority } }
}

async function callAtOnce(ctx: Ctx, lane: Priority, calls: readonly Ready[][], waiting: readonly Ready[]): Promise<void> {
  const left = await beginCalls(ctx, calls.flat(), waiting)
  crashPoint('push.begun')
  await Promise.all(calls.map((call) => callOnce(ctx, lane, call.filter((push) => left.has(push.id)), left)))
}

async function callOnce(ctx: Ctx, lane: Priority, begun: readonly Ready[], left: ReadonlyMap<string, number>): Promise<void> {
  const leftOf = (push: Ready) => left.get(push.id)!
  const call = begun.filter((push) => leftOf(push) > 0)
  const expired = begun.filter((push) => leftOf(push) <= 0)
  const messages = call.flatMap((push) => push.tokens.map((token): PushMessage => ({ ...push.message, token, ttlSeconds: Math.ceil(Math.min(leftOf(push), push.keepSeconds)) })))
  const results = messages.length > 0 ? await ctx.gateways.push.send(messages) : []
  crashPoint('push.sent')
  let from = 0
  const answered = call.map((push) => ({ push, results: results.slice(from, (from += push.tokens.length)) }))
  hearLimit(ctx, answered)
  const settled = answered.map(({ push, results: own }): Settled =>
    ({ push, outcome: decidePush({ tries: push.tries + 1, leftSeconds: leftOf(push), wasAccepted: push.wasAccepted }, push.tokens, own) }))
  // Both are begun whatever becomes of the other: where tokens can't be removed now, what was sent is not sent again.
  await Promise.all([
    settlePushes(ctx, lane, [...settled, ...expired.map((push): Settled => ({ push, outcome: endPush(push, 'dropped', 'expired') }))]),
    removeDeviceTokens(ctx.sql, messages.flatMap((message, index) => (results[index]?.outcome === 'token_dead' ? [message.token] : []))),
  ])
}
