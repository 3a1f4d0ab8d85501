import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { caseParams, liftBody, sanctionBody, sanctionList, sanctionReply, sanctionsQuery } from './contract.ts'
import { liftSanction, sanctionPerson, type StaffBy } from './sanction-person.ts'
import { listSanctions, sanctionViewOf } from './sanction-rows.ts'

const config = { access: { staff: 'safety.act' }, limit: 'standard' } as const

/** Sanctions for staff. */
export const sanctionStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/sanctions', { schema: { querystring: sanctionsQuery, response: { 200: sanctionList } }, config }, (request) => listSanctions(ctx.sql, request.query))

  app.post('/internal/v1/sanctions', { schema: { body: sanctionBody, response: { 201: sanctionReply } }, config }, async (request, reply) =>
    reply.code(201).send({ sanction: sanctionViewOf(await sanctionPerson(ctx, staffBy(request), request.body)) }))

  app.post('/internal/v1/sanctions/:id/lift', { schema: { params: caseParams, body: liftBody, response: { 200: sanctionReply } }, config }, async (request) => (
    { sanction: sanctionViewOf(await liftSanction(ctx, staffBy(request), { sanctionId: request.params.id, reason: request.body.reason })) }))
}

export function staffBy(request: FastifyRequest): StaffBy {
  return { staffId: request.staff.id, requestId: request.id, ip: request.ip }
}
