import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findSuspenseItems } from '../payments/index.ts'
import { secondReply } from './approval-contract.ts'
import { askToResolve } from './ask-to-resolve.ts'
import { secondOf } from './ask-second.ts'
import { eventParams, resolveSuspenseBody, suspenseList, suspenseQuery } from './books-contract.ts'
import { byOf } from './by.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const

/** Money that nobody could place: less than was asked, or of somebody who is gone. */
export const suspenseStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/suspense', { schema: { querystring: suspenseQuery, response: { 200: suspenseList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findSuspenseItems(ctx.sql, request.query)
    return { items: items.map(({ id, ...item }) => ({ ...item, eventId: id, createdAt: item.createdAt.toISOString(), resolvedAt: item.resolvedAt?.toISOString() ?? null })), nextCursor }
  })

  app.post('/internal/v1/suspense/:eventId/resolve', { schema: { params: eventParams, body: resolveSuspenseBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToResolve(ctx, byOf(request), request.params.eventId, request.body))))
}
