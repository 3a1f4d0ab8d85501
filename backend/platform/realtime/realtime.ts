import websocket from '@fastify/websocket'
import type { FastifyPluginAsync } from 'fastify'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import { isOriginAllowed } from '../browser.ts'
import type { Ctx } from '../ctx.ts'
import { AppError } from '../errors.ts'
import { createAuthentication, type Brought } from './authentication.ts'
import { takeFrame } from './bucket.ts'
import { CLOSE, Connection, RealtimeSocket, type SignedIn } from './connection.ts'
import { createDatabaseClock } from './database-clock.ts'
import { closeInBatches } from './drain.ts'
import { createDispatch, frameHandler } from './frames.ts'
import { createEntrance } from './entrance.ts'
import { createHealerLoop } from './healer.ts'
import type { Hub } from './hub.ts'
import type { RealtimeParts } from './parts.ts'
import { PERSON_FACTOR } from './person-buckets.ts'
import { createPresence } from './presence.ts'
import { createReadings } from './readings.ts'
import { createWheel } from './wheel.ts'

export const REALTIME_PATH = '/api/v1/realtime'
const FRAME_BYTES = 64 * 1024
/** Frames that a client may send ahead of the answer to its token. */
const HELD_FRAMES = 32
/** ws ends a socket whose peer does not answer its close after this. */
const CLOSE_TIMEOUT_MS = 10_000
/** Who was never let in gets this long. */
const TURNED_AWAY_MS = 2000
/** The sockets of a replica are closed over this time when a maintenance begins. */
const MAINTENANCE_WITHIN_MS = 1000
/** A pause this long between refused frames ends the time that a socket counts as over its limit. */
const OVER_PAUSE_MS = 1000

const OVER_LIMIT = Buffer.from(JSON.stringify({ type: 'error', code: 'too_many_frames', detail: 'Too many frames: slow down.' }))

declare module 'fastify' {
  interface FastifyRequest {
    /** Of an upgrade. */
    brought: Brought
  }
}

export type Realtime = {
  hub: Hub
  routes: FastifyPluginAsync
  /** Starts the healer; more than once is once. */
  start(): void
  /** Refuses new sockets and closes the open ones 1012, spread over `withinSeconds`. */
  drain(withinSeconds: number): Promise<void>
  /** A maintenance has begun: closes the open sockets 4503; new ones are refused before they come here. */
  closeForMaintenance(): Promise<void>
  stop(): Promise<void>
  /** Looks at once for what pub/sub lost. */
  heal(): Promise<void>
}

/** The socket route of one replica: who comes in, what they may send, what they are told, when they are sent away. */
export function createRealtime(ctx: Ctx, hub: Hub, parts: RealtimeParts): Realtime {
  const clock = createDatabaseClock(ctx)
  const readings = createReadings(ctx, parts, clock)
  const healer = createHealerLoop(ctx, hub, clock, parts.healers)
  const entrance = createEntrance(ctx, () => readings.waiting())
  const presence = createPresence(ctx, hub, parts.circles)
  let isDraining = false
  let isStarted = false

  const wheel = createWheel<Connection>((connection, wasHeldUp) => meetDeadline(connection, wasHeldUp))
  const authentication = createAuthentication(ctx, hub, { verifier: parts.verifier, seen: (actor) => parts.seen(actor), clock, readings, entrance, presence, admit: (connection, data, isBinary) => admit(connection, data, isBinary), schedule: (connection) => schedule(connection), turnAway: (connection, code, reason) => sendAway(connection, code, reason, TURNED_AWAY_MS) })
  const dispatch = createDispatch(ctx, [
    authentication.frame,
    presence.frame,
    frameHandler({
      type: 'heartbeat', schema: z.strictObject({ type: z.literal('heartbeat') }),
      handle: async (_ctx, connection) => {
        const fields = await readings.heartbeat(connection.actor)
        connection.sendFrame({ type: 'heartbeat', ...fields })
      },
    }),
    ...parts.frames,
  ])
  parts.verifier.onRevoked((signInId) => hub.revoke(signInId))

  const schedule = (connection: Connection) => {
    const now = performance.now()
    const pingMs = ctx.settings.get('pingSeconds') * 1000
    if (connection.actor === undefined) return wheel.add(connection, connection.openedAtMs + ctx.settings.get('authenticateSeconds') * 1000 - now)
    // A herd that came at once is spread over the interval.
    const pingInMs = connection.pingedAtMs === 0 ? pingMs * (0.5 + Math.random() / 2) : connection.pingedAtMs + pingMs - now
    wheel.add(connection, Math.min(pingInMs, endOf(connection) - ctx.clock.nowMs()))
  }
  const endOf = (connection: Connection) => connection.tokenEndsAtMs + ctx.settings.get('tokenGraceSeconds') * 1000
  const sendAway = (connection: Connection, code: number, reason: string, withinMs: number) => {
    connection.close(code, reason)
    connection.cutAtMs = performance.now() + withinMs
    wheel.add(connection, withinMs)
  }
  const meetDeadline = (connection: Connection, wasHeldUp: boolean) => {
    const now = performance.now()
    if (!connection.isOpen) {
      // Who does not answer the close holds a connection, and what is buffered for it, until then.
      if (now >= connection.cutAtMs) connection.socket.terminate()
      return
    }
    if (connection.actor === undefined) {
      if (now - connection.openedAtMs >= ctx.settings.get('authenticateSeconds') * 1000) return sendAway(connection, CLOSE.authenticationTimeout, 'no token in time', TURNED_AWAY_MS)
      return schedule(connection)
    }
    if (ctx.clock.nowMs() >= endOf(connection)) return connection.close(CLOSE.unauthenticated, 'the token has ended')
    const isPingDue = connection.pingedAtMs === 0 || now - connection.pingedAtMs >= ctx.settings.get('pingSeconds') * 1000
    if (isPingDue) {
      // Nobody is there any more, and nobody would answer a close. Whose answer this process had no time to read is asked once more.
      if (connection.isSilent && !wasHeldUp) return connection.socket.terminate()
      connection.ping(now)
    }
    schedule(connection)
  }

  const isWithinLimit = (connection: Connection): boolean => {
    const now = performance.now()
    const burst = ctx.settings.get('framesBurst')
    const perSecond = ctx.settings.get('framesPerSecond')
    const { person } = connection
    if (takeFrame(connection.bucket, burst, perSecond, now) && (person === undefined || takeFrame(person.bucket, burst * PERSON_FACTOR, perSecond * PERSON_FACTOR, now))) return true
    if (now - connection.refusedAtMs > OVER_PAUSE_MS) connection.overSinceMs = now
    connection.refusedAtMs = now
    if (now - connection.overSinceMs >= ctx.settings.get('framesOverSeconds') * 1000) connection.close(CLOSE.tooManyFrames, 'too many frames')
    else connection.send(OVER_LIMIT, true)
    return false
  }
  const admit = (connection: Connection, data: unknown, isBinary: boolean) => {
    if (!isWithinLimit(connection)) return
    parts.seen(connection.actor!)
    dispatch(connection as SignedIn, data, isBinary)
  }

  // One function each for all sockets: a closure a socket would be the larger part of its memory.
  function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
    const connection = connectionOf(this)
    connection.heardAtMs = performance.now()
    if (!connection.isOpen) return
    if (connection.held === undefined) return admit(connection, data, isBinary)
    if (!connection.isVerifying) return authentication.first(connection, data, isBinary)
    if (connection.held.length < HELD_FRAMES) connection.held.push({ data, isBinary })
    else connection.close(CLOSE.tooManyFrames, 'too many frames before the token was verified')
  }
  // ws has answered it already: it costs what a frame costs.
  function onPing(this: WebSocket): void {
    const connection = connectionOf(this)
    connection.heardAtMs = performance.now()
    if (connection.isOpen) isWithinLimit(connection)
  }
  function onPong(this: WebSocket): void {
    const connection = connectionOf(this)
    connection.heardAtMs = performance.now()
    if (connection.awaitsPong) connection.awaitsPong = false
    else if (connection.isOpen) isWithinLimit(connection)
  }
  function onClose(this: WebSocket): void {
    const connection = connectionOf(this)
    wheel.remove(connection)
    entrance.leave(connection)
    hub.remove(connection)
  }
  const slow = (connection: Connection) => {
    ctx.metrics.slowSockets.inc()
    ctx.metrics.slowSocketBytes.observe(connection.bufferedBytes)
    hub.remove(connection)
    sendAway(connection, CLOSE.tooSlow, 'the client reads too slowly', ctx.settings.get('closeSeconds') * 1000)
  }
  // ws closes by itself what breaks the protocol; a reset connection is no error of ours.
  const onError = (error: Error) => ctx.log.debug({ err: error }, 'a socket failed')
  const open = (socket: RealtimeSocket, ip: string, brought: Brought) => {
    // The plugin's listener keeps the request; ours is one for all sockets.
    socket.removeAllListeners('error').on('error', onError)
    const connection = new Connection(socket, ctx.settings.get('framesBurst'), { slow })
    socket.connection = connection
    socket.on('message', onMessage)
    socket.on('ping', onPing)
    socket.on('pong', onPong)
    socket.on('close', onClose)
    entrance.enter(connection, ip)
    schedule(connection)
    // It began while this one came in: the others have been closed already.
    if (ctx.settings.get('maintenance')) return sendAway(connection, CLOSE.maintenance, 'maintenance', TURNED_AWAY_MS)
    if (brought !== undefined) authentication.begin(connection, brought)
  }

  const drain = async (withinSeconds: number) => {
    isDraining = true
    await closeInBatches([...entrance.strangers(), ...hub.connections()], withinSeconds * 1000)
  }

  return {
    hub,
    routes: async (app) => {
      await app.register(websocket, {
        errorHandler: onError,
        preClose: async () => drain(0),
        // The types know neither closeTimeout nor that a subclass needs no statics of its own.
        options: { maxPayload: FRAME_BYTES, perMessageDeflate: false, clientTracking: false, closeTimeout: CLOSE_TIMEOUT_MS, WebSocket: RealtimeSocket } as object,
      })
      app.decorateRequest('brought')
      app.route({
        method: 'GET', url: REALTIME_PATH, exposeHeadRoute: false,
        schema: { tags: ['realtime'], summary: 'WebSocket', description: 'One JSON object a frame, `type` first; the token in the Authorization header or in the first frame.' },
        config: { access: 'public', limit: 'sockets' },
        preValidation: async (request) => {
          const { origin, host } = request.headers
          if (origin !== undefined && !isOriginAllowed(origin, host, ctx.env.ALLOWED_ORIGINS)) throw new AppError('forbidden', 'This origin may not open a socket.')
          if (isDraining) throw new AppError('not_ready', 'This replica is going away.', { retryAfterSeconds: 1 })
          request.brought = await authentication.bringOf(request.headers.authorization)
          entrance.check(request.ip, request.brought !== undefined && 'known' in request.brought)
        },
        // Nothing more is answered in HTTP from here on. A response that stayed on its connection would keep the whole request for as long as the socket lives.
        preHandler: async (request, reply) => {
          if (!request.ws) return
          const { socket } = request.raw
          reply.raw.detachSocket(socket)
          // The answer to the upgrade and `authenticated` leave in one write.
          socket.cork()
          setImmediate(() => socket.uncork())
        },
        handler: async () => {
          throw new AppError('not_found', 'Open a WebSocket here.')
        },
        wsHandler: (socket, request) => open(socket as RealtimeSocket, request.ip, request.brought), // the server was given this class
      })
    },
    start() {
      if (isStarted) return
      isStarted = true
      ctx.valkey.onConnect(() => void healer.look())
      healer.start()
      presence.start()
    },
    drain,
    closeForMaintenance: () => closeInBatches([...entrance.strangers(), ...hub.connections()], MAINTENANCE_WITHIN_MS, 'maintenance'),
    async stop() {
      wheel.stop()
      await Promise.all([healer.stop(), presence.stop()])
    },
    heal: () => healer.look(),
  }
}

// The websocket server makes no other class, and the connection is set before the first listener.
function connectionOf(socket: WebSocket): Connection {
  return (socket as RealtimeSocket).connection!
}
