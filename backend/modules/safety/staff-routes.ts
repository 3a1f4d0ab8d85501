import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { createAlertBoard } from './alert-board.ts'
import { alertList, alertsQuery, caseBody, caseList, caseParams, caseReply, casesQuery, closeBody, emptyBody, evidenceBody, evidenceReply } from './contract.ts'
import { closeCase, openEvidence, takeCase } from './decide-case.ts'
import { openCase } from './open-case.ts'
import { caseViewOf, findCase, listCases } from './queries.ts'
import { staffBy } from './sanction-routes.ts'

const config = { access: { staff: 'safety.act' }, limit: 'standard' } as const

/** Cases and alerts for staff. */
export const safetyStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  const board = createAlertBoard(ctx)
  // Before the listener closes: it would wait for those who wait.
  app.addHook('preClose', async () => board.stop())

  app.get('/internal/v1/alerts', { schema: { querystring: alertsQuery, response: { 200: alertList } }, config }, async (request) => ({ ...(await board.read(request.query)), nextCursor: null }))

  app.get('/internal/v1/cases', { schema: { querystring: casesQuery, response: { 200: caseList } }, config }, (request) => listCases(ctx.sql, request.query))

  app.post('/internal/v1/cases', { schema: { body: caseBody, response: { 200: caseReply, 201: caseReply } }, config }, async (request, reply) => {
    const { case: opened, isNew } = await openCase(ctx, staffBy(request), request.body)
    return reply.code(isNew ? 201 : 200).send({ case: caseViewOf(opened) })
  })

  app.get('/internal/v1/cases/:id', { schema: { params: caseParams, response: { 200: caseReply } }, config }, async (request) => {
    const found = await findCase(ctx.sql, request.params.id)
    if (!found) throw new AppError('not_found', 'no such case')
    return { case: caseViewOf(found) }
  })

  app.post('/internal/v1/cases/:id/take', { schema: { params: caseParams, body: emptyBody, response: { 200: caseReply } }, config }, async (request) => ({
    case: caseViewOf(await transact(ctx, (tx) => takeCase(tx, actOf(request, request.params.id)))),
  }))

  app.post('/internal/v1/cases/:id/close', { schema: { params: caseParams, body: closeBody, response: { 200: caseReply } }, config }, async (request) => ({
    case: caseViewOf(await transact(ctx, (tx) => closeCase(tx, { ...actOf(request, request.params.id), ...request.body }))),
  }))

  app.post('/internal/v1/cases/:id/evidence', { schema: { params: caseParams, body: evidenceBody, response: { 200: evidenceReply } }, config }, async (request) => ({
    ...(await transact(ctx, (tx) => openEvidence(tx, { ...actOf(request, request.params.id), ...request.body }))), nextCursor: null,
  }))
}

function actOf(request: FastifyRequest, caseId: string) {
  return { caseId, staffId: request.staff.id, requestId: request.id, ip: request.ip }
}
