import type { Redis } from 'iovalkey'
import type { Ctx } from '../ctx.ts'
import { bestOf, isPresenceState, type PresenceState } from './presence-states.ts'

/** Whose presence changed here, and to what; undefined has gone. */
export type PresenceChanges = ReadonlyMap<string, PresenceState | undefined>

export type PresenceBoard = {
  /** Says what changed here and that this replica lives; says everything again where Valkey may have lost it. */
  write(changes: PresenceChanges): Promise<void>
  /** Asks what the other replicas say: of all these people anew, or of some more. False while Valkey is away. */
  read(userIds: readonly string[], which: 'all' | 'more'): Promise<boolean>
  /** What the other replicas said last. */
  elsewhere(userId: string): PresenceState | undefined
  /** Calls back with people whose presence another replica says to have changed. */
  onHeard(listener: (userIds: readonly string[]) => void): void
  /** Says that nothing more will be said: what stands there is believed until the grace is over. */
  leave(): Promise<void>
}

/** Replica id and its people's states; a key a replica, so that its people go with it when it says nothing more. */
const keyOf = (replicaId: string) => `presence:${replicaId}`
const REPLICAS = 'presence:replicas'
const CHANNEL = 'presence'
/** A field that is there as long as the replica is. */
const ALIVE = '.'
const FIELDS_AT_ONCE = 1000
/** A replica that stands there no more was perhaps only wiped out: it may say so again within this many looks. */
const LOOKS_MISSED = 3

type Elsewhere = { states: Map<string, PresenceState>; missedLooks: number }

/** The states of this replica's people in Valkey, and what it hears of the others'. `own` is what it stands for. */
export function createPresenceBoard(ctx: Pick<Ctx, 'valkey' | 'settings'>, replicaId: string, own: ReadonlyMap<string, PresenceState>): PresenceBoard {
  const others = new Map<string, Elsewhere>()
  const listeners: ((userIds: readonly string[]) => void)[] = []
  // What is heard while an answer is on its way is newer than the answer.
  let heard = new Set<string>()
  let isWhole = false
  ctx.valkey.onConnect(() => void (isWhole = false))

  const elsewhereOf = (id: string): Elsewhere => {
    const known = others.get(id) ?? { states: new Map(), missedLooks: 0 }
    others.set(id, known)
    return known
  }
  ctx.valkey.subscribe(CHANNEL, (message) => {
    const [from, ...lines] = message.split('\n')
    if (from === undefined || from === replicaId) return
    const { states } = elsewhereOf(from)
    const userIds = lines.map((line) => {
      const [userId = '', state] = line.split(' ')
      if (isPresenceState(state)) states.set(userId, state)
      else states.delete(userId)
      heard.add(userId)
      return userId
    })
    for (const listener of listeners) listener(userIds)
  })

  const leaseSeconds = () => ctx.settings.get('presenceLeaseSeconds')
  const writeChanges = async (client: Redis, changes: PresenceChanges): Promise<boolean> => {
    const fields = [...changes].flatMap(([userId, state]) => (state === undefined ? [] : [userId, state]))
    const gone = [...changes].flatMap(([userId, state]) => (state === undefined ? [userId] : []))
    const pipeline = client.pipeline().expire(keyOf(replicaId), leaseSeconds()).sadd(REPLICAS, replicaId)
    for (const some of chunks(fields, 2 * FIELDS_AT_ONCE)) pipeline.hset(keyOf(replicaId), ...some)
    for (const some of chunks(gone, FIELDS_AT_ONCE)) pipeline.hdel(keyOf(replicaId), ...some)
    pipeline.hlen(keyOf(replicaId))
    const answers = await pipeline.exec() ?? []
    const failed = answers.find(([error]) => error !== null)
    if (failed !== undefined) throw failed[0]!
    return answers[0]?.[1] === 1 && answers.at(-1)?.[1] === own.size + 1
  }
  const writeAll = async (client: Redis): Promise<boolean> => {
    const fields = [...own].flat()
    const all = client.multi().del(keyOf(replicaId)).hset(keyOf(replicaId), ALIVE, '1')
    for (const some of chunks(fields, 2 * FIELDS_AT_ONCE)) all.hset(keyOf(replicaId), ...some)
    const answers = await all.expire(keyOf(replicaId), leaseSeconds()).sadd(REPLICAS, replicaId).exec()
    return answers !== null && answers.every(([error]) => error === null)
  }
  const tell = (changes: PresenceChanges) => {
    for (const some of chunks([...changes], FIELDS_AT_ONCE)) {
      ctx.valkey.broadcast(CHANNEL, `${replicaId}\n${some.map(([userId, state]) => `${userId} ${state ?? ''}`).join('\n')}`)
    }
  }

  // One command for a thousand people and replica; the replica's own sign of life comes first in each.
  const ask = async (client: Redis, id: string, userIds: readonly string[]) => {
    const answers = await Promise.all(chunks(userIds, FIELDS_AT_ONCE, true).map((some) => client.hmget(keyOf(id), ALIVE, ...some)))
    return { isAlive: answers.every(([alive]) => alive === '1'), states: answers.flatMap(([, ...states]) => states) }
  }
  const take = (id: string, userIds: readonly string[], which: 'all' | 'more', { isAlive, states }: { isAlive: boolean; states: (string | null)[] }): boolean => {
    const known = elsewhereOf(id)
    if (!isAlive) return which === 'all' && ++known.missedLooks >= LOOKS_MISSED
    const before = known.states
    if (which === 'all') {
      known.missedLooks = 0
      known.states = new Map()
    }
    for (const [at, userId] of userIds.entries()) {
      const state = heard.has(userId) ? before.get(userId) : states[at]
      if (isPresenceState(state)) known.states.set(userId, state)
      else known.states.delete(userId)
    }
    return false
  }

  return {
    async write(changes) {
      const isWritten = isWhole && await ctx.valkey.attempt((client) => writeChanges(client, changes)) === true
      isWhole = isWritten || await ctx.valkey.attempt(writeAll) === true
      if (changes.size > 0) tell(changes)
    },
    async read(userIds, which) {
      heard = new Set()
      const answers = await ctx.valkey.attempt(async (client) => {
        const ids = new Set([...await client.smembers(REPLICAS), ...others.keys()])
        ids.delete(replicaId)
        return Promise.all([...ids].map(async (id) => ({ id, answer: await ask(client, id, userIds) })))
      })
      if (answers === undefined) return false
      const gone = answers.filter(({ id, answer }) => take(id, userIds, which, answer)).map(({ id }) => id)
      for (const id of gone) others.delete(id)
      if (gone.length > 0) await ctx.valkey.attempt((client) => client.srem(REPLICAS, ...gone))
      return true
    },
    elsewhere(userId) {
      let state: PresenceState | undefined
      for (const { states } of others.values()) state = bestOf(state, states.get(userId))
      return state
    },
    onHeard: (listener) => void listeners.push(listener),
    async leave() {
      await ctx.valkey.attempt((client) => client.expire(keyOf(replicaId), Math.max(1, ctx.settings.get('presenceGraceSeconds'))))
    },
  }
}

/** Cuts into pieces; none of nothing, unless `evenNone`. */
function chunks<T>(items: readonly T[], size: number, evenNone = false): T[][] {
  const pieces = Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
  return pieces.length === 0 && evenNone ? [[]] : pieces
}
