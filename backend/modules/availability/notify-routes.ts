import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { askNotify, findAsked, withdrawNotify } from './ask-notify.ts'
import { notifyBody, notifyList, notifyReply, withdrawnReply } from './contract.ts'

const tags = ['availability']
const config = { access: 'customer', limit: 'standard' } as const
const PATH = '/api/v1/notify-me'

/** "Tell me when": a named mitra, or any where none is named. */
export const notifyRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get(PATH, { schema: { tags, response: { 200: notifyList } }, config }, async (request) => ({ items: await findAsked(ctx.sql, request.user.id), nextCursor: null }))

  app.post(PATH, { schema: { tags, body: notifyBody, response: { 200: notifyReply, 201: notifyReply } }, config }, async (request, reply) => {
    const { request: asked, isNew } = await askNotify(ctx, request.user.id, request.body.mitraId)
    return reply.code(isNew ? 201 : 200).send({ request: asked })
  })

  app.delete(PATH, { schema: { tags, body: notifyBody, response: { 200: withdrawnReply } }, config }, async (request) => {
    await withdrawNotify(ctx.sql, request.user.id, request.body.mitraId)
    return { ...request.body, isWaiting: false as const }
  })
}
