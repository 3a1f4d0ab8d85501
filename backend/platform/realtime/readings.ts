import type { UserActor } from '../access.ts'
import { coalesce } from '../coalesce.ts'
import type { Ctx } from '../ctx.ts'
import type { SignedIn } from './connection.ts'
import type { DatabaseClock } from './database-clock.ts'
import type { ReadyPart, RealtimeParts, Snapshot } from './parts.ts'

export type Readings = {
  /** What a socket is told first; null fields never: the parts answer for everybody. */
  ready(connection: SignedIn): Promise<ReadyPart>
  /** How many sockets wait for a reading of `ready` to take them. */
  waiting(): number
  /** The fields of a heartbeat's answer, `serverTime` among them. */
  heartbeat(actor: UserActor): Promise<Record<string, unknown>>
}

/** A herd that reconnects is read in few transactions, first come first served, on a small part of the pool. */
const lanesOf = (poolMax: number) => Math.max(1, Math.min(3, Math.floor(poolMax / 6)))
const MOST = 200
/** One reading at a time, and so of many at once; until one takes this long: then others pass beside it. */
const SLOW_MS = 100
const NOTHING: ReadyPart = { fields: {}, streams: [] }

/** Reads for many people at once what belongs together: each reading is one snapshot of all tables. */
export function createReadings(ctx: Ctx, parts: Pick<RealtimeParts, 'ready' | 'heartbeat'>, clock: DatabaseClock): Readings {
  const inSnapshot = <T>(read: (snapshot: Snapshot) => Promise<T>): Promise<T> => {
    const { sql: _pool, afterCommit: _none, ...world } = ctx
    return ctx.sql.transaction((sql) => read({ ...world, sql }), { isolationLevel: 'repeatable read', accessMode: 'read only' })
  }
  const ready = coalesce<SignedIn, ReadyPart>({
    lanes: lanesOf(ctx.env.POOL_MAX), most: MOST, besideAfterMs: SLOW_MS,
    async run(connections) {
      // Who gave up while waiting is not read: a herd that comes twice would be read twice.
      const actors = unique(connections.filter((connection) => connection.isOpen).map((connection) => connection.actor))
      const found = actors.length === 0 ? undefined : await inSnapshot((snapshot) => parts.ready(snapshot, actors))
      return connections.map((connection) => found?.get(connection.actor.id) ?? NOTHING)
    },
  })
  const heartbeat = coalesce<UserActor, Record<string, unknown>>({
    lanes: 1, most: MOST,
    run: (actors) => inSnapshot(async (snapshot) => {
      const serverTime = new Date(await clock.read(snapshot.sql)).toISOString()
      const found = await parts.heartbeat(snapshot, unique(actors))
      return actors.map((actor) => ({ serverTime, ...found.get(actor.id) }))
    }),
  })
  return { ready, heartbeat, waiting: () => ready.waiting() }
}

function unique(actors: readonly UserActor[]): UserActor[] {
  return [...new Map(actors.map((actor) => [actor.id, actor])).values()]
}
