import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findSuspense, findSuspenseItems } from '../payments/index.ts'
import { secondReply } from './approval-contract.ts'
import { askToResolve } from './ask-to-resolve.ts'
import { secondOf } from './ask-second.ts'
import { eventParams, resolveSuspenseBody, suspenseList, suspenseQuery, suspenseReply } from './books-contract.ts'
import { byOf } from './by.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { SUSPENSE_FILE } from './list-files.ts'
import { showSuspense } from './show-suspense.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const

/** Money that nobody could place: less than was asked, or of somebody who is gone. */
export const suspenseStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/suspense', { schema: { querystring: suspenseQuery, response: { 200: suspenseList } }, config: reading }, async (request, reply) => {
    const by = byOf(request)
    if (request.query.format === 'csv') {
      const rows = everyRow((page) => findSuspenseItems(ctx.sql, { ...request.query, ...page }), (items) => showSuspense(ctx, by, items))
      return sendList(ctx, reply, by, { name: 'suspense', filter: request.query, header: SUSPENSE_FILE.header, rows: linesOf(rows, SUSPENSE_FILE.line) })
    }
    const { items, nextCursor } = await findSuspenseItems(ctx.sql, request.query)
    return { items: await showSuspense(ctx, by, items), nextCursor }
  })

  app.get('/internal/v1/suspense/:eventId', { schema: { params: eventParams, response: { 200: suspenseReply } }, config: reading }, async (request) => {
    const item = await findSuspense(ctx.sql, request.params.eventId)
    if (!item) throw new AppError('not_found', 'no money is suspended under this id')
    return { suspended: (await showSuspense(ctx, byOf(request), [item]))[0]! }
  })

  app.post('/internal/v1/suspense/:eventId/resolve', { schema: { params: eventParams, body: resolveSuspenseBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToResolve(ctx, byOf(request), request.params.eventId, request.body))))
}
