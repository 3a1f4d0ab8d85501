import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { SECURITY_HEADERS } from './browser.ts'
import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'
import { PROBLEM_TYPE, pathOf, problemOf } from './problem.ts'

/** Drawn for each: who is refused together does not come back together. */
const retrySeconds = () => Math.ceil(1 + Math.random() * 4)

/** What is let in however much there is: probes, what a provider tells about money, and what tells apps how things stand. */
const ALWAYS = /^\/(?:health|ready|webhooks\/|payment\/return\/|api\/v1\/app-config)/

/**
 * Refuses requests beyond `requestsMost` that are under way, before the framework begins with them: a refusal costs a
 * fraction of an answer, so what was let in is answered in time. Without it everybody waits for everybody, and answers
 * come when nobody waits for them any more. Sockets that are open are not counted; upgrades have limits of their own.
 */
export function shedLoad(app: FastifyInstance, ctx: Pick<Ctx, 'settings' | 'metrics' | 'ids'>): void {
  let underWay = 0
  const refused = ctx.metrics.rateLimited.labels({ limit: 'requestsMost' })
  const leave = () => {
    underWay--
  }
  app.addHook('onListen', async () => {
    const usual = app.server.listeners('request') as RequestListener[] // of an HTTP server
    app.server.removeAllListeners('request')
    app.server.on('request', (request, response) => {
      if (underWay >= ctx.settings.get('requestsMost') && !ALWAYS.test(request.url ?? '')) {
        refused.inc()
        refuse(ctx, request, response)
        return
      }
      underWay++
      response.once('close', leave)
      for (const listener of usual) listener.call(app.server, request, response)
    })
  })
}

function refuse(ctx: Pick<Ctx, 'ids'>, request: IncomingMessage, response: ServerResponse): void {
  const id = ctx.ids.next()
  const body = JSON.stringify(problemOf(new AppError('overloaded', 'Too much is asked for at once: try again in a moment.'), { url: pathOf(request.url ?? ''), id }))
  // What of a body has not come is not waited for: this connection is of no more use then.
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  const headers: OutgoingHttpHeaders = {
    ...SECURITY_HEADERS, 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body), 'retry-after': String(retrySeconds()), 'x-request-id': id, ...(hasBody ? { connection: 'close' } : {}),
  }
  response.writeHead(503, headers).end(body)
}
