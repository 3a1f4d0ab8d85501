import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { NamesOf } from '../audit/index.ts'
import { createAlertBoard } from './alert-board.ts'
import {
  alertList, alertsQuery, assignBody, assigneeList, caseBody, caseHistory, caseList, caseParams, caseReply, casesQuery, closeBody, emptyBody, evidenceBody, evidenceReply, noteBody, noteReply,
  releaseBody, type CaseView,
} from './contract.ts'
import { closeCase, openEvidence, takeCase } from './decide-case.ts'
import { handOverCase, noteOnCase, releaseCase, type FindColleagues } from './hand-over-case.ts'
import { openCase } from './open-case.ts'
import { caseViewOf, findCase, listCases } from './queries.ts'
import { staffBy } from './sanction-routes.ts'
import { countTaken, showCaseHistory } from './show-case.ts'
import type { SafetyCase } from './tables.ts'

const config = { access: { staff: 'safety.act' }, limit: 'standard' } as const
export type SafetyParts = { namesOf: NamesOf; findColleagues: FindColleagues }

/** Cases and alerts for staff. */
export const safetyStaffRoutes = (ctx: Ctx, { namesOf, findColleagues }: SafetyParts): FastifyPluginAsyncZod => async (app) => {
  const board = createAlertBoard(ctx)
  // Before the listener closes: it would wait for those who wait.
  app.addHook('preClose', async () => board.stop())
  const now = () => new Date(ctx.clock.nowMs()).toISOString()
  const named = async (request: FastifyRequest, views: readonly CaseView[]) => ({
    names: await namesOf(ctx.sql, request.staff.role, views.flatMap((one) => [one.subjectId, one.reporterId, one.openedBy, one.takenBy, one.closedBy])), now: now(),
  })
  const shown = async (request: FastifyRequest, row: SafetyCase) => {
    const view = caseViewOf(row, ctx.settings)
    return { case: view, ...(await named(request, [view])) }
  }
  const acted = async (request: FastifyRequest<{ Params: { id: string } }>, act: (tx: Tx) => Promise<SafetyCase>) => shown(request, await transact(ctx, act))

  app.get('/internal/v1/alerts', { schema: { querystring: alertsQuery, response: { 200: alertList } }, config }, async (request) => {
    const alerts = await board.read(request.query)
    return { ...alerts, nextCursor: null, ...(await named(request, alerts.items)) }
  })

  app.get('/internal/v1/cases', { schema: { querystring: casesQuery, response: { 200: caseList } }, config }, async (request) => {
    const list = await listCases(ctx.sql, ctx.settings, request.query)
    return { ...list, ...(await named(request, list.items)) }
  })

  app.post('/internal/v1/cases', { schema: { body: caseBody, response: { 200: caseReply, 201: caseReply } }, config }, async (request, reply) => {
    const { case: opened, isNew } = await openCase(ctx, staffBy(request), request.body)
    return reply.code(isNew ? 201 : 200).send(await shown(request, opened))
  })

  app.get('/internal/v1/cases/assignees', { schema: { response: { 200: assigneeList } }, config }, async () => (
    { items: await countTaken(ctx.sql, await findColleagues(ctx.sql)), nextCursor: null }))

  app.get('/internal/v1/cases/:id', { schema: { params: caseParams, response: { 200: caseReply } }, config }, async (request) => {
    const found = await findCase(ctx.sql, request.params.id)
    if (!found) throw new AppError('not_found', 'no such case')
    return shown(request, found)
  })

  app.get('/internal/v1/cases/:id/history', { schema: { params: caseParams, response: { 200: caseHistory } }, config }, async (request) => {
    const items = await showCaseHistory(ctx, request.params.id)
    const told = items.flatMap(({ actorId, details }) => [actorId, ...[details['from'], details['to']].filter((one) => typeof one === 'string')])
    return { items, nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, told) }
  })

  app.post('/internal/v1/cases/:id/take', { schema: { params: caseParams, body: emptyBody, response: { 200: caseReply } }, config }, (request) =>
    acted(request, (tx) => takeCase(tx, actOf(request, request.params.id))))

  app.post('/internal/v1/cases/:id/assign', { schema: { params: caseParams, body: assignBody, response: { 200: caseReply } }, config }, (request) =>
    acted(request, (tx) => handOverCase(tx, { ...actOf(request, request.params.id), ...request.body }, findColleagues)))

  app.post('/internal/v1/cases/:id/release', { schema: { params: caseParams, body: releaseBody, response: { 200: caseReply } }, config }, (request) =>
    acted(request, (tx) => releaseCase(tx, { ...actOf(request, request.params.id), ...request.body })))

  app.post('/internal/v1/cases/:id/notes', { schema: { params: caseParams, body: noteBody, response: { 201: noteReply } }, config }, async (request, reply) => {
    const note = await transact(ctx, (tx) => noteOnCase(tx, { ...actOf(request, request.params.id), ...request.body }))
    return reply.code(201).send({ note: { ...note, createdAt: note.createdAt.toISOString() } })
  })

  app.post('/internal/v1/cases/:id/close', { schema: { params: caseParams, body: closeBody, response: { 200: caseReply } }, config }, (request) =>
    acted(request, (tx) => closeCase(tx, { ...actOf(request, request.params.id), ...request.body })))

  app.post('/internal/v1/cases/:id/evidence', { schema: { params: caseParams, body: evidenceBody, response: { 200: evidenceReply } }, config }, async (request) => {
    const evidence = await transact(ctx, (tx) => openEvidence(tx, { ...actOf(request, request.params.id), ...request.body }))
    return { ...evidence, nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, evidence.items.map(({ senderId }) => senderId)) }
  })
}

function actOf(request: FastifyRequest, caseId: string) {
  return { caseId, staffId: request.staff.id, requestId: request.id, ip: request.ip }
}
