import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from './ctx.ts'
import { pathOf } from './problem.ts'

/** What /ready needs to know about this process; the parts of the process write it. */
export type Readiness = {
  isDraining: boolean
  /** Why the process doesn't serve yet, or no longer: the schema is out of range, settings can't be read. */
  notReadyBecause: string | undefined
  /** Answers why the schema can't be used, or undefined. */
  checkSchema: () => Promise<string | undefined>
  /** The database's schema as it was seen last. */
  schemaFound?: number
}

const POSTGRES_WITHIN_MS = 2000

const Dependency = z.object({ status: z.string(), detail: z.string().optional() })
const Ready = z.object({ status: z.enum(['ready', 'degraded', 'not_ready']), dependencies: z.record(z.string(), Dependency) })
type Ready = z.infer<typeof Ready>

/** GET /health (the process lives) and GET /ready (send it traffic), on both listeners. */
export const healthRoutes = (ctx: Ctx, readiness: Readiness): FastifyPluginAsyncZod => async (app) => {
  const config = { access: 'public', limit: 'none', alwaysOpen: true } as const
  const Health = z.object({ status: z.literal('healthy'), service: z.string(), version: z.string(), uptime: z.number(), timestamp: z.string() })
  app.get('/health', { config, schema: { response: { 200: Health } } }, async () => ({
    status: 'healthy' as const, service: 'halobestie', version: ctx.env.version, uptime: Math.round(process.uptime()), timestamp: new Date(ctx.clock.nowMs()).toISOString(),
  }))

  // Probes that come at once share one look at Postgres.
  let looking: Promise<Ready> | undefined
  const look = () => (looking ??= judge(ctx, readiness).finally(() => (looking = undefined)))
  app.get('/ready', { config, schema: { response: { 200: Ready, 503: Ready } } }, async (request, reply) => {
    const ready = await look()
    if (ready.status === 'not_ready') ctx.log.debug({ path: pathOf(request.url), ...ready }, 'not ready')
    return reply.code(ready.status === 'not_ready' ? 503 : 200).send(ready)
  })
}

/** What /ready answers. */
export async function judge(ctx: Ctx, readiness: Readiness): Promise<Ready> {
  const [postgres, schema] = await lookAtPostgres(ctx, readiness)
  const valkey = ctx.valkey.isUp()
  const starting = readiness.notReadyBecause
  const dependencies: Ready['dependencies'] = {
    process: readiness.isDraining ? { status: 'draining' } : starting === undefined ? { status: 'up' } : { status: 'starting', detail: starting },
    postgres: { status: postgres ? 'up' : 'down' },
    schema: schema === undefined ? { status: postgres ? 'up' : 'unknown' } : { status: 'out_of_range', detail: schema },
    valkey: { status: valkey ? 'up' : 'down' },
  }
  const isReady = postgres && schema === undefined && starting === undefined && !readiness.isDraining
  return { status: !isReady ? 'not_ready' : valkey ? 'ready' : 'degraded', dependencies }
}

async function lookAtPostgres(ctx: Ctx, readiness: Readiness): Promise<[isUp: boolean, schemaProblem: string | undefined]> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, POSTGRES_WITHIN_MS, new Error('no answer'))
  try {
    return [true, await Promise.race([ctx.pool.query('select 1').then(() => readiness.checkSchema()), promise])]
  } catch {
    return [false, undefined]
  } finally {
    clearTimeout(timer)
  }
}
