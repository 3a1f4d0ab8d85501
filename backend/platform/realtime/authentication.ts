import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { UserActor } from '../access.ts'
import { bearerOf } from '../auth-hook.ts'
import type { Ctx } from '../ctx.ts'
import { CLOSE, type Connection, type SignedIn } from './connection.ts'
import type { DatabaseClock } from './database-clock.ts'
import type { Entrance } from './entrance.ts'
import { frameHandler, parseFrame, refusalOf, type FrameHandler } from './frames.ts'
import type { Hub, UserSockets } from './hub.ts'
import { begin } from './marks.ts'
import type { RealtimeParts } from './parts.ts'
import type { Presence } from './presence.ts'
import type { Readings } from './readings.ts'
import { reconnectAfterMs } from './reconnect.ts'

const READY_ATTEMPTS = 3
const READY_PAUSE_MS = 400

const authenticateFrame = z.strictObject({ type: z.literal('authenticate'), token: z.string().min(1).max(8192) })

type Around = {
  verifier: RealtimeParts['verifier']
  clock: DatabaseClock
  readings: Readings
  /** A sign of life: whoever signs in is there. */
  seen: RealtimeParts['seen']
  entrance: Pick<Entrance, 'recognise'>
  presence: Pick<Presence, 'greet'>
  admit(connection: Connection, data: unknown, isBinary: boolean): void
  schedule(connection: Connection): void
  /** Closes a socket that is nobody's, and does not wait long for an answer. */
  turnAway(connection: Connection, code: number, reason: string): void
}

type Known = { actor: UserActor; expiresAt: Date }
/** What the header of an upgrade brings: who it is, or why its token is refused; undefined without a token. */
export type Brought = { known: Known } | { refusal: unknown } | undefined

export type Authentication = {
  bringOf(authorization: string | undefined): Promise<Brought>
  /** Answers the token that the upgrade brought. */
  begin(connection: Connection, brought: NonNullable<Brought>): void
  /** The first frame of a socket that came without a token. */
  first(connection: Connection, data: unknown, isBinary: boolean): void
  /** `authenticate` on a socket that is signed in: a new token before the old one ends. */
  frame: FrameHandler
}

/** Who a socket is: the first token opens it, a later one prolongs it, and `ready` follows the first. */
export function createAuthentication(ctx: Ctx, hub: Hub, around: Around): Authentication {
  const refuse = (connection: Connection, error: unknown) => {
    const { code, detail } = refusalOf(ctx, error, 'authenticate')
    connection.sendError(code, detail, 'authenticate')
    around.turnAway(connection, CLOSE.unauthenticated, code)
  }
  const timeNow = async () => new Date(await around.clock.estimate()).toISOString()
  const welcome = (connection: SignedIn, serverTime: string) => {
    connection.sendFrame({
      type: 'authenticated', userId: connection.actor.id, kind: connection.actor.kind, serverTime, heartbeatSeconds: ctx.settings.get('heartbeatSeconds'),
      reconnectAfterMs: reconnectAfterMs(hub.size()),
    })
  }
  // A device that lost its network leaves sockets behind that nobody answers for: the oldest goes, the new one stays.
  const makeRoom = (person: UserSockets) => {
    while (person.connections.length > ctx.settings.get('socketsPerUser')) {
      const [oldest] = person.connections as [Connection]
      hub.remove(oldest)
      oldest.close(CLOSE.replaced, 'a newer socket took its place')
    }
  }
  const letIn = async (connection: Connection, { actor, expiresAt }: Known) => {
    // Nothing is waited for once the hub knows the socket: what is published to this person goes behind `authenticated`.
    const serverTime = await timeNow()
    if (!connection.isOpen) return
    connection.actor = actor
    connection.tokenEndsAtMs = expiresAt.getTime()
    around.entrance.recognise(connection)
    const person = hub.add(connection)
    connection.person = person
    makeRoom(person)
    around.seen(actor)
    around.schedule(connection)
    // Revoked between the signature and this line: nobody would tell this socket any more.
    if (around.verifier.isRevoked(actor.signInId)) return connection.close(CLOSE.revoked, 'the sign-in has ended')
    welcome(connection as SignedIn, serverTime)
    const held = connection.held ?? []
    connection.held = undefined
    for (const { data, isBinary } of held) around.admit(connection, data, isBinary)
    void sendReady(ctx, connection as SignedIn, around)
  }
  return {
    async bringOf(authorization) {
      const token = bearerOf(authorization)
      if (token === undefined) return undefined
      try {
        return { known: await around.verifier.verify(token) }
      } catch (refusal) {
        return { refusal }
      }
    },
    begin(connection, brought) {
      connection.isVerifying = true
      if ('refusal' in brought) refuse(connection, brought.refusal)
      else letIn(connection, brought.known).catch((error: unknown) => refuse(connection, error))
    },
    first(connection, data, isBinary) {
      const frame = authenticateFrame.safeParse(isBinary ? undefined : parseFrame(data))
      if (!frame.success) {
        connection.sendError('unauthenticated', 'The first frame is authenticate {token}.')
        return around.turnAway(connection, CLOSE.unauthenticated, 'the first frame is authenticate')
      }
      connection.isVerifying = true
      around.verifier.verify(frame.data.token).then((known) => letIn(connection, known)).catch((error: unknown) => refuse(connection, error))
    },
    frame: frameHandler({
      type: 'authenticate', schema: authenticateFrame,
      async handle(_ctx, connection, frame) {
        const { actor, expiresAt } = await around.verifier.verify(frame.token)
        if (actor.id !== connection.actor.id) return connection.sendError('forbidden', 'This socket belongs to somebody else.', 'authenticate')
        connection.actor = actor
        connection.tokenEndsAtMs = expiresAt.getTime()
        around.schedule(connection)
        if (around.verifier.isRevoked(actor.signInId)) return connection.close(CLOSE.revoked, 'the sign-in has ended')
        welcome(connection, await timeNow())
      },
    }),
  }
}

async function sendReady(ctx: Ctx, connection: SignedIn, { readings, presence }: Around): Promise<void> {
  for (let attempt = 1; connection.isOpen; attempt++) {
    try {
      ctx.metrics.readyWaiting.inc()
      const { fields, streams } = await readings.ready(connection).finally(() => ctx.metrics.readyWaiting.dec())
      connection.marks ??= new Map()
      for (const { stream, seq } of streams) begin(connection.marks, stream, seq)
      connection.sendFrame({ type: 'ready', ...fields })
      presence.greet(connection)
      return
    } catch (error) {
      ctx.log.warn({ err: error, attempt }, 'ready could not be read')
      if (attempt >= READY_ATTEMPTS) {
        connection.sendError('not_ready', 'Try again in a moment.')
        connection.close(CLOSE.restart, 'try again')
        return
      }
      await pause(READY_PAUSE_MS * attempt * (0.5 + Math.random()))
    }
  }
}
