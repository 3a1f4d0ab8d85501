import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { erasePerson } from './ask-erasure.ts'
import { eraseByStaffBody, exportByStaffBody, erasureReply, personParams } from './contract.ts'
import { erasureView } from './erasure-view.ts'
import { exportPerson } from './export-person.ts'
import { exportReply, sendExport } from './export-reply.ts'
import type { PrivacyMap } from './map.ts'

const config = { access: { staff: 'persons.erase' }, limit: 'standard' } as const

/** For people who ask by letter, or can't sign in any more. */
export const privacyStaffRoutes = (ctx: Ctx, map: PrivacyMap): FastifyPluginAsyncZod => async (app) => {
  app.post('/internal/v1/people/:id/export', { schema: { params: personParams, body: exportByStaffBody, response: { 200: exportReply(map) } }, config: { ...config, idempotency: 'off' } }, async (request, reply) =>
    sendExport(reply, request.params.id, await exportPerson(ctx, map, { userId: request.params.id, by: { ...byOf(request), reason: request.body.reason } })))

  app.post('/internal/v1/people/:id/erase', { schema: { params: personParams, body: eraseByStaffBody, response: { 200: erasureReply, 202: erasureReply } }, config }, async (request, reply) => {
    const { forfeit, reason } = request.body
    const erasure = await erasePerson(ctx, map, { userId: request.params.id, forfeit, by: { ...byOf(request), reason } })
    return reply.code(erasure.state === 'waiting' ? 202 : 200).send({ erasure: erasureView(erasure) })
  })
}

function byOf(request: FastifyRequest) {
  return { kind: 'staff', id: request.staff.id, requestId: request.id, ip: request.ip } as const
}
