import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { byOf } from './by.ts'
import { empty, idParams } from './contract.ts'
import { changeView, createView, findViews, removeView } from './saved-views.ts'
import { changeViewBody, createViewBody, savedViewList, savedViewReply, viewsQuery } from './views-contract.ts'

const config = { access: { staff: 'self' }, limit: 'standard' } as const

/** Filters of lists that members of staff keep under a name, for themselves or for everybody. */
export const viewStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/views', { schema: { querystring: viewsQuery, response: { 200: savedViewList } }, config }, async (request) => (
    { items: await findViews(ctx.sql, request.staff.id, request.query.page), nextCursor: null }))

  app.post('/internal/v1/views', { schema: { body: createViewBody, response: { 201: savedViewReply } }, config }, async (request, reply) =>
    reply.code(201).send({ view: await createView(ctx, byOf(request), request.body) }))

  app.patch('/internal/v1/views/:id', { schema: { params: idParams, body: changeViewBody, response: { 200: savedViewReply } }, config }, async (request) => (
    { view: await changeView(ctx, byOf(request), request.params.id, request.body) }))

  app.delete('/internal/v1/views/:id', { schema: { params: idParams, response: { 200: empty } }, config }, async (request) => {
    await removeView(ctx, byOf(request), request.params.id)
    return {}
  })
}
