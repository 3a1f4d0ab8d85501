import { totalmem } from 'node:os'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from './ctx.ts'
import { judge, type Readiness } from './health.ts'
import { SCHEMA_RANGE } from './migrations.ts'
import { SWITCHES } from './settings-catalogue.ts'

/** GET /metrics in Prometheus' text format; for the internal listener only. */
export const metricsRoutes = (ctx: Ctx, readiness: Readiness): FastifyPluginAsyncZod => async (app) => {
  const config = { access: 'public', limit: 'none', alwaysOpen: true } as const
  ctx.metrics.buildInfo.set({ version: ctx.env.version, node: process.version }, 1)
  app.get('/metrics', { config, schema: { hide: true } }, async (_request, reply) => {
    await lookAround(ctx, readiness)
    return reply.type(ctx.metrics.registry.contentType).send(await ctx.metrics.registry.metrics())
  })
}

/** What is true at the moment of the scrape. A Postgres that doesn't answer keeps it waiting for two seconds at most. */
async function lookAround(ctx: Ctx, readiness: Readiness): Promise<void> {
  const { metrics, valkey, clock } = ctx
  for (const [pool, { totalCount, idleCount, waitingCount, options }] of metrics.pools) {
    metrics.poolConnections.set({ pool, state: 'busy' }, totalCount - idleCount)
    metrics.poolConnections.set({ pool, state: 'idle' }, idleCount)
    metrics.poolConnections.set({ pool, state: 'most' }, options.max ?? 0)
    metrics.poolWaiting.set({ pool }, waitingCount)
  }
  metrics.valkeyUp.set(valkey.isUp() ? 1 : 0)
  for (const what of SWITCHES) metrics.switchClosed.set({ what }, ctx.settings.get(what) ? 1 : 0)
  metrics.memoryLimitBytes.set(memoryLimit())
  metrics.clockSkewSeconds.set((Date.now() - clock.nowMs()) / 1000)
  const { status, dependencies } = await judge(ctx, readiness)
  metrics.ready.set(status === 'not_ready' ? 0 : 1)
  metrics.postgresUp.set(dependencies['postgres']?.status === 'up' ? 1 : 0)
  metrics.schemaVersion.set({ which: 'oldest' }, SCHEMA_RANGE.min)
  metrics.schemaVersion.set({ which: 'newest' }, SCHEMA_RANGE.max)
  if (readiness.schemaFound !== undefined) metrics.schemaVersion.set({ which: 'found' }, readiness.schemaFound)
}

/** Of the control group; where there is none it is told as 0 or as more than the machine has. */
function memoryLimit(): number {
  const bytes = process.constrainedMemory()
  return bytes <= totalmem() ? bytes : 0
}
