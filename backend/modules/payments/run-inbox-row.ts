import { sql, type SQL } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { judgeInboxRow } from './judge-inbox-row.ts'
import { retrySeconds } from './rules.ts'
import type { InboxHooks, Outcome } from './types.ts'

/** A read-back and the application of a payment fit into this; a worker that died is followed after it. */
const LEASE_SECONDS = 30
/** A provider that is away, or a fault of ours, is waited for about two hours; then staff decide. */
const ATTEMPTS_MAX = 30
const MOST_SECONDS = 300
const NO_TURN_SECONDS = 5
/** Events of one claim of a job, and how long a job goes on: a stop waits for it. */
const DRAIN_BATCH = 8
const DRAIN_MS = 1000

type Claimed = { id: string; provider: string; kind: string; body: Buffer; attempts: number }

/** Runs one event of the inbox that is due and not settled. Answers whether it was ours to run. */
export async function runInboxRow(ctx: Ctx, hooks: InboxHooks, id: string): Promise<boolean> {
  const [row] = await claim(ctx, sql`id = ${id}`, 1)
  if (row) await run(ctx, hooks, row)
  return row !== undefined
}

/**
 * What a job does: its own event, then whatever waits besides, several by a claim. A storm wakes only as many jobs as
 * there are hands, and what is beyond them must not wait for the sweep.
 */
export async function drainInbox(ctx: Ctx, hooks: InboxHooks, id: string): Promise<void> {
  await runInboxRow(ctx, hooks, id)
  for (const until = performance.now() + DRAIN_MS; performance.now() < until;) {
    const rows = await claim(ctx, sql`true`, DRAIN_BATCH)
    if (rows.length === 0) return
    await Promise.all(rows.map((row) => run(ctx, hooks, row)))
  }
  ctx.enqueue('inbox', id)
}

/** Runs due events that nobody has run: what Valkey lost, and what is tried again. Answers how many. */
export async function sweepInbox(ctx: Ctx, hooks: InboxHooks, options: { waitedSeconds: number; limit: number }): Promise<number> {
  const rows = await claim(ctx, hasWaited(options.waitedSeconds), options.limit)
  await Promise.all(rows.map((row) => run(ctx, hooks, row)))
  if (rows.length > 0) ctx.metrics.sweepRescues.inc({ what: 'inbox' }, rows.length)
  return rows.length
}

/** Whether there is anything for `sweepInbox`. */
export function isInboxDue(waitedSeconds: number): SQL {
  return sql`(select true from provider_inbox where ${isClaimable} and ${hasWaited(waitedSeconds)} order by due_at limit 1)`
}

const isClaimable = sql`state = 'received' and due_at <= app_now() and (claimed_until is null or claimed_until <= app_now())`
const hasWaited = (seconds: number) => sql`due_at <= app_now() - make_interval(secs => ${seconds})`

async function claim(ctx: Ctx, which: SQL, limit: number): Promise<Claimed[]> {
  const result = await ctx.sql.execute<Claimed>(sql`
    update provider_inbox set claimed_until = app_now() + make_interval(secs => ${LEASE_SECONDS}), attempts = attempts + 1
    where id = any(array(
      select id from provider_inbox
      where ${which} and ${isClaimable}
      order by due_at limit ${limit} for update skip locked))
    returning id, provider, kind, body, attempts`)
  return result.rows
}

async function run(ctx: Ctx, hooks: InboxHooks, row: Claimed): Promise<void> {
  crashPoint('inbox.claimed')
  let outcome: Outcome
  try {
    outcome = await judgeInboxRow(ctx, hooks, row)
  } catch (error) {
    ctx.log.error({ err: error, inboxId: row.id, attempt: row.attempts }, 'an event of the provider could not be applied')
    outcome = { to: 'later', reason: 'fault', isFailure: true }
  }
  if (outcome.to === 'later' && outcome.isFailure && row.attempts >= ATTEMPTS_MAX) outcome = { ...outcome, to: 'parked' }
  crashPoint('inbox.applied')
  await (outcome.to === 'later' ? postpone(ctx, row, outcome) : settle(ctx, row, outcome))
  ctx.metrics.webhooks.inc({ provider: row.provider, kind: row.kind, outcome: outcome.to })
}

// The number of the try is the fence: a worker that was stopped beyond its claim must not judge beside who follows.
async function settle(ctx: Ctx, row: Claimed, outcome: Extract<Outcome, { to: 'applied' | 'parked' }>): Promise<void> {
  await ctx.sql.execute(sql`
    update provider_inbox set state = ${outcome.to}, reason = ${outcome.reason ?? null}, payment_id = ${outcome.paymentId ?? null}, subject_id = ${outcome.subjectId ?? null},
      settled_at = app_now(), claimed_until = null
    where id = ${row.id} and state = 'received' and attempts = ${row.attempts}`)
  ctx.log.info({ inboxId: row.id, kind: row.kind, paymentId: outcome.paymentId, subjectId: outcome.subjectId, state: outcome.to, reason: outcome.reason }, 'an event of the provider is settled')
}

async function postpone(ctx: Ctx, row: Claimed, outcome: Extract<Outcome, { to: 'later' }>): Promise<void> {
  const delaySeconds = outcome.isFailure ? retrySeconds(row.attempts, MOST_SECONDS) : NO_TURN_SECONDS
  await ctx.sql.execute(sql`
    update provider_inbox set due_at = app_now() + make_interval(secs => ${delaySeconds}), reason = ${outcome.reason}, claimed_until = null,
      payment_id = coalesce(${outcome.paymentId ?? null}, payment_id), subject_id = coalesce(${outcome.subjectId ?? null}, subject_id), attempts = attempts - ${outcome.isFailure ? 0 : 1}
    where id = ${row.id} and state = 'received' and attempts = ${row.attempts}`)
  ctx.enqueue('inbox', row.id, { delayMs: delaySeconds * 1000 })
}
