import { sql } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { PushMessage, PushResult } from '../../platform/gateways.ts'
import { findDeviceTokens, removeDeviceTokens } from '../identity/index.ts'
import { claimPushes, isStillOurs, type ClaimedPush } from './claim-pushes.ts'
import { FCM_BATCH_MAX } from './fcm-gateway.ts'
import { decidePush, TRIES_MAX, type PushOutcome } from './rules.ts'

/** Workers have their chance first while Valkey is up. */
const WAITED_SECONDS = 2
const SWEEP_LIMIT = 20

/** Sends one push that is due, if nobody else is at it. While staff have closed pushes the rows wait: what is stale when they open again is dropped as ever. Answers whether it was ours. */
export async function runPush(ctx: Ctx, id: string): Promise<boolean> {
  if (ctx.settings.get('pushesClosed')) return false
  const [push] = await claimPushes(ctx, sql`id = ${id}`, 1)
  if (push) await run(ctx, push)
  return push !== undefined
}

/** Sends due pushes that no worker has sent: what Valkey lost, and what is tried again. Answers how many. */
export async function sweepPushes(ctx: Ctx, limit = SWEEP_LIMIT): Promise<number> {
  if (ctx.settings.get('pushesClosed')) return 0
  const waitedSeconds = ctx.valkey.isUp() ? WAITED_SECONDS : 0
  const pushes = await claimPushes(ctx, sql`due_at <= app_now() - make_interval(secs => ${waitedSeconds})`, limit)
  await Promise.all(pushes.map((push) => run(ctx, push).catch((error: unknown) => ctx.log.error({ err: error, pushId: push.id }, 'a push could not be run'))))
  if (pushes.length > 0) ctx.metrics.sweepRescues.inc({ what: 'pushes' }, pushes.length)
  return pushes.length
}

async function run(ctx: Ctx, push: ClaimedPush): Promise<void> {
  crashPoint('push.claimed')
  const outcome = await send(ctx, push)
  crashPoint('push.sent')
  // Stopped beyond its claim: whoever follows decides.
  if (!outcome) return
  ctx.metrics.pushes.inc({ result: outcome.to === 'dropped' || outcome.to === 'failed' ? outcome.reason : outcome.to })
  if (outcome.to === 'later') await postpone(ctx, push, outcome)
  else await settle(ctx, push, outcome)
}

async function send(ctx: Ctx, push: ClaimedPush): Promise<PushOutcome | undefined> {
  if (push.leftSeconds <= 0) return { to: 'dropped', reason: 'expired' }
  if (push.attempts > TRIES_MAX) return { to: 'failed', reason: 'too_many_tries' }
  if (!ctx.gateways.push.enabled) return { to: 'dropped', reason: 'push_disabled' }
  const tokens = await findTokens(ctx, push)
  if (tokens.length === 0) return { to: 'dropped', reason: 'no_device' }
  if (!(await isStillOurs(ctx, push))) return undefined
  const results = await sendAll(ctx, tokens.map((token) => messageFor(push, token)))
  await removeDeviceTokens(ctx.sql, tokens.filter((_, index) => results[index]?.outcome === 'token_dead'))
  return decidePush(push, tokens, results)
}

/** The person's devices as they are now: one that has changed hands since the last try is somebody else's. */
async function findTokens(ctx: Ctx, push: ClaimedPush): Promise<string[]> {
  const devices = (await findDeviceTokens(ctx.sql, [push.userId])).get(push.userId) ?? []
  return devices.map((device) => device.token).filter((token) => push.pendingTokens?.includes(token) ?? true)
}

async function sendAll(ctx: Ctx, messages: readonly PushMessage[]): Promise<PushResult[]> {
  const calls: Promise<PushResult[]>[] = []
  for (let from = 0; from < messages.length; from += FCM_BATCH_MAX) calls.push(ctx.gateways.push.send(messages.slice(from, from + FCM_BATCH_MAX)))
  return (await Promise.all(calls)).flat()
}

function messageFor(push: ClaimedPush, token: string): PushMessage {
  return {
    token, title: push.title, body: push.body, data: push.data, tag: push.tag,
    ttlSeconds: Math.ceil(push.leftSeconds), highPriority: push.highPriority,
  }
}

// The number of the try is the fence: a worker that was followed meanwhile changes nothing any more.
async function settle(ctx: Ctx, push: ClaimedPush, outcome: Exclude<PushOutcome, { to: 'later' }>): Promise<void> {
  await ctx.sql.execute(sql`
    update pushes set state = ${outcome.to}, reason = ${outcome.to === 'sent' ? null : outcome.reason}, settled_at = app_now(), claimed_until = null, pending_tokens = null
    where id = ${push.id} and state = 'queued' and attempts = ${push.attempts}`)
  if (outcome.to !== 'sent') ctx.log.info({ pushId: push.id, kind: push.kind, state: outcome.to, reason: outcome.reason, tries: push.attempts }, 'a push was not delivered')
}

async function postpone(ctx: Ctx, push: ClaimedPush, outcome: Extract<PushOutcome, { to: 'later' }>): Promise<void> {
  const { rows } = await ctx.sql.execute(sql`
    update pushes set due_at = app_now() + make_interval(secs => ${outcome.delaySeconds}), reason = ${outcome.reason}, claimed_until = null,
      pending_tokens = ${JSON.stringify(outcome.tokens)}::jsonb
    where id = ${push.id} and state = 'queued' and attempts = ${push.attempts}
    returning id`)
  if (rows.length > 0) ctx.enqueue('pushes', push.id, { delayMs: outcome.delaySeconds * 1000 })
}
