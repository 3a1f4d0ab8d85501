import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findTimeRange } from '../../platform/day-range.ts'
import { findPayments } from '../payments/index.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { PAYMENT_FILE } from './list-files.ts'
import { paymentsQuery, staffPaymentList, staffPaymentReply } from './refund-contract.ts'
import { showPayment, showPayments } from './show-payments.ts'

const reading = { access: { staff: 'ledger.read' }, limit: 'standard' } as const

/** Payments, with what was given back of them and what still can be. */
export const paymentStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/payments', { schema: { querystring: paymentsQuery, response: { 200: staffPaymentList } }, config: reading }, async (request, reply) => {
    const filter = { ...request.query, ...await findTimeRange(ctx.sql, request.query) }
    if (filter.format === 'csv') {
      const rows = everyRow((page) => findPayments(ctx.sql, { ...filter, ...page }), (items) => showPayments(ctx, items))
      return sendList(ctx, reply, byOf(request), { name: 'payments', filter: request.query, header: PAYMENT_FILE.header, rows: linesOf(rows, PAYMENT_FILE.line) })
    }
    const { items, nextCursor } = await findPayments(ctx.sql, filter)
    return { items: await showPayments(ctx, items), nextCursor }
  })

  app.get('/internal/v1/payments/:id', { schema: { params: idParams, response: { 200: staffPaymentReply } }, config: reading }, async (request) => showPayment(ctx, byOf(request), request.params.id))
}
