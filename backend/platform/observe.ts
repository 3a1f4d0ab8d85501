import type { FastifyInstance } from 'fastify'
import type { Ctx } from './ctx.ts'

/** One log line and one observation a request, by the route's pattern: never the query, never a path with values in metrics. An upgrade that becomes a socket has no response. */
export function observe(app: FastifyInstance, ctx: Ctx): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched'
    const labels = { method: request.method, route, status_code: reply.statusCode }
    ctx.metrics.httpRequests.inc(labels)
    ctx.metrics.httpDuration.observe(labels, reply.elapsedTime / 1000)
    const { limit } = request.routeOptions.config
    const isRoutine = (limit === 'none' || limit === 'beacon') && reply.statusCode < 500
    const level = isRoutine ? 'debug' : reply.statusCode >= 500 ? 'warn' : 'info'
    ctx.log[level](
      {
        requestId: request.id, method: request.method, route, status: reply.statusCode, durationMs: Math.round(reply.elapsedTime * 10) / 10, ip: request.ip,
        ...(request.user ? { actorId: request.user.id } : request.staff ? { staffId: request.staff.id } : {}),
      },
      'request',
    )
    if (request.span !== undefined) {
      request.span.set({ 'http.response.status_code': reply.statusCode })
      if (reply.statusCode >= 500) request.span.fail(undefined)
      request.span.end()
    }
    done()
  })
}
