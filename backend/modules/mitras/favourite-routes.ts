import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { favouriteList, favouriteParams, favouriteReply } from './contract.ts'
import { addFavourite, removeFavourite } from './favourites.ts'
import { showFavourites } from './show-mitras.ts'

const tags = ['mitras']
const config = { access: 'customer', limit: 'standard' } as const

/** A customer's favourites: listed first to them, and no rank in the queue. */
export const favouriteRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/favourites', { schema: { tags, response: { 200: favouriteList } }, config }, async (request) => ({ items: await showFavourites(ctx, request.user.id), nextCursor: null }))

  app.post('/api/v1/favourites/:mitraId', { schema: { tags, params: favouriteParams, response: { 200: favouriteReply, 201: favouriteReply } }, config }, async (request, reply) => {
    const { mitraId } = request.params
    const isNew = await addFavourite(ctx, request.user.id, mitraId)
    return reply.code(isNew ? 201 : 200).send({ mitraId, isFavourite: true })
  })

  app.delete('/api/v1/favourites/:mitraId', { schema: { tags, params: favouriteParams, response: { 200: favouriteReply } }, config }, async (request) => {
    await removeFavourite(ctx.sql, request.user.id, request.params.mitraId)
    return { mitraId: request.params.mitraId, isFavourite: false }
  })
}
