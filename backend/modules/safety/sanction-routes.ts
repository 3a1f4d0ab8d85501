import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { decideAppeal, listAppeals, type HasAnother } from './appeals.ts'
import type { NamesOf } from '../audit/index.ts'
import { appealList, appealReply, appealsQuery, caseParams, liftBody, sanctionBody, sanctionList, sanctionReply, sanctionsQuery, verdictBody } from './contract.ts'
import { liftSanction, sanctionPerson, type StaffBy } from './sanction-person.ts'
import { listSanctions, sanctionViewOf } from './sanction-rows.ts'

const config = { access: { staff: 'safety.act' }, limit: 'standard' } as const

/** Sanctions and appeals for staff. */
export const sanctionStaffRoutes = (ctx: Ctx, parts: { hasAnother: HasAnother; namesOf: NamesOf }): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/sanctions', { schema: { querystring: sanctionsQuery, response: { 200: sanctionList } }, config }, async (request) => {
    const list = await listSanctions(ctx.sql, request.query)
    return { ...list, names: await parts.namesOf(ctx.sql, request.staff.role, list.items.flatMap((one) => [one.userId, one.createdBy, one.liftedBy])) }
  })

  app.post('/internal/v1/sanctions', { schema: { body: sanctionBody, response: { 201: sanctionReply } }, config }, async (request, reply) =>
    reply.code(201).send({ sanction: sanctionViewOf(await sanctionPerson(ctx, staffBy(request), request.body)) }))

  app.post('/internal/v1/sanctions/:id/lift', { schema: { params: caseParams, body: liftBody, response: { 200: sanctionReply } }, config }, async (request) => (
    { sanction: sanctionViewOf(await liftSanction(ctx, staffBy(request), { sanctionId: request.params.id, reason: request.body.reason })) }))

  app.get('/internal/v1/appeals', { schema: { querystring: appealsQuery, response: { 200: appealList } }, config }, async (request) => {
    const list = await listAppeals(ctx.sql, request.query)
    return { ...list, names: await parts.namesOf(ctx.sql, request.staff.role, list.items.flatMap((one) => [one.userId, one.sanctionedBy, one.decidedBy])) }
  })

  app.post('/internal/v1/appeals/:id/decide', { schema: { params: caseParams, body: verdictBody, response: { 200: appealReply } }, config }, async (request) => (
    { appeal: await decideAppeal(ctx, staffBy(request), { appealId: request.params.id, ...request.body }, parts.hasAnother) }))
}

export function staffBy(request: FastifyRequest): StaffBy {
  return { staffId: request.staff.id, requestId: request.id, ip: request.ip }
}
