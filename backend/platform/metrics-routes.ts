import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from './ctx.ts'

/** GET /metrics in Prometheus' text format; for the internal listener only. */
export const metricsRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  const config = { access: 'public', limit: 'none', alwaysOpen: true } as const
  app.get('/metrics', { config, schema: { hide: true } }, async (_request, reply) => {
    ctx.metrics.valkeyUp.set(ctx.valkey.isUp() ? 1 : 0)
    return reply.type(ctx.metrics.registry.contentType).send(await ctx.metrics.registry.metrics())
  })
}
