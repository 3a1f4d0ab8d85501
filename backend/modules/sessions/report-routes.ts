import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { mitraReport, reportQuery } from './contract.ts'
import { daysOfReport, reportMitra } from './report-mitras.ts'

/** A mitra's own hours and answers. */
export const mitraReportRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/mitra/report', { schema: { tags: ['mitras'], querystring: reportQuery, response: { 200: mitraReport } }, config: { access: 'mitra', limit: 'standard' } }, async (request) =>
    reportMitra(ctx.sql, request.user.id, await daysOfReport(ctx.sql, request.query)))
}
