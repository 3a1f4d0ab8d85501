import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { paymentParams, paymentReply, returnQuery, type RefundOfPayment } from './contract.ts'
import { paymentView } from './payment-view.ts'
import { RETURN_PAGE_POLICY, returnPage } from './return-page.ts'
import { refreshInBackground, showPayment } from './show-payment.ts'
import type { PaymentHooks } from './types.ts'

/** Knows what is given back of a payment: refunds stand above payments. */
export type FindRefunds = (paymentId: string) => Promise<RefundOfPayment[]>

/** A customer's payments, and where the payer's browser comes back to. */
export const paymentRoutes = (ctx: Ctx, hooks: PaymentHooks, findRefunds: FindRefunds = async () => []): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/payments/:id', {
    schema: { params: paymentParams, response: { 200: paymentReply } },
    config: { access: 'customer', limit: 'standard' },
  }, async (request) => {
    const payment = paymentView(await showPayment(ctx, hooks, request.user.id, request.params.id))
    const refunds = await findRefunds(payment.id)
    return { payment: { ...payment, ...(refunds.length > 0 ? { refunds } : {}) } }
  })

  for (const [path, outcome] of [['/payment/return/success', 'success'], ['/payment/return/failure', 'failure']] as const) {
    app.get(path, {
      schema: { querystring: returnQuery, response: { 200: z.string() } },
      config: { access: 'public', limit: 'none', alwaysOpen: true },
    }, async (request, reply) => {
      const { payment } = request.query
      if (payment !== undefined) void refreshInBackground(ctx, hooks, payment)
      reply.type('text/html; charset=utf-8').header('content-security-policy', RETURN_PAGE_POLICY).header('cache-control', 'no-store')
      return returnPage(ctx.env.APP_LINK_URL, outcome, payment)
    })
  }
}
