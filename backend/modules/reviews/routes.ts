import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import type { Screen } from '../moderation/index.ts'
import { commentsQuery, commentsReply, ownRatingReply, ratingBody, ratingReply, sessionParams } from './contract.ts'
import { ownView } from './queries.ts'
import { covered } from './cover-contacts.ts'
import { rateSession } from './rate-session.ts'
import { showComments, showOwnRating } from './show-rating.ts'

const tags = ['reviews']
const forCustomers = { access: 'customer', limit: 'standard' } as const

/** Ratings, for who gives them and whom they are about. */
export const reviewRoutes = (ctx: Ctx, parts: { screen: Screen }): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/sessions/:id/rating', { schema: { tags, params: sessionParams, body: ratingBody, response: { 201: ratingReply } }, config: forCustomers }, async (request, reply) =>
    reply.code(201).send({ rating: ownView(await rateSession(ctx, request.user, request.params.id, covered(ctx, parts.screen, request.body))) }))

  app.get('/api/v1/sessions/:id/rating', { schema: { tags, params: sessionParams, response: { 200: ownRatingReply } }, config: forCustomers }, (request) =>
    showOwnRating(ctx, request.user, request.params.id))

  app.get('/api/v1/mitra/ratings', { schema: { tags, querystring: commentsQuery, response: { 200: commentsReply } }, config: { access: 'mitra', limit: 'standard' } }, (request) =>
    showComments(ctx, request.user.id, request.query))
}
