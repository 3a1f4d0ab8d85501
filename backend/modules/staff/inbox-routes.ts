import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findInboxEvent, findInboxEvents } from '../payments/index.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { optionalReasonBody } from './control-contract.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { inboxList, inboxQuery, inboxReply, replayReply } from './inbox-contract.ts'
import { EVENT_FILE } from './list-files.ts'
import { replayParked } from './replay-parked.ts'
import { claimsOf, showEvents } from './show-events.ts'

const reading = { access: { staff: 'parked.read' }, limit: 'standard' } as const
const replaying = { access: { staff: 'parked.replay' }, limit: 'standard' } as const

/** What the providers sent, and what of it waits for a person. */
export const inboxStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/inbox-events', { schema: { querystring: inboxQuery, response: { 200: inboxList } }, config: reading }, async (request, reply) => {
    const by = byOf(request)
    if (request.query.format === 'csv') {
      const rows = everyRow((page) => findInboxEvents(ctx.sql, { ...request.query, ...page }, claimsOf), (items) => showEvents(by, items))
      return sendList(ctx, reply, by, { name: 'inbox-events', filter: request.query, header: EVENT_FILE.header, rows: linesOf(rows, EVENT_FILE.line) })
    }
    const { items, nextCursor } = await findInboxEvents(ctx.sql, request.query, claimsOf)
    return { items: showEvents(by, items), nextCursor }
  })

  app.get('/internal/v1/inbox-events/:id', { schema: { params: idParams, response: { 200: inboxReply } }, config: reading }, async (request) => {
    const event = await findInboxEvent(ctx.sql, request.params.id, claimsOf)
    if (!event) throw new AppError('not_found', 'no such event')
    return { event: showEvents(byOf(request), [event])[0]! }
  })

  app.post('/internal/v1/inbox-events/:id/replay', { schema: { params: idParams, body: optionalReasonBody, response: { 200: replayReply } }, config: replaying }, async (request) => {
    await replayParked(ctx, byOf(request), request.params.id, request.body.reason)
    return { id: request.params.id, state: 'received' as const }
  })
}
