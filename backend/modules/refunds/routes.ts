import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { paymentParams, refundReply, requestBody } from './contract.ts'
import { refundView } from './refund-view.ts'
import { requestRefund } from './request-refund.ts'

/** A customer asks for their money back. */
export const refundRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/payments/:id/refund-requests', {
    schema: { tags: ['payments'], params: paymentParams, body: requestBody, response: { 201: refundReply } },
    config: { access: 'customer', limit: 'standard', idempotency: 'required' },
  }, async (request, reply) => {
    const refund = await requestRefund(ctx, request.user.id, request.params.id, request.body, String(request.headers['idempotency-key']))
    return reply.code(201).send({ refund: refundView(refund) })
  })
}
