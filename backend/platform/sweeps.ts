import type { Ctx } from './ctx.ts'
import { within } from './within.ts'

export type Sweep = {
  /** Names it in logs and metrics. */
  what: string
  /** Read before every pause: a changed setting is in force at once. */
  everyMs(): number
  /** What `run` takes at most: where it took so many, there may be more, and the next turn comes at once. */
  batch?: number
  run(): Promise<unknown>
}

/**
 * Runs each sweep again and again, one after the other: a slow one never meets itself. What it throws is logged and
 * counted, and the next turn comes. `stop` ends after the turns that are under way, or after the deadline.
 */
export function startSweeps(ctx: Ctx, sweeps: readonly Sweep[]): { stop(deadlineMs: number): Promise<void> } {
  const stopping = new AbortController()
  const loops = sweeps.map((sweep) => loop(ctx, sweep, stopping.signal))
  return {
    async stop(deadlineMs) {
      stopping.abort()
      if (!(await within(deadlineMs, Promise.all(loops)))) ctx.log.warn('a sweep did not end in time')
    },
  }
}

async function loop(ctx: Ctx, sweep: Sweep, stopping: AbortSignal): Promise<void> {
  let failures = 0
  while (!stopping.aborted) {
    try {
      const taken = await sweep.run()
      failures = 0
      if (sweep.batch !== undefined && typeof taken === 'number' && taken >= sweep.batch) continue
    } catch (error) {
      failures++
      ctx.metrics.sweepErrors.inc({ what: sweep.what })
      // A database that is away fails every sweep every second: the first time is worth a line, then one a minute or so.
      if (failures === 1 || failures % 60 === 0) ctx.log.error({ err: error, sweep: sweep.what, failures }, 'a sweep failed')
    }
    // Jitter, so that replicas that started together don't sweep together.
    await pause(sweep.everyMs() * (0.9 + Math.random() / 5), stopping)
  }
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
