import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { PushMessage, PushResult } from '../../platform/gateways.ts'
import { within } from '../../platform/within.ts'
import { findDeviceTokens, removeDeviceTokens, type DeviceToken } from '../identity/index.ts'
import { beginCalls, type ClaimedPush } from './claim-pushes.ts'
import { FCM_BATCH_MAX } from './fcm-gateway.ts'
import type { Priority } from './kinds.ts'
import { hearLimit, heldSeconds } from './project-limit.ts'
import { askHooks, type PushHooks, type Verdicts } from './push-hooks.ts'
import { CLAIMS_MAX, decidePush, endPush, planCalls, TRIES_MAX, type PushOutcome } from './rules.ts'
import { settlePushes, type Settled } from './settle-pushes.ts'

/** Calls of one batch at a time: each is a connection of its own. */
const CALLS_AT_ONCE = 20
/** A call that is not over is settled this often, as far as it has answers: one device that hangs keeps nobody’s back. */
const SETTLE_MS = 1000
/** With no more answers open than this a batch lets others go on. */
const FEW = 10

/** `open`: messages whose pushes are not settled yet. */
type Batch = { ctx: Ctx; lane: Priority; open: number; giveBack: () => void }

/** It waits, and that is no try. */
function holdPush(push: ClaimedPush, delaySeconds: number, reason: string): PushOutcome {
  return { to: 'later', tokens: push.pendingTokens, delaySeconds, reason, isAccepted: push.wasAccepted, isHeld: true }
}

type Ready = ClaimedPush & { tokens: string[]; keepSeconds: number; message: Omit<PushMessage, 'token' | 'ttlSeconds'> }

/** Sends what was claimed. `giveBack` is called where all but a few have their answers, and those let wait: then others go on. */
export async function sendBatch(ctx: Ctx, lane: Priority, hooks: PushHooks, pushes: readonly ClaimedPush[], giveBack: () => void): Promise<void> {
  crashPoint('push.claimed')
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
  const batch: Batch = { ctx, lane, open: countMessages(ready), giveBack }
  for (let from = 0; from < calls.length; from += CALLS_AT_ONCE) {
    const delaySeconds = heldSeconds(ctx, lane)
    if (delaySeconds > 0) return settlePushes(ctx, lane, calls.slice(from).flat().map((push) => ({ push, outcome: holdPush(push, delaySeconds, push.reason ?? 'provider_limit') })))
    await callAtOnce(batch, calls.slice(from, from + CALLS_AT_ONCE), calls.slice(from + CALLS_AT_ONCE).flat())
  }
}

const countMessages = (pushes: readonly Ready[]) => pushes.reduce((sum, push) => sum + push.tokens.length, 0)

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

async function callAtOnce(batch: Batch, calls: readonly Ready[][], waiting: readonly Ready[]): Promise<void> {
  const left = await beginCalls(batch.ctx, calls.flat(), waiting)
  // Nobody waits for what is over, or somebody else's by now.
  batch.open -= countMessages(calls.flat().filter((push) => (left.get(push.id) ?? 0) <= 0))
  crashPoint('push.begun')
  await Promise.all(calls.map((call) => callOnce(batch, call.filter((push) => left.has(push.id)), left)))
}

type Part = { push: Ready; results: PushResult[] }

async function callOnce(batch: Batch, begun: readonly Ready[], left: ReadonlyMap<string, number>): Promise<void> {
  const leftOf = (push: Ready) => left.get(push.id)!
  const expired = begun.filter((push) => leftOf(push) <= 0).map((push): Settled => ({ push, outcome: endPush(push, 'dropped', 'expired') }))
  const parts = begun.filter((push) => leftOf(push) > 0).map((push): Part => ({ push, results: [] }))
  let open = parts
  const places = parts.flatMap((part) => part.push.tokens.map((token, at) => ({ part, token, at })))
  const hear = (index: number, result: PushResult) => {
    const { part, at } = places[index]!
    part.results[at] = result
  }
  const messages = places.map(({ part: { push }, token }): PushMessage => ({ ...push.message, token, ttlSeconds: Math.ceil(Math.min(leftOf(push), push.keepSeconds)) }))
  const sending = messages.length > 0 ? batch.ctx.gateways.push.send(messages, hear) : Promise.resolve([])
  const isAnswered = ({ push, results }: Part) => push.tokens.every((_, at) => results[at])
  const decide = ({ push, results }: Part): Settled => ({ push, outcome: decidePush({ tries: push.tries + 1, leftSeconds: leftOf(push), wasAccepted: push.wasAccepted }, push.tokens, results) })
  // Who has their answer waits for nobody who has none.
  for (let isOver = false; !isOver;) {
    isOver = await within(SETTLE_MS, sending)
    if (isOver) {
      for (const [index, result] of (await sending).entries()) hear(index, result)
      crashPoint('push.sent')
    }
    const done = open.filter(isAnswered)
    if (done.length > 0) hearLimit(batch.ctx, parts, messages.length)
    try {
      await settleParts(batch, done, [...done.map(decide), ...(isOver ? expired : [])])
      open = open.filter((part) => !done.includes(part))
      batch.open -= countMessages(done.map(({ push }) => push))
      if (!isOver && batch.open <= FEW) batch.giveBack()
    } catch (error) {
      if (isOver) throw error
      batch.ctx.log.warn({ err: error, pushes: done.length }, 'pushes could not be settled before the end of their call')
    }
  }
}

async function settleParts({ ctx, lane }: Batch, parts: readonly Part[], settled: readonly Settled[]): Promise<void> {
  // Both are begun whatever becomes of the other: where tokens can't be removed now, what was sent is not sent again.
  await Promise.all([
    settlePushes(ctx, lane, settled),
    removeDeviceTokens(ctx.sql, parts.flatMap(({ push, results }) => push.tokens.filter((_, at) => results[at]!.outcome === 'token_dead'))),
  ])
}
