import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { creditBody, creditReply, customerList, customerReply, customersQuery } from './customer-contract.ts'
import { giveStaffCredit } from './give-staff-credit.ts'
import { creditViewOf, findCustomersForStaff, getCustomerForStaff } from './show-customers.ts'

const reading = { access: { staff: 'board.read' }, limit: 'standard' } as const
const giving = { access: { staff: 'credits.give' }, limit: 'standard', idempotency: 'required' } as const

/** Customers, and credit for them. What is above the daily limit of a member of staff answers 202. */
export const customerStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/customers', { schema: { querystring: customersQuery, response: { 200: customerList } }, config: reading }, (request) =>
    findCustomersForStaff(ctx, request.staff.role, request.query))

  app.get('/internal/v1/customers/:id', { schema: { params: idParams, response: { 200: customerReply } }, config: reading }, async (request) => (
    { customer: await getCustomerForStaff(ctx, request.staff.role, request.params.id) }))

  app.post('/internal/v1/customers/:id/credit', { schema: { params: idParams, body: creditBody, response: { 201: creditReply, 202: secondReply } }, config: giving }, async (request, reply) => {
    const { credit, approval } = await giveStaffCredit(ctx, byOf(request), request.params.id, request.body, String(request.headers['idempotency-key']))
    return approval ? reply.code(202).send(secondOf(approval)) : reply.code(201).send({ credit: creditViewOf(credit) })
  })
}
