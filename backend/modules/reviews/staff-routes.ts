import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { NamesOf } from '../audit/index.ts'
import { reasonBody, sessionParams, staffRatingList, staffRatingReply, staffRatingsQuery } from './contract.ts'
import { hideComment, unhideComment, type RatingAct } from './hide-comment.ts'
import { listRatings, staffView } from './queries.ts'
import type { Rating } from './tables.ts'

const config = { access: { staff: 'safety.act' }, limit: 'standard' } as const
const VERBS: readonly { verb: string; change: (tx: Tx, act: RatingAct) => Promise<Rating> }[] = [
  { verb: 'hide', change: hideComment },
  { verb: 'unhide', change: unhideComment },
]

/** Comments for staff, who may hide them. A rating's id is its session's. */
export const reviewStaffRoutes = (ctx: Ctx, { namesOf }: { namesOf: NamesOf }): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/ratings', { schema: { querystring: staffRatingsQuery, response: { 200: staffRatingList } }, config }, async (request) => {
    const list = await listRatings(ctx.sql, request.query)
    return { ...list, names: await namesOf(ctx.sql, request.staff.role, list.items.flatMap((one) => [one.customerId, one.mitraId, one.hiddenBy])) }
  })

  for (const { verb, change } of VERBS) {
    app.post(`/internal/v1/ratings/:id/${verb}`, { schema: { params: sessionParams, body: reasonBody, response: { 200: staffRatingReply } }, config }, async (request) => ({
      rating: staffView(await transact(ctx, (tx) => change(tx, actOf(request, request.params.id, request.body.reason)))),
    }))
  }
}

function actOf(request: FastifyRequest, sessionId: string, reason: string): RatingAct {
  return { sessionId, reason, staffId: request.staff.id, requestId: request.id, ip: request.ip }
}
