import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyInstance } from 'fastify'
import { SECURITY_HEADERS } from './browser.ts'
import type { Ctx } from './ctx.ts'
import type { Env } from './env.ts'
import type { Readiness } from './health.ts'
import type { Limits } from './limits.ts'
import { trustedProxies } from './trust-proxy.ts'
import { gate } from './version-gate.ts'

/** A public GET that everybody polls, with an answer that is ready to be sent. */
export type FastRoute = {
  path: string
  /** The answer, where nothing has to be waited for; its body is of ASCII alone: a character is a byte, copied and not converted. */
  peek(): { body: string; etag: string } | undefined
  /** Whether the caller has it already, by their If-None-Match. */
  isKnown(ifNoneMatch: string | undefined, etag: string): boolean
  /** Of every answer, beside those that all answers carry. */
  headers: { 'content-type': string; 'cache-control': string }
}
type Around = { limits: Limits; readiness: Readiness | undefined; requestId: (raw: IncomingMessage) => string }

/**
 * Answers the plain case of one route before the framework begins its work: half of what such a request costs is
 * everything that it does not need. Whatever is not plain (a browser's page, maintenance, an old app, a budget that is
 * spent, an answer that must be waited for) goes the usual way; a test holds both ways to the same answer.
 */
export function openFastLane(app: FastifyInstance, ctx: Ctx, around: Around, route: FastRoute): void {
  const answer = createFastAnswer(ctx, around, route)
  app.addHook('onListen', async () => {
    const usual = app.server.listeners('request') as RequestListener[] // of an HTTP server
    app.server.removeAllListeners('request')
    app.server.on('request', (request, response) => {
      if (answer(request, response)) return
      for (const listener of usual) listener.call(app.server, request, response)
    })
  })
}

function createFastAnswer(ctx: Ctx, { limits, readiness, requestId }: Around, route: FastRoute): (request: IncomingMessage, response: ServerResponse) => boolean {
  const addressOf = createAddressOf(ctx.env)
  const common = Object.entries({ ...SECURITY_HEADERS, 'cache-control': route.headers['cache-control'] }).flat()
  const observed = [200, 304].map((status) => {
    const labels = { method: 'GET', route: route.path, status_code: status }
    return { count: ctx.metrics.httpRequests.labels(labels), duration: ctx.metrics.httpDuration.labels(labels) }
  })
  return (request, response) => {
    const { headers } = request
    if (request.url !== route.path || request.method !== 'GET' || headers.origin !== undefined) return false
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || readiness?.isDraining === true) return false
    if (!mayPass(ctx, request)) return false
    const startedAtMs = performance.now()
    const found = route.peek()
    const verdict = found && limits.countAtOnce(addressOf(request))
    if (!found || !verdict) return false
    const own = [
      ...common, 'x-request-id', requestId(request), 'etag', found.etag,
      'ratelimit-limit', String(verdict.limit), 'ratelimit-remaining', String(verdict.remaining), 'ratelimit-reset', String(verdict.resetSeconds),
    ]
    const isKnown = route.isKnown(headers['if-none-match'], found.etag)
    if (isKnown) response.writeHead(304, own).end()
    else response.writeHead(200, [...own, 'content-type', route.headers['content-type'], 'content-length', String(found.body.length)]).end(found.body, 'latin1')
    const { count, duration } = observed[isKnown ? 1 : 0]!
    count.inc()
    duration.observe((performance.now() - startedAtMs) / 1000)
    return true
  }
}

function mayPass(ctx: Ctx, request: IncomingMessage): boolean {
  try {
    gate(ctx, request)
    return true
  } catch {
    // The usual way says why.
    return false
  }
}

/** The caller's address, as the framework finds it. */
function createAddressOf(env: Env): (request: IncomingMessage) => string {
  const trusted = trustedProxies(env.TRUST_PROXY)
  if (trusted === false) return (request) => request.socket.remoteAddress ?? ''
  const trust = trusted === true ? () => true : typeof trusted === 'function' ? trusted : proxyAddr.compile(trusted)
  return (request) => proxyAddr(request, trust)
}
