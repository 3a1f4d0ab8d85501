import type { Ctx } from './ctx.ts'
import { sql, type SQL } from './drizzle.ts'
import { within } from './within.ts'

type Work = {
  /** Names it in logs and metrics. */
  what: string
  /** What `run` takes at most: where it took so many, there may be more, and the next turn comes at once. */
  batch?: number
  run(): Promise<unknown>
}

export type Sweep = Work & {
  /** Read before every pause: a changed setting is in force at once. */
  everyMs(): number
}

/** Work that Postgres is asked for together with all other such work: one statement a beat, and none for what is not due. */
export type Watched = Work & {
  /**
   * A condition that is true wherever `run` would find something; it may be true where that finds nothing. Of a large
   * table `(select true … order by … limit 1)`: behind an `exists` Postgres may read all of it where it expects many.
   */
  isDue(): SQL
  /** Turns at a time, one if absent: with two, a turn that hangs keeps nobody from what becomes due beside it. */
  hands?: number
}

/**
 * Runs each sweep again and again, one after the other: a slow one never meets itself; what is watched, whenever it is
 * due. What they throw is logged and counted, and the next turn comes. `stop` ends after the turns that are under way,
 * or after the deadline.
 */
export function startSweeps(ctx: Ctx, sweeps: readonly Sweep[], look?: { everyMs(): number; watched: readonly Watched[] }): { stop(deadlineMs: number): Promise<void> } {
  const stopping = new AbortController()
  const watch = look && createWatch(ctx, look.watched, stopping.signal)
  const all: Sweep[] = look && watch ? [...sweeps, { what: 'look', everyMs: () => look.everyMs(), run: () => watch.look() }] : [...sweeps]
  const loops = all.map((sweep) => loop(ctx, sweep, stopping.signal))
  return {
    async stop(deadlineMs) {
      stopping.abort()
      // A look may still begin turns: those are waited for when no more looks come.
      const ended = Promise.all(loops).then(() => watch && Promise.all(watch.turns))
      if (!(await within(deadlineMs, ended))) ctx.log.warn('a sweep did not end in time')
    },
  }
}

async function loop(ctx: Ctx, sweep: Sweep, stopping: AbortSignal): Promise<void> {
  const turn = createTurn(ctx, sweep, stopping)
  while (!stopping.aborted) {
    await turn()
    // Jitter, so that replicas that started together don't sweep together.
    await pause(sweep.everyMs() * (0.9 + Math.random() / 5), stopping)
  }
}

/** A turn of this work, until nothing more is to be had at once; it never throws. */
function createTurn(ctx: Ctx, work: Work, stopping: AbortSignal): () => Promise<void> {
  const { what, batch = Infinity } = work
  let failures = 0
  return async () => {
    try {
      for (let taken: unknown = batch; typeof taken === 'number' && taken >= batch && !stopping.aborted;) {
        taken = await work.run()
        failures = 0
      }
    } catch (error) {
      failures++
      ctx.metrics.sweepErrors.inc({ what })
      // A database that is away fails every sweep every second: the first time is worth a line, then one a minute or so.
      if (failures === 1 || failures % 60 === 0) ctx.log.error({ err: error, sweep: what, failures }, 'a sweep failed')
    }
  }
}

/** One look, which waits for no turn that it begins; and the turns that are under way. */
function createWatch(ctx: Ctx, watched: readonly Watched[], stopping: AbortSignal) {
  const turns = new Set<Promise<void>>()
  const known = watched.map((work) => ({ work, turn: createTurn(ctx, work, stopping), hands: work.hands ?? 1 }))
  const begin = (one: (typeof known)[number]) => {
    if (one.hands === 0 || stopping.aborted) return
    one.hands -= 1
    const turn = one.turn().finally(() => {
      one.hands += 1
      turns.delete(turn)
    })
    turns.add(turn)
  }
  return {
    turns,
    async look(): Promise<void> {
      try {
        const due = await findDue(ctx, watched)
        for (const one of known) if (due.has(one.work)) begin(one)
      } catch (error) {
        // One question that can't be answered must not keep back the others: each looks for itself.
        for (const one of known) begin(one)
        throw error
      }
    },
  }
}

async function findDue(ctx: Ctx, watched: readonly Watched[]): Promise<Set<Watched>> {
  const { rows } = await ctx.sql.execute<{ place: number }>(sql.join(watched.map((work, place) => sql`select ${sql.raw(String(place))} as place where ${work.isDue()}`), sql` union all `))
  return new Set(rows.map(({ place }) => watched[place]!))
}

function pause(ms: number, stopping: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = () => {
    clearTimeout(timer)
    stopping.removeEventListener('abort', end)
    resolve()
  }
  const timer = setTimeout(end, ms)
  stopping.addEventListener('abort', end)
  if (stopping.aborted) end()
  return promise
}
