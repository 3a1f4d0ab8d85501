import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findInboxEvents } from '../payments/index.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { inboxList, inboxQuery, optionalReasonBody, replayReply } from './control-contract.ts'
import { replayParked } from './replay-parked.ts'

const reading = { access: { staff: 'parked.read' }, limit: 'standard' } as const
const replaying = { access: { staff: 'parked.replay' }, limit: 'standard' } as const

export const inboxStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/inbox-events', { schema: { querystring: inboxQuery, response: { 200: inboxList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findInboxEvents(ctx.sql, request.query)
    return { items: items.map((event) => ({ ...event, receivedAt: event.receivedAt.toISOString(), settledAt: event.settledAt?.toISOString() ?? null })), nextCursor }
  })

  app.post('/internal/v1/inbox-events/:id/replay', { schema: { params: idParams, body: optionalReasonBody, response: { 200: replayReply } }, config: replaying }, async (request) => {
    await replayParked(ctx, byOf(request), request.params.id, request.body.reason)
    return { id: request.params.id, state: 'received' as const }
  })
}
