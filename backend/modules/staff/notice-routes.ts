import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findTold } from '../notifications/index.ts'
import { idParams } from './contract.ts'
import { toldList, toldQuery, type ToldView } from './notice-contract.ts'
import { mayAct, seesMasked } from './roles.ts'

/** What one person was told, and what became of it. */
export const noticeStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/people/:id/notices', { schema: { params: idParams, querystring: toldQuery, response: { 200: toldList } }, config: { access: { staff: 'board.read' }, limit: 'standard' } }, (request) =>
    showTold(ctx, request.staff.role, request.params.id, request.query))
}

async function showTold(ctx: Ctx, role: StaffRole, userId: string, { limit, cursor }: z.output<typeof toldQuery>): Promise<z.output<typeof toldList>> {
  const found = await findTold(ctx.sql, userId, { before: cursor, limit: limit + 1 })
  const shown = found.slice(0, limit)
  // That somebody was in danger, or was warned, is for who acts on cases: not even the template's name tells others.
  const visible = shown.filter(({ kind }) => kind !== 'safety' || mayAct(role, 'safety.act'))
  const iso = (at: Date | null) => at?.toISOString() ?? null
  const items = visible.map(({ title, body, ...row }): ToldView => ({
    ...row, createdAt: row.createdAt.toISOString(), calledAt: iso(row.calledAt), acceptedAt: iso(row.acceptedAt), deliveredAt: iso(row.deliveredAt), openedAt: iso(row.openedAt),
    ...(seesMasked(role) || row.kind === 'message' ? {} : { title, body }),
  }))
  return { items, nextCursor: found.length > limit ? shown.at(-1)!.id : null }
}
