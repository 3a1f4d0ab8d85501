import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findTimeRange } from '../../platform/day-range.ts'
import { findRefunds, type Refund } from '../refunds/index.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { byOf, type By } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { approveByStaff, askToSettle, refundByStaff, rejectByStaff, retryByStaff } from './decide-refund.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { REFUND_FILE } from './list-files.ts'
import { approveRefundBody, createRefundBody, refundsQuery, settleRefundBody, staffRefundDetails, staffRefundList, staffRefundReply, type StaffRefund } from './refund-contract.ts'
import { showRefund } from './show-payments.ts'
import { showRefunds } from './show-refunds.ts'

const asking = { access: { staff: 'refunds.request' }, limit: 'standard' } as const
const deciding = { access: { staff: 'refunds.decide' }, limit: 'standard' } as const

/** Refunds: who wants which, and who decides. What needs a second person answers 202. */
export const refundStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/refunds', { schema: { querystring: refundsQuery, response: { 200: staffRefundList } }, config: asking }, async (request, reply) => {
    const [by, filter] = [byOf(request), { ...request.query, ...await findTimeRange(ctx.sql, request.query) }]
    if (filter.format === 'csv') {
      const rows = everyRow((page) => findRefunds(ctx.sql, { ...filter, ...page }), (items) => showRefunds(ctx, by, items))
      return sendList(ctx, reply, by, { name: 'refunds', filter: request.query, header: REFUND_FILE.header, rows: linesOf(rows, REFUND_FILE.line) })
    }
    const { items, nextCursor } = await findRefunds(ctx.sql, filter)
    return { items: await showRefunds(ctx, by, items), nextCursor }
  })

  app.get('/internal/v1/refunds/:id', { schema: { params: idParams, response: { 200: staffRefundDetails } }, config: asking }, async (request) => showRefund(ctx, byOf(request), request.params.id))

  app.post('/internal/v1/refunds', { schema: { body: createRefundBody, response: { 201: staffRefundReply, 202: secondReply } }, config: { ...asking, idempotency: 'required' } }, async (request, reply) => {
    const { refund, approval } = await refundByStaff(ctx, byOf(request), request.body, String(request.headers['idempotency-key']))
    return approval ? reply.code(202).send(secondOf(approval)) : reply.code(201).send({ refund: await viewOf(ctx, byOf(request), refund) })
  })

  app.post('/internal/v1/refunds/:id/approve', { schema: { params: idParams, body: approveRefundBody, response: { 200: staffRefundReply, 202: secondReply } }, config: deciding }, async (request, reply) => {
    const { refund, approval } = await approveByStaff(ctx, byOf(request), request.params.id, request.body)
    return approval ? reply.code(202).send(secondOf(approval)) : reply.code(200).send({ refund: await viewOf(ctx, byOf(request), refund) })
  })

  app.post('/internal/v1/refunds/:id/reject', { schema: { params: idParams, body: reasonBody, response: { 200: staffRefundReply } }, config: deciding }, async (request) => (
    { refund: await viewOf(ctx, byOf(request), await rejectByStaff(ctx, byOf(request), request.params.id, request.body.reason)) }))

  app.post('/internal/v1/refunds/:id/retry', { schema: { params: idParams, body: reasonBody, response: { 200: staffRefundReply } }, config: deciding }, async (request) => (
    { refund: await viewOf(ctx, byOf(request), await retryByStaff(ctx, byOf(request), request.params.id, request.body.reason)) }))

  app.post('/internal/v1/refunds/:id/settle', { schema: { params: idParams, body: settleRefundBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToSettle(ctx, byOf(request), request.params.id, request.body))))
}

async function viewOf(ctx: Ctx, by: By, refund: Refund): Promise<StaffRefund> {
  return (await showRefunds(ctx, by, [refund]))[0]!
}
