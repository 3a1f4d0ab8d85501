import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { byOf } from './by.ts'
import { createStaffBody, endedReply, idParams, pageQuery, sessionParams, staffList, staffReply, staffSessionList, staffView, updateStaffBody } from './contract.ts'
import { createStaff } from './create-staff.ts'
import { pageOf } from './pages.ts'
import { getStaff, listStaff } from './queries.ts'
import { viewOf } from './rules.ts'
import { endStaffSessions, findStaffSessions } from './staff-sessions.ts'
import { updateStaff } from './update-staff.ts'

// Answers may hold a temporary password that is shown once: they are not kept for a repeated Idempotency-Key.
const managing = { access: { staff: 'staff.manage' }, limit: 'standard', idempotency: 'off' } as const

export const staffAccountRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/staff', { schema: { querystring: pageQuery, response: { 200: staffList } }, config: managing }, async (request) =>
    pageOf(await listStaff(ctx.sql, { ...request.query, limit: request.query.limit + 1 }), request.query.limit, viewOf))

  app.post('/internal/v1/staff', { schema: { body: createStaffBody, response: { 201: staffReply } }, config: managing }, async (request, reply) => {
    const created = await createStaff(ctx, byOf(request), request.body)
    return reply.code(201).send({ ...viewOf(created.staff), temporaryPassword: created.temporaryPassword })
  })

  app.get('/internal/v1/staff/:id', { schema: { params: idParams, response: { 200: staffView } }, config: managing }, async (request) => viewOf(await getStaff(ctx.sql, request.params.id)))

  app.patch('/internal/v1/staff/:id', { schema: { params: idParams, body: updateStaffBody, response: { 200: staffReply } }, config: managing }, async (request) => {
    const changed = await updateStaff(ctx, byOf(request), request.params.id, request.body)
    return { ...viewOf(changed.staff), temporaryPassword: changed.temporaryPassword }
  })

  app.get('/internal/v1/staff/:id/sessions', { schema: { params: idParams, response: { 200: staffSessionList } }, config: managing }, async ({ params, staff }) => (
    { items: await findStaffSessions(ctx, params.id, staff.sessionId), nextCursor: null }))

  app.delete('/internal/v1/staff/:id/sessions', { schema: { params: idParams, response: { 200: endedReply } }, config: managing }, async (request) => (
    { ended: await endStaffSessions(ctx, byOf(request), request.params.id) }))

  app.delete('/internal/v1/staff/:id/sessions/:sessionId', { schema: { params: sessionParams, response: { 200: endedReply } }, config: managing }, async (request) => (
    { ended: await endStaffSessions(ctx, byOf(request), request.params.id, request.params.sessionId) }))
}
