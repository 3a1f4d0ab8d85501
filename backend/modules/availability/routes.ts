import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { createBeacon, type QueueCounts } from './beacon.ts'
import { availabilityReply } from './contract.ts'

const PATH = '/api/v1/availability'
const TYPE = 'application/json; charset=utf-8'
const CACHE_CONTROL = 'public, max-age=1'

export const availabilityRoutes = (ctx: Ctx, counts: QueueCounts): FastifyPluginAsyncZod => async (app) => {
  const beacon = createBeacon(ctx, counts)
  app.openFastLane({ path: PATH, peek: () => beacon.peek(), isKnown, headers: { 'content-type': TYPE, 'cache-control': CACHE_CONTROL } })
  app.get(PATH, {
    schema: { response: { 200: availabilityReply, 304: z.null() } },
    config: { access: 'public', limit: 'beacon' },
  }, async (request, reply) => {
    const { body, etag } = await beacon.read()
    reply.header('etag', etag).header('cache-control', CACHE_CONTROL)
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined as never) // a 304 has no body at all, which the schema has no word for
    // Made once for everybody: it skips the serializer, so their type is not that of the schema.
    return reply.type(TYPE).send(body as never)
  })
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag))
}
