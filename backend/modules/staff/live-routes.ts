import websocket from '@fastify/websocket'
import type { FastifyPluginAsync } from 'fastify'
import { allowedOrigins, isOriginAllowed } from '../../platform/browser.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { RealtimeSocket } from '../../platform/realtime/connection.ts'
import type { LiveSockets } from './live-sockets.ts'

export const LIVE_PATH = '/internal/v1/live'
/** Pages say nothing that matters. */
const FRAME_BYTES = 1024
const CLOSE_TIMEOUT_MS = 5000

/**
 * The socket of the control center's pages: who it is says the session cookie, as on every route of staff. A browser
 * sends that cookie for any page of this site, so the page's origin must be ours.
 */
export const liveStaffRoutes = (ctx: Ctx, live: LiveSockets): FastifyPluginAsync => async (app) => {
  const origins = allowedOrigins(ctx.env, 'internal')
  const onError = (error: Error) => ctx.log.debug({ err: error }, 'a page’s socket failed')
  await app.register(websocket, {
    errorHandler: onError,
    preClose: async () => live.drain(0),
    // The types know neither closeTimeout nor that a subclass needs no statics of its own.
    options: { maxPayload: FRAME_BYTES, perMessageDeflate: false, clientTracking: false, closeTimeout: CLOSE_TIMEOUT_MS, WebSocket: RealtimeSocket } as object,
  })
  app.route({
    method: 'GET', url: LIVE_PATH, exposeHeadRoute: false,
    schema: { tags: ['live'], summary: 'WebSocket', description: 'The live board and what has changed, for open pages. Frames: `board`, `changed`, `alive`, `away`; JSON, `type` first.' },
    config: { access: { staff: 'board.read' }, limit: 'sockets' },
    preValidation: async ({ headers }) => {
      const { origin, host } = headers
      // Browsers name the page's origin in every upgrade: who sends their other marks and not this one hides it.
      const isHidden = origin === undefined && headers['sec-fetch-site'] !== undefined
      if (isHidden || (origin !== undefined && !isOriginAllowed(origin, host, origins))) throw new AppError('forbidden', 'This origin may not open a socket.')
      if (live.isDraining()) throw new AppError('not_ready', 'This replica is going away.', { retryAfterSeconds: 1 })
    },
    // Nothing more is answered in HTTP from here on: a response that stayed on its connection would keep the whole request.
    preHandler: async (request, reply) => {
      if (request.ws) reply.raw.detachSocket(request.raw.socket)
    },
    handler: async () => {
      throw new AppError('not_found', 'Open a WebSocket here.')
    },
    wsHandler: (socket, request) => {
      socket.removeAllListeners('error').on('error', onError)
      live.open(socket as RealtimeSocket, request.staff) // the server was given this class
    },
  })
}
