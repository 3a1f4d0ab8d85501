import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { maskName } from '../identity/index.ts'
import { listMitras } from '../mitras/index.ts'
import { daysOfReport, reportMitras } from '../sessions/index.ts'
import { mitraReportList, mitraReportQuery, type MitraReportQuery } from './control-contract.ts'
import { seesMasked } from './roles.ts'

/** Hours and answers of all mitras over some days, by their id: two statements a page beside the list. */
export const mitraReportStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/reports/mitras', { schema: { querystring: mitraReportQuery, response: { 200: mitraReportList } }, config: { access: { staff: 'board.read' }, limit: 'standard' } }, (request) =>
    showReport(ctx, request.staff.role, request.query))
}

async function showReport(ctx: Ctx, role: StaffRole, query: MitraReportQuery) {
  const days = await daysOfReport(ctx.sql, query)
  const found = await listMitras(ctx.sql, { status: query.status, after: query.cursor, limit: query.limit + 1 })
  const shown = found.slice(0, query.limit)
  const sums = await reportMitras(ctx.sql, shown.map((mitra) => mitra.mitraId), days)
  const nameOf = (name: string | null) => (name !== null && seesMasked(role) ? maskName(name) : name)
  return {
    ...days, nextCursor: found.length > query.limit ? shown.at(-1)!.mitraId : null,
    items: shown.map(({ mitraId, displayName, status }) => ({ mitraId, displayName: nameOf(displayName), status, ...sums.get(mitraId)! })),
  }
}
