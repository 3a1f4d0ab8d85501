import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findRefunds, type Refund } from '../refunds/index.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { byOf } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { approveByStaff, askToSettle, refundByStaff, rejectByStaff, retryByStaff } from './decide-refund.ts'
import { approveRefundBody, createRefundBody, refundsQuery, settleRefundBody, staffRefundList, staffRefundReply, type StaffRefund } from './refund-contract.ts'

const asking = { access: { staff: 'refunds.request' }, limit: 'standard' } as const
const deciding = { access: { staff: 'refunds.decide' }, limit: 'standard' } as const

/** Refunds: who wants which, and who decides. What needs a second person answers 202. */
export const refundStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/refunds', { schema: { querystring: refundsQuery, response: { 200: staffRefundList } }, config: asking }, async (request) => {
    const { items, nextCursor } = await findRefunds(ctx.sql, request.query)
    return { items: items.map(staffRefundView), nextCursor }
  })

  app.post('/internal/v1/refunds', { schema: { body: createRefundBody, response: { 201: staffRefundReply, 202: secondReply } }, config: { ...asking, idempotency: 'required' } }, async (request, reply) => {
    const { refund, approval } = await refundByStaff(ctx, byOf(request), request.body, String(request.headers['idempotency-key']))
    return approval ? reply.code(202).send(secondOf(approval)) : reply.code(201).send({ refund: staffRefundView(refund) })
  })

  app.post('/internal/v1/refunds/:id/approve', { schema: { params: idParams, body: approveRefundBody, response: { 200: staffRefundReply, 202: secondReply } }, config: deciding }, async (request, reply) => {
    const { refund, approval } = await approveByStaff(ctx, byOf(request), request.params.id, request.body)
    return approval ? reply.code(202).send(secondOf(approval)) : reply.code(200).send({ refund: staffRefundView(refund) })
  })

  app.post('/internal/v1/refunds/:id/reject', { schema: { params: idParams, body: reasonBody, response: { 200: staffRefundReply } }, config: deciding }, async (request) => (
    { refund: staffRefundView(await rejectByStaff(ctx, byOf(request), request.params.id, request.body.reason)) }))

  app.post('/internal/v1/refunds/:id/retry', { schema: { params: idParams, body: reasonBody, response: { 200: staffRefundReply } }, config: deciding }, async (request) => (
    { refund: staffRefundView(await retryByStaff(ctx, byOf(request), request.params.id, request.body.reason)) }))

  app.post('/internal/v1/refunds/:id/settle', { schema: { params: idParams, body: settleRefundBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToSettle(ctx, byOf(request), request.params.id, request.body))))
}

export function staffRefundView(refund: Refund): StaffRefund {
  return {
    ...refund, createdAt: refund.requestedAt.toISOString(), approvedAt: refund.approvedAt?.toISOString() ?? null, sentAt: refund.sentAt?.toISOString() ?? null,
    settledAt: refund.settledAt?.toISOString() ?? null,
  }
}
