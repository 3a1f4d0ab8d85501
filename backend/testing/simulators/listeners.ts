import type { Server } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { respond, type SimulatedWorld } from './answering.ts'
import { scriptRefusal } from './xendit.ts'
import { serverFailure } from './fcm-answers.ts'
import { acceptSchemeWithColon } from './fcm-scheme.ts'
import type { Fcm } from './fcm.ts'
import type { TlsIdentity } from './certificate.ts'

const bodyLimit = 4 * 1_024 * 1_024

/** The plain HTTP listener's app: bodies are read as JSON when they are, whatever they are called. */
export function createPlainApp(): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit, routerOptions: { maxParamLength: 500 } })
  readAnyBody(app)
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error_code: 'NOT_FOUND', message: `The simulators have no ${request.method} ${request.url}` }),
  )
  app.setErrorHandler((error: { statusCode?: number; message?: string }, _request, reply) => {
    if (error.statusCode !== undefined) return reply.code(error.statusCode).send({ message: error.message })
    try {
      const answer = scriptRefusal(error)
      return reply.code(answer.status).send(answer.body)
    } catch {
      return reply.code(500).send({ message: `A defect of the simulators: ${String(error.message)}` })
    }
  })
  return app
}

/** FCM's listener: TLS, HTTP/2 and HTTP/1.1, as `fcm.googleapis.com` has. */
export function createFcmApp(world: SimulatedWorld, fcm: Fcm, identity: TlsIdentity) {
  const app = fastify({ http2: true, https: { ...identity, allowHTTP1: true }, logger: false, bodyLimit })
  acceptSchemeWithColon(app.server)
  readAnyBody(app)
  app.post<{ Params: { projectId: string } }>('/v1/projects/:projectId/messages::send', (request, reply) =>
    respond(world, {
      provider: 'fcm',
      operation: 'send',
      reply,
      failure: serverFailure,
      answer: () => fcm.send(request.params.projectId, request.headers, request.body),
    }),
  )
  return app
}

interface BodyParsers {
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    options: { parseAs: 'string' },
    parse: (request: unknown, body: string, done: (error: null, parsed: unknown) => void) => void,
  ): unknown
}

/** A body that is no JSON arrives as a SyntaxError: only the company that is meant knows how to refuse it. */
function readAnyBody(app: BodyParsers) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body.trim() === '') {
      done(null, undefined)
      return
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(body)
    } catch (error) {
      parsed = error
    }
    done(null, parsed)
  })
}

interface Listenable {
  server: Server | Http2SecureServer
  listen(options: { host: string; port: number }): Promise<string>
  close(): PromiseLike<unknown>
}

/** Listens, and can hang up on everybody at once. Throws one clear line when the port is taken. */
export async function listen(app: Listenable, what: string, host: string, port: number) {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') throw new Error(`${what}: port ${port} on ${host} is taken.`, { cause: error })
    if (code === 'EACCES') throw new Error(`${what}: port ${port} on ${host} is not allowed.`, { cause: error })
    throw error
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error(`${what}: no address after listening.`)
  return {
    port: address.port,
    async close() {
      const closed = app.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
