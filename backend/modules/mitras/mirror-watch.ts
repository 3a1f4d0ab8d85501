import type { Ctx } from '../../platform/ctx.ts'
import { doubtMirror, mirrorSettled, mirrorState } from './mirror.ts'
import { measureDrift } from './mirror-drift.ts'
import { SENTINEL } from './mirror-keys.ts'
import { seedFromPostgres } from './mirror-seed.ts'

const CHECK_MS = 1000

export type Mirror = {
  /** Rebuilds at every (re)connection, after a wipe and after any doubt; measures drift. */
  start(): void
  stop(): Promise<void>
  /** Rebuilds now; see there. */
  seedFromPostgres(): Promise<boolean>
  measureDrift(): Promise<number | undefined>
  /** False while this replica reads Postgres instead. */
  isTrusted(): boolean
}

/** Keeps this replica's view of the mirror true. One a replica. */
export function createMirror(ctx: Ctx): Mirror {
  const state = mirrorState(ctx)
  let seeding: Promise<boolean> | undefined
  let isStopped = false
  let timers: NodeJS.Timeout[] = []
  const running = new Set<Promise<unknown>>()

  const track = (work: Promise<unknown>) => {
    const logged = work.catch((error: unknown) => ctx.log.warn({ err: error }, 'the mirror could not be looked after')).finally(() => running.delete(logged))
    running.add(logged)
  }
  const seed = () => {
    seeding ??= seedFromPostgres(ctx).finally(() => {
      seeding = undefined
    })
    return seeding
  }

  const check = async () => {
    const isWhole = await ctx.valkey.attempt((client) => client.exists(SENTINEL))
    if (isWhole === undefined) return // away: who lost a write then knows it, and Postgres serves
    if (isWhole === 0) doubtMirror(ctx)
    if (!state.isTrusted && !isStopped) await seed()
  }
  let checking = false
  const checkNow = () => {
    if (checking || isStopped) return
    checking = true
    track(check().finally(() => {
      checking = false
    }))
  }
  const watchDrift = () => {
    timers[1] = setTimeout(() => track(measureDrift(ctx).finally(() => {
      if (!isStopped) watchDrift()
    })), ctx.settings.get('driftCheckSeconds') * 1000).unref()
  }

  return {
    start() {
      if (timers.length > 0 || isStopped) return
      ctx.valkey.onConnect(() => {
        doubtMirror(ctx)
        checkNow()
      })
      timers = [setInterval(checkNow, CHECK_MS).unref()]
      watchDrift()
    },
    async stop() {
      isStopped = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running)
      await mirrorSettled(ctx)
    },
    seedFromPostgres: seed,
    measureDrift: () => measureDrift(ctx),
    isTrusted: () => state.isTrusted,
  }
}
