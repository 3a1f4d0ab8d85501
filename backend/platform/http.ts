import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { enforce, identify, type Authenticators, type Identified } from './auth-hook.ts'
import { SECURITY_HEADERS, allowedOrigins, applyCors } from './browser.ts'
import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'
import { openFastLane, type FastRoute } from './fast-lane.ts'
import type { Readiness } from './health.ts'
import { createIdempotency } from './idempotency.ts'
import { createLimits, type Limits } from './limits.ts'
import { requestScope } from './log.ts'
import { observe } from './observe.ts'
import { shedLoad } from './overload.ts'
import { serveDocs } from './openapi.ts'
import { PROBLEM_TYPE, handleError, pathOf, problemOf, sendProblem } from './problem.ts'
import { guardRoutes, methodsOf } from './route-guard.ts'
import type { OpenSpan } from './tracing.ts'
import { trustedProxies } from './trust-proxy.ts'
import { gate } from './version-gate.ts'

export type Listener = 'public' | 'internal'
export type HttpOptions = {
  listener: Listener
  authenticators: Authenticators
  readiness?: Readiness | undefined
  /** The one path at which a GET may become a WebSocket; nowhere when absent. */
  socketPath?: string
}

const BODY_LIMIT_BYTES = 1_048_576
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/

declare module 'fastify' {
  interface FastifyRequest {
    scope: { requestId: string }
    /** Where traces are made. */
    span: OpenSpan | undefined
  }
  interface FastifyInstance {
    openFastLane(route: FastRoute): void
  }
}

/**
 * One listener with everything that all routes share: errors as problems, strict bodies, who calls, limits,
 * idempotency, security headers, CORS, request ids, log line and metrics. Mount the modules' routes on it.
 */
export async function createFastify(ctx: Ctx, options: HttpOptions): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger = ctx.log
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustedProxies(ctx.env.TRUST_PROXY),
    genReqId: (raw) => requestId(ctx, raw),
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT_BYTES,
    // Node lets go of a connection that asks for another protocol: its limits on time, its reading, its end. So nothing else may.
    http: { headersTimeout: 20_000, shouldUpgradeCallback: (raw) => raw.method === 'GET' && raw.headers.upgrade?.toLowerCase() === 'websocket' && pathOf(raw.url ?? '') === options.socketPath },
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // While the process drains, what arrives on open connections is still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void handleError(ctx.log, error, request as never, reply as never), // never matched to a route, so without its types
    clientErrorHandler: (error, socket) => refuseUnreadable(ctx, error.code, socket),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => handleError(ctx.log, error, request, reply))
  app.decorate('inventory', [])
  app.decorateRequest('scope')
  app.decorateRequest('span')
  app.decorateRequest('user')
  app.decorateRequest('staff')
  parseBodies(app)
  addOuterHooks(app, ctx, options)
  const limits = createLimits(ctx)
  addCallerHooks(app, ctx, limits, options.authenticators)
  app.decorate('openFastLane', (route) => openFastLane(app, ctx, { limits, readiness: options.readiness, requestId: (raw) => requestId(ctx, raw) }, route))
  if (options.listener === 'public') shedLoad(app, ctx)
  observe(app, ctx)
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(app.inventory, pathOf(request.url))
    // A route that found nothing to answer with has the method that was asked for.
    if (allowed.length === 0 || allowed.includes(request.method)) return sendProblem(new AppError('not_found', 'There is nothing here.'), request, reply)
    reply.header('allow', allowed.join(', '))
    return sendProblem(new AppError('method_not_allowed', `Use ${allowed.join(' or ')}.`), request, reply)
  })
  await serveDocs(app, options.listener)
  guardRoutes(app)
  return app
}

function addOuterHooks(app: FastifyInstance, ctx: Ctx, { listener, readiness }: HttpOptions): void {
  const origins = allowedOrigins(ctx.env, listener)
  app.addHook('onRequest', (request, reply, done) => {
    request.scope = { requestId: request.id }
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
    // A draining process asks its callers to come again on a new connection, which the balancer gives to somebody else.
    if (readiness?.isDraining === true || isUpgrade(request.raw)) reply.header('connection', 'close')
    const { limit } = request.routeOptions.config
    // Probes and metrics would be most of all traces.
    if (ctx.tracing.isOn && !(limit === 'none' && request.method === 'GET')) {
      const route = request.routeOptions.url ?? 'unmatched'
      // A caller's own traceparent is not looked at: it could have everything traced.
      request.span = ctx.tracing.begin(`${request.method} ${route}`, 'server', { 'http.request.method': request.method, 'http.route': route, 'http.request.id': request.id })
    }
    inScope(request, () => {
      if (applyCors(request, reply, origins)) return
      if (listener === 'public' && request.routeOptions.config.alwaysOpen !== true) gate(ctx, request)
      done()
    })
  })
  // An upgrade that was refused: nobody else would close its connection. One that was not is no response of ours.
  app.addHook('onResponse', (request, _reply, done) => {
    if (isUpgrade(request.raw)) request.raw.socket.destroySoon()
    done()
  })
  // The body arrives by events of the connection, which know nothing of the request's scope.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) request.body = {}
    inScope(request, done)
  })
}

function inScope(request: FastifyRequest, work: () => void): void {
  const { span } = request
  if (span === undefined) requestScope.run(request.scope, work)
  else span.within(() => requestScope.run(request.scope, work))
}

function addCallerHooks(app: FastifyInstance, ctx: Ctx, limits: Limits, authenticators: Authenticators): void {
  const anonymous: Identified = { caller: undefined, refusal: undefined }
  app.addHook('onRequest', async (request, reply) => {
    const { access = 'public', limit = 'standard' } = request.routeOptions.config
    // Nobody is asked for where nobody is needed and nothing is counted by user: webhooks, health, the beacon.
    const identified = access === 'public' && limit !== 'standard' ? anonymous : await identify(authenticators, access, request)
    const verdict = await limits.count(limit, request.ip, identified.caller)
    if (verdict) {
      reply.headers({ 'ratelimit-limit': verdict.limit, 'ratelimit-remaining': verdict.remaining, 'ratelimit-reset': verdict.resetSeconds })
      if (verdict.isOver) throw new AppError('rate_limited', 'Too many requests. Try again later.', { retryAfterSeconds: verdict.resetSeconds })
    }
    enforce(authenticators, access, identified, request)
  })
  createIdempotency(ctx).attach(app)
}

// Only JSON is parsed; everything else is 415 (a form or text/plain would need no preflight in a browser).
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, {})
    return void parse(request, body as string, done)
  })
}

function requestId(ctx: Ctx, raw: IncomingMessage): string {
  const given = raw.headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : ctx.ids.next()
}

// Node sets it where it has let go of the connection; its types don't tell.
function isUpgrade(raw: IncomingMessage & { upgrade?: boolean | null }): boolean {
  return raw.upgrade === true
}

/** What Node could not read as HTTP, by its code. */
const UNREADABLE: Record<string, { status: number; line: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, line: '408 Request Timeout' },
  HPE_HEADER_OVERFLOW: { status: 431, line: '431 Request Header Fields Too Large' },
}

// Where somebody listens, Node itself ends no such connection, whatever its limits on time say.
function refuseUnreadable(ctx: Ctx, code: string, socket: Socket & { _httpMessage?: ServerResponse | null }): void {
  // Node's own name for the answer that is under way: into one that has begun nothing can be written.
  const { _httpMessage: answer } = socket
  if (!socket.writable || answer?.headersSent === true) return void socket.destroy()
  socket.end(rawProblem(ctx, code))
  socket.destroySoon()
}

function rawProblem(ctx: Ctx, code: string): string {
  const { status, line } = UNREADABLE[code] ?? { status: 400, line: '400 Bad Request' }
  const problem = problemOf(new AppError('validation_failed', 'The request could not be read.'), { url: '', id: ctx.ids.next() })
  const body = JSON.stringify({ ...problem, status })
  return `HTTP/1.1 ${line}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
