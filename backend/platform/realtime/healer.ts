import type { Ctx } from '../ctx.ts'
import type { DatabaseClock } from './database-clock.ts'
import type { Healed, Hub } from './hub.ts'

/** What a healer may ask about: who is connected here, and how far back it has to look. */
export type HealWindow = {
  /** Everybody connected to this replica; the same array until somebody comes or goes. */
  userIds: readonly string[]
  /** Changes of the last so many seconds, by the database's time: since the last look, and the overlap. */
  sinceSeconds: number
  hub: Hub
}

/** Finds in Postgres what its module published, so that what pub/sub lost is delivered all the same. */
export type Healer = { what: string; find(ctx: Ctx, window: HealWindow): Promise<readonly Healed[]> }

export type HealerLoop = { start(): void; stop(): Promise<void>; /** Looks now, for tests and after Valkey came back. */ look(): Promise<void> }

/** A look that Postgres does not answer is given up: the next one covers its time. */
const LOOK_TIMEOUT_MS = 4000

/**
 * Every `healMs` each healer is asked what changed since its watermark less the overlap, and the sockets of this
 * replica get what they have not had. Watermarks are the database's time, one a healer: a failed look is repeated
 * whole. Asks nothing while nobody is connected.
 */
export function createHealerLoop(ctx: Ctx, hub: Hub, clock: DatabaseClock, healers: readonly Healer[]): HealerLoop {
  const watermarks = new Map<Healer, number>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let isStopped = false

  const ask = async (healer: Healer, nowMs: number) => {
    const ageMs = Math.max(0, nowMs - (watermarks.get(healer) ?? nowMs))
    const found = await healer.find(ctx, { userIds: hub.userIds(), sinceSeconds: ageMs / 1000 + ctx.settings.get('healOverlapSeconds'), hub })
    const delivered = hub.heal(found)
    if (delivered > 0) ctx.metrics.healed.inc({ what: healer.what }, delivered)
    watermarks.set(healer, nowMs)
  }
  const askAll = async () => {
    if (hub.userIds().length === 0) {
      // Whoever connects next reads everything in `ready`.
      watermarks.clear()
      return
    }
    const nowMs = await clock.read(ctx.sql)
    await Promise.all(healers.map((healer) => ask(healer, nowMs).catch((error: unknown) => ctx.log.warn({ err: error, what: healer.what }, 'a healer failed'))))
  }
  const look = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const giveUp = setTimeout(resolve, LOOK_TIMEOUT_MS)
    await Promise.race([promise, askAll().catch((error: unknown) => ctx.log.warn({ err: error }, 'the healer could not ask'))])
    clearTimeout(giveUp)
  }
  const loop = () => {
    timer = setTimeout(() => {
      looking = look().then(() => (isStopped ? undefined : loop()))
    }, ctx.settings.get('healMs'))
  }
  return {
    start: loop,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await looking
    },
    look,
  }
}
