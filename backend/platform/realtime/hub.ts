import { randomUUID } from 'node:crypto'
import { crashPoint } from '../crash-points.ts'
import type { Ctx } from '../ctx.ts'
import type { Bucket } from './bucket.ts'
import { CLOSE, type Connection } from './connection.ts'
import { decodeEnvelopes, encodeEnvelopes, type Envelope } from './envelope.ts'
import { begin, reached } from './marks.ts'
import { createPersonBuckets } from './person-buckets.ts'
import type { Position, Publish, PublishOptions } from './publish.ts'

const CHANNEL = 'realtime'
/** One PUBLISH carries at most about this much, so that no replica stalls on one message. */
const PUBLISH_BYTES = 512 * 1024
/** A key is remembered longer than the healer looks back. */
const KEY_MEMORY_MS = 60_000

/** What a healer found: it goes to these users' sockets on this replica, to those that have not had it. */
export type Healed = { userIds: readonly string[]; frame: { type: string } & Record<string, unknown>; key?: string; position?: Position }

/** The open sockets of one person on this replica. */
export type UserSockets = { connections: Connection[]; bucket: Bucket }

export type Hub = {
  readonly replicaId: string
  readonly publish: Publish
  /** A socket whose token was verified: from now on it gets what is published. */
  add(connection: Connection): UserSockets
  remove(connection: Connection): void
  /** Calls back whenever somebody's socket comes or goes. */
  onMoved(listener: (userId: string) => void): void
  /** How many signed-in sockets are here. */
  size(): number
  socketsOf(userId: string): readonly Connection[]
  isConnected(userId: string): boolean
  /** Everybody who has a socket here; the same array until somebody comes or goes. */
  userIds(): readonly string[]
  /** Every signed-in socket of this replica. */
  connections(): Iterable<Connection>
  /** Delivers to local sockets what pub/sub lost; answers how many frames that were. */
  heal(found: readonly Healed[]): number
  /** The least place that all sockets of these users have reached; undefined where a socket's start is unknown. */
  reachedByAll(userIds: readonly string[], stream: string): number | undefined
  /** Says where a stream begins for those sockets of these users that did not know. */
  beginUnknown(userIds: readonly string[], stream: string, upTo: number): void
  /** Closes every socket of these sign-ins 4403. */
  revoke(signInId: string): void
}

/** The sockets of one replica by person, and the way to everybody else's. */
export function createHub(ctx: Pick<Ctx, 'valkey' | 'metrics' | 'settings'>): Hub {
  const replicaId = randomUUID()
  const users = new Map<string, UserSockets>()
  const buckets = createPersonBuckets(ctx)
  const keys = new Map<string, number>()
  let ids: readonly string[] | undefined
  let outgoing: Envelope[] = []
  let revoked: Set<string> | undefined
  let size = 0
  let moved = (_userId: string): void => {}

  // Also of people who are not here: whoever comes later reads it in `ready`.
  const rememberKey = (key: string, userIds: readonly string[]): string[] => {
    const now = performance.now()
    for (const [known, at] of keys) {
      if (now - at < KEY_MEMORY_MS) break
      keys.delete(known)
    }
    const fresh = userIds.filter((userId) => !keys.has(`${key}@${userId}`))
    for (const userId of fresh) keys.set(`${key}@${userId}`, now)
    return fresh
  }

  const deliver = (userIds: readonly string[], text: string, options: PublishOptions): number => {
    let bytes: Buffer | undefined
    let delivered = 0
    for (const userId of userIds) {
      const user = users.get(userId)
      if (user === undefined) continue
      // A reader that is too slow leaves the list while it is gone through.
      for (const connection of user.connections.length === 1 ? user.connections : [...user.connections]) {
        if (connection.id === options.exceptConnectionId) {
          if (options.position !== undefined) connection.note(options.position)
          continue
        }
        bytes ??= Buffer.from(text)
        const isSent = options.position === undefined ? connection.send(bytes, options.droppable) : connection.sendAt(options.position, bytes)
        if (isSent) delivered++
      }
    }
    return delivered
  }

  const flush = () => {
    crashPoint('publish.flushing')
    const envelopes = outgoing
    outgoing = []
    let from = 0
    let bytes = 0
    for (let at = 0; at < envelopes.length; at++) {
      bytes += envelopes[at]!.text.length
      if (bytes < PUBLISH_BYTES && at < envelopes.length - 1) continue
      ctx.valkey.broadcast(CHANNEL, encodeEnvelopes(replicaId, envelopes.slice(from, at + 1)))
      from = at + 1
      bytes = 0
    }
  }

  ctx.valkey.subscribe(CHANNEL, (message) => {
    for (const { userIds, text, options } of decodeEnvelopes(replicaId, message) ?? []) {
      if (options.key !== undefined) rememberKey(options.key, userIds)
      deliver(userIds, text, options)
    }
  })

  const closeRevoked = () => {
    const signInIds = revoked
    revoked = undefined
    if (signInIds === undefined) return
    for (const { connections } of users.values()) {
      for (const connection of connections) {
        if (connection.actor !== undefined && signInIds.has(connection.actor.signInId)) connection.close(CLOSE.revoked, 'the sign-in has ended')
      }
    }
  }

  return {
    replicaId,
    publish(userIds, frame, options = {}) {
      if (userIds.length === 0) return
      const text = JSON.stringify(frame)
      if (options.key !== undefined) rememberKey(options.key, userIds)
      deliver(userIds, text, options)
      // Everything of one turn of the event loop travels in one PUBLISH.
      if (outgoing.length === 0) setImmediate(flush)
      outgoing.push({ userIds, text, options })
    },
    add(connection) {
      const userId = connection.actor!.id
      const now = performance.now()
      let user = users.get(userId)
      if (user === undefined) {
        user = { connections: [], bucket: buckets.take(userId, now) }
        users.set(userId, user)
        ids = undefined
      }
      buckets.share(user.bucket, connection.bucket, now)
      user.connections.push(connection)
      size++
      ctx.metrics.sockets.inc()
      moved(userId)
      return user
    },
    remove(connection) {
      const userId = connection.actor?.id
      const user = userId === undefined ? undefined : users.get(userId)
      const at = user?.connections.indexOf(connection) ?? -1
      if (user === undefined || at === -1) return
      user.connections.splice(at, 1)
      size--
      ctx.metrics.sockets.dec()
      moved(userId!)
      if (user.connections.length > 0) return
      users.delete(userId!)
      buckets.rest(userId!, user.bucket, performance.now())
      ids = undefined
    },
    onMoved(listener) {
      const before = moved
      moved = (userId) => {
        before(userId)
        listener(userId)
      }
    },
    size: () => size,
    socketsOf: (userId) => users.get(userId)?.connections ?? [],
    isConnected: (userId) => users.has(userId),
    userIds: () => (ids ??= [...users.keys()]),
    *connections() {
      for (const user of users.values()) yield* user.connections
    },
    heal(found) {
      let delivered = 0
      for (const { userIds, frame, key, position } of found) {
        const missing = key === undefined ? userIds : rememberKey(key, userIds)
        if (missing.length > 0) delivered += deliver(missing, JSON.stringify(frame), position === undefined ? {} : { position })
      }
      return delivered
    },
    reachedByAll(userIds, stream) {
      let least = Number.POSITIVE_INFINITY
      for (const userId of userIds) {
        for (const connection of users.get(userId)?.connections ?? []) {
          const upTo = reached(connection.marks, stream)
          if (upTo === undefined) return undefined
          least = Math.min(least, upTo)
        }
      }
      return least
    },
    beginUnknown(userIds, stream, upTo) {
      for (const userId of userIds) {
        for (const connection of users.get(userId)?.connections ?? []) {
          if (reached(connection.marks, stream) === undefined) begin((connection.marks ??= new Map()), stream, upTo)
        }
      }
    },
    revoke(signInId) {
      if (revoked === undefined) setImmediate(closeRevoked)
      revoked ??= new Set()
      revoked.add(signInId)
    },
  }
}
