import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { createBeacon, type QueueCounts } from './beacon.ts'
import { availabilityReply } from './contract.ts'

export const availabilityRoutes = (ctx: Ctx, counts: QueueCounts): FastifyPluginAsyncZod => async (app) => {
  const beacon = createBeacon(ctx, counts)
  app.get('/api/v1/availability', {
    schema: { response: { 200: availabilityReply, 304: z.null() } },
    config: { access: 'public', limit: 'beacon' },
  }, async (request, reply) => {
    const { body, etag } = await beacon.read()
    reply.header('etag', etag).header('cache-control', 'public, max-age=1')
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
    // Bytes made once for everybody: they skip the serializer, so their type is not that of the schema.
    return reply.type('application/json; charset=utf-8').send(body as never)
  })
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag))
}
