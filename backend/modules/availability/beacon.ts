import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findCapacity } from '../mitras/index.ts'
import { availabilityReply, type Availability } from './contract.ts'

/** What the sessions know: given by name when the routes are mounted. */
export type QueueCounts = {
  countQueue(handle: Queryable): Promise<number>
  estimateWait(ctx: Ctx): Promise<{ p50: number; p90: number } | null>
}

/** Ready to be sent; text, which leaves in one write with its head. The tag is of the numbers, not of the time at which they were counted. */
export type Answer = { body: string; etag: string }
export type Beacon = {
  read(): Promise<Answer>
  /** What is in memory and still fresh. */
  peek(): Answer | undefined
}

/** The mirror's snapshot, exactly as everybody outside knows it. */
const SNAPSHOT = 'availability:snapshot'
const FILLING = 'lock:availability-snapshot'
const FILLING_MS = 3000
const MEMORY_MS = 1000
/** Who polls waits this long for a count; from then on everybody is told what is remembered until it has ended. */
const PATIENCE_MS = 250
/** What is older than this is told only where a count has failed. */
const FORGET_MS = 60_000
/** Who waits for another replica's count looks this often; gives up after this, or when that one has. */
const LOOK_MS = 40
const LOOKS = 50

/**
 * The numbers of the moment for everybody who polls: from this process's memory for a second, then from the snapshot
 * key, then counted in Postgres by one replica at a time. Without Valkey each replica counts, once a second. While
 * Postgres is slow or away: the last known, with their time, and nobody waits.
 */
export function createBeacon(ctx: Ctx, counts: QueueCounts): Beacon {
  let memory: { answer: Answer; readAt: number } | undefined
  let loading: Promise<Answer> | undefined
  let isSlow = false

  const load = async (): Promise<Answer> => {
    try {
      const answer = answerOf((await findShared(ctx)) ?? (await fill(ctx, counts)))
      memory = { answer, readAt: performance.now() }
      return answer
    } catch (error) {
      ctx.log.warn({ err: error }, 'availability could not be counted')
      if (!memory) throw new AppError('not_ready', 'availability is not known yet')
      memory.readAt = performance.now()
      return memory.answer // an old number with its time is better than none
    }
  }
  const remembered = (withinMs: number) => (memory && performance.now() - memory.readAt < withinMs ? memory.answer : undefined)
  const begin = (): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const patience = setTimeout(() => {
      const old = remembered(FORGET_MS)
      if (!old) return
      isSlow = true
      resolve(old)
    }, PATIENCE_MS)
    void load().then(resolve, reject).finally(() => {
      clearTimeout(patience)
      isSlow = false
      loading = undefined
    })
    return promise
  }

  const peek = () => (isSlow ? memory?.answer : remembered(MEMORY_MS))
  return {
    peek,
    async read() {
      const fresh = peek()
      if (fresh) return fresh
      return (loading ??= begin())
    },
  }
}

async function findShared(ctx: Ctx): Promise<Availability | undefined> {
  const text = await ctx.valkey.attempt((client) => client.get(SNAPSHOT))
  return typeof text === 'string' ? parse(text) : undefined
}

async function fill(ctx: Ctx, counts: QueueCounts): Promise<Availability> {
  const turn = await ctx.valkey.attempt((client) => client.set(FILLING, '1', 'PX', FILLING_MS, 'NX'))
  if (turn === null) {
    const shared = await waitForShared(ctx)
    if (shared) return shared
  }
  const availability = await count(ctx, counts).catch(async (error: unknown) => {
    // Others need not wait for what does not come.
    if (turn === 'OK') await ctx.valkey.attempt((client) => client.del(FILLING))
    throw error
  })
  const lifeMs = ctx.settings.get('snapshotSeconds') * 1000
  await ctx.valkey.attempt((client) => client.multi().set(SNAPSHOT, JSON.stringify(availability), 'PX', lifeMs).del(FILLING).exec())
  return availability
}

async function waitForShared(ctx: Ctx): Promise<Availability | undefined> {
  for (let look = 0; look < LOOKS && ctx.valkey.isUp(); look++) {
    await sleep(LOOK_MS)
    const [text, filling] = await ctx.valkey.attempt((client) => client.mget(SNAPSHOT, FILLING)) ?? []
    const shared = typeof text === 'string' ? parse(text) : undefined
    if (shared || filling === null) return shared
  }
  return undefined
}

async function count(ctx: Ctx, counts: QueueCounts): Promise<Availability> {
  const [{ mitrasOnline, mitrasFree }, queueLength, waitSeconds, time] = await Promise.all([
    findCapacity(ctx.sql), counts.countQueue(ctx.sql), counts.estimateWait(ctx), ctx.sql.execute<{ now: string }>(sql`select app_now() as now`),
  ])
  return { mitrasOnline, mitrasFree, queueLength, waitSeconds, asOf: new Date(time.rows[0]!.now).toISOString() }
}

function parse(text: string): Availability | undefined {
  try {
    return availabilityReply.safeParse(JSON.parse(text)).data
  } catch {
    return undefined // somebody else wrote it: counted anew
  }
}

function answerOf(availability: Availability): Answer {
  const { asOf: _asOf, ...numbers } = availability
  const hash = createHash('sha256').update(JSON.stringify(numbers)).digest('base64url').slice(0, 16)
  return { body: JSON.stringify(availability), etag: `W/"${hash}"` }
}
