import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { searchEverything } from './search-everything.ts'
import { searchQuery, searchReply } from './search-contract.ts'

/** The one box that finds people, sessions and payments. */
export const searchStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/search', { schema: { querystring: searchQuery, response: { 200: searchReply } }, config: { access: { staff: 'board.read' }, limit: 'standard' } }, async (request) => (
    { items: await searchEverything(ctx, request.staff.role, request.query.q) }))
}
