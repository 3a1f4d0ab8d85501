import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPayment, findPayments, type Payment } from '../payments/index.ts'
import { findRefundable, findRefundsOfPayments } from '../refunds/index.ts'
import { idParams } from './contract.ts'
import { paymentsQuery, staffPaymentList, staffPaymentReply, type StaffPayment } from './refund-contract.ts'
import { staffRefundView } from './refund-routes.ts'

const reading = { access: { staff: 'ledger.read' }, limit: 'standard' } as const

/** Payments, with what was given back of them and what still can be. */
export const paymentStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/payments', { schema: { querystring: paymentsQuery, response: { 200: staffPaymentList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findPayments(ctx.sql, request.query)
    return { items: items.map(view), nextCursor }
  })

  app.get('/internal/v1/payments/:id', { schema: { params: idParams, response: { 200: staffPaymentReply } }, config: reading }, async (request) => {
    const payment = await findPayment(ctx.sql, request.params.id)
    if (!payment) throw new AppError('not_found', 'no such payment')
    const [refundableIdr, refunds] = await Promise.all([findRefundable(ctx.sql, payment), findRefundsOfPayments(ctx.sql, [payment.id])])
    return { payment: view(payment), refundableIdr, refunds: refunds.map(staffRefundView) }
  })
}

function view(payment: Payment): StaffPayment {
  return { ...payment, createdAt: payment.createdAt.toISOString(), expiresAt: payment.expiresAt.toISOString(), paidAt: payment.paidAt?.toISOString() ?? null }
}
