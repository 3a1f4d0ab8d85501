import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { endByStaff, findSessionViews, listSessions, type SessionView } from '../sessions/index.ts'
import { auditOf, byOf } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { sessionList, sessionReply, sessionsQuery, timelineReply } from './control-contract.ts'
import { maskSession } from './masking.ts'
import { mayAct, seesMasked } from './roles.ts'
import { findSessionTimeline } from './session-timeline.ts'

const reading = { access: { staff: 'board.read' }, limit: 'standard' } as const
const ending = { access: { staff: 'sessions.end' }, limit: 'standard' } as const

export const sessionStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/sessions', { schema: { querystring: sessionsQuery, response: { 200: sessionList } }, config: reading }, async (request) => {
    const { role } = request.staff
    // Which sessions have a case is for those who act on cases.
    if (request.query.has?.includes('case') && !mayAct(role, 'safety.act')) throw new AppError('forbidden', 'Your role does not see cases.')
    const { items, nextCursor } = await listSessions(ctx, request.query)
    return { items: items.map((session) => shownTo(role, session)), nextCursor }
  })

  app.get('/internal/v1/sessions/:id', { schema: { params: idParams, response: { 200: sessionReply } }, config: reading }, async (request) => ({
    session: shownTo(request.staff.role, await getSession(ctx, request.params.id)),
  }))

  app.get('/internal/v1/sessions/:id/timeline', { schema: { params: idParams, response: { 200: timelineReply } }, config: reading }, async (request) =>
    findSessionTimeline(ctx, request.staff.role, await getSession(ctx, request.params.id)))

  app.post('/internal/v1/sessions/:id/end', { schema: { params: idParams, body: reasonBody, response: { 200: sessionReply } }, config: ending }, async (request) => {
    const [{ id }, { reason }, by] = [request.params, request.body, byOf(request)]
    await endByStaff(ctx, { staffId: by.staffId, sessionId: id, reason }, async (tx) => {
      await appendAudit(tx, { ...auditOf(by), act: 'session.ended', targetType: 'session', targetId: id, reason })
    })
    return { session: shownTo(request.staff.role, await getSession(ctx, id)) }
  })
}

function shownTo(role: StaffRole, session: SessionView): SessionView {
  return seesMasked(role) ? maskSession(session) : session
}

async function getSession(ctx: Ctx, id: string): Promise<SessionView> {
  const views = (await findSessionViews(ctx, [id], { onlyForStaff: true })).get(id)
  if (!views) throw new AppError('not_found', 'no such session')
  return views.staff
}
