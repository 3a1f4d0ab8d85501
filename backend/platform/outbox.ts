import { sql as fragment, type SQL } from './drizzle.ts'
import type { z } from 'zod'
import { crashPoint } from './crash-points.ts'
import type { Ctx, Tx } from './ctx.ts'

/** What is to happen because of a commit. Ids only: the reaction reads the rows as they are then. */
export type OutboxEntry = { topic: string; payload: Record<string, string>; dueInSeconds?: number }

/** What answers to a topic; `worker.ts` lists them all. `run` must be idempotent by row state. */
export type Reaction<P = Record<string, string>> = { topic: string; payload: z.ZodType<P>; run(ctx: Ctx, payload: P): Promise<void> }

/** Keeps a topic's payload type together with what runs on it. */
export function reaction<P>(definition: Reaction<P>): Reaction {
  return definition as unknown as Reaction // the payload is parsed by its own schema before `run` sees it
}

/** The reactions by topic. Throws where a topic has two: one of them would never run. */
export function reactionsByTopic(reactions: readonly Reaction[]): ReadonlyMap<string, Reaction> {
  const byTopic = new Map<string, Reaction>()
  for (const one of reactions) {
    if (byTopic.has(one.topic)) throw new Error(`two reactions to ${one.topic}`)
    byTopic.set(one.topic, one)
  }
  return byTopic
}

/** A claimed row is not taken by anybody else for this long; a worker that died is followed after it. */
const LEASE_SECONDS = 30
/** A row that failed this often waits for staff. */
const ATTEMPTS_MAX = 12

/** Writes the entries in this transaction and wakes a worker once it is committed. */
export async function writeOutbox(tx: Tx, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map((entry) => ({ id: tx.ids.next(), ...entry }))
  const traceparent = await traceOf(tx)
  await tx.sql.execute(fragment`
    insert into outbox (id, topic, payload, due_at${traceparent === undefined ? fragment`` : fragment`, traceparent`})
    select r.id, r.topic, r.payload, app_now() + make_interval(secs => r.due)${traceparent === undefined ? fragment`` : fragment`, ${traceparent}::text`}
    from jsonb_to_recordset(${JSON.stringify(rows.map((row) => ({ id: row.id, topic: row.topic, payload: row.payload, due: row.dueInSeconds ?? 0 })))}::jsonb)
      as r(id uuid, topic text, payload jsonb, due double precision)`)
  tx.afterCommit(() => {
    for (const row of rows) tx.enqueue('outbox', row.id, { delayMs: (row.dueInSeconds ?? 0) * 1000 })
  })
}

/** Whether the schema is new enough to keep them: code may run before its migration. */
const keepsTraces = new WeakSet<Tx['pool']>()

async function traceOf(tx: Tx): Promise<string | undefined> {
  const traceparent = tx.tracing.traceparent()
  if (traceparent === undefined || keepsTraces.has(tx.pool)) return traceparent
  const { rowCount } = await tx.sql.execute(fragment`select 1 from pg_attribute where attrelid = 'outbox'::regclass and attname = 'traceparent' and not attisdropped`)
  if (rowCount === 0) return undefined
  keepsTraces.add(tx.pool)
  return traceparent
}

type Claimed = { id: string; topic: string; payload: unknown; attempts: number; traceparent: string | null }

/** Claims one due row by its id and runs its reaction. Answers whether it was ours to run. */
export async function runOutboxRow(ctx: Ctx, reactions: ReadonlyMap<string, Reaction>, id: string, by: 'job' | 'sweep'): Promise<boolean> {
  const [row] = await claim(ctx, fragment`id = ${id}`, 1)
  if (row) await runClaimed(ctx, reactions, row, by)
  return row !== undefined
}

/** Whether there is anything for `sweepOutbox`. */
export function isOutboxDue(waitedSeconds: number): SQL {
  return fragment`(select true from outbox where ${isClaimable} and ${hasWaited(waitedSeconds)} order by due_at limit 1)`
}

/**
 * Claims and runs due rows that nobody has run yet: what Valkey lost, and what is due later. `waitedSeconds` leaves
 * the workers their chance while Valkey is up. Answers how many it ran.
 */
export async function sweepOutbox(ctx: Ctx, reactions: ReadonlyMap<string, Reaction>, options: { waitedSeconds: number; limit: number }): Promise<number> {
  const rows = await claim(ctx, hasWaited(options.waitedSeconds), options.limit)
  await Promise.all(rows.map((row) => runClaimed(ctx, reactions, row, 'sweep')))
  if (rows.length > 0) ctx.metrics.sweepRescues.inc({ what: 'outbox' }, rows.length)
  return rows.length
}

const isClaimable = fragment`done_at is null and parked_at is null and due_at <= app_now() and (claimed_until is null or claimed_until < app_now())`
const hasWaited = (seconds: number) => fragment`due_at <= app_now() - make_interval(secs => ${seconds})`

// SKIP LOCKED and never a cursor over ids: transactions commit out of order, and a cursor would skip rows for ever.
async function claim(ctx: Ctx, which: SQL, limit: number): Promise<Claimed[]> {
  const result = await ctx.sql.execute<Claimed>(fragment`
    update outbox set claimed_until = app_now() + make_interval(secs => ${LEASE_SECONDS}), attempts = attempts + 1
    where id = any(array(
      select id from outbox
      where ${which} and ${isClaimable}
      order by due_at limit ${limit} for update skip locked))
    returning id, topic, payload, attempts, to_jsonb(outbox) ->> 'traceparent' as traceparent`)
  return result.rows
}

async function runClaimed(ctx: Ctx, reactions: ReadonlyMap<string, Reaction>, row: Claimed, by: 'job' | 'sweep'): Promise<void> {
  try {
    // One that kills its worker every time never comes to be postponed: its claims are counted.
    if (row.attempts > ATTEMPTS_MAX) throw new Error('claimed too often')
    const known = reactions.get(row.topic)
    if (!known) throw new Error(`no reaction to ${row.topic}`)
    crashPoint('outbox.claimed')
    // What caused it goes on here, however long it waited and whoever found it.
    await ctx.tracing.run(`outbox ${row.topic}`, 'consumer', () => known.run(ctx, known.payload.parse(row.payload)), { 'outbox.topic': row.topic, 'outbox.attempt': row.attempts, 'outbox.by': by }, row.traceparent)
    crashPoint('outbox.run')
    await ctx.sql.execute(fragment`update outbox set done_at = app_now(), claimed_until = null where id = ${row.id}`)
    ctx.metrics.outboxDone.inc({ topic: row.topic, by })
  } catch (error) {
    ctx.log.error({ err: error, outboxId: row.id, topic: row.topic, attempt: row.attempts }, 'a reaction failed')
    await postpone(ctx, row, error)
  }
}

// The number of the try is the fence: a worker that was stopped beyond its claim must not end the claim of who follows.
async function postpone(ctx: Ctx, row: Claimed, error: unknown): Promise<void> {
  const isParked = row.attempts >= ATTEMPTS_MAX
  const delaySeconds = Math.min(2 ** (row.attempts - 1), 300)
  const { rowCount } = await ctx.sql.execute(fragment`
    update outbox set claimed_until = null, last_error = ${(error instanceof Error ? error.name : 'error').slice(0, 200)},
      due_at = app_now() + make_interval(secs => ${delaySeconds}),
      parked_at = case when ${isParked} then app_now() end
    where id = ${row.id} and done_at is null and attempts = ${row.attempts}`)
  if (rowCount === 0) return
  if (isParked) ctx.metrics.outboxParked.inc({ topic: row.topic })
  else ctx.enqueue('outbox', row.id, { delayMs: delaySeconds * 1000 })
}
