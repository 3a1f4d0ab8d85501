import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { blockPerson, listBlocks, unblockPerson } from './block-person.ts'
import { blockList, blockParams, blockReply, blocksQuery, emptyBody, hotlineList, reportBody, reportReply, unblockReply } from './contract.ts'
import { reportSession } from './report-session.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

/** What both apps ask of safety. */
export const safetyRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/reports', { schema: { tags: ['safety'], body: reportBody, response: { 201: reportReply } }, config }, async (request, reply) => {
    const { id, sessionId, openedAt, reason } = await reportSession(ctx, request.user, request.body)
    return reply.code(201).send({ report: { id, sessionId, reason: reason ?? request.body.reason, createdAt: openedAt.toISOString() } })
  })

  app.get('/api/v1/blocks', { schema: { tags: ['safety'], querystring: blocksQuery, response: { 200: blockList } }, config }, (request) => listBlocks(ctx, request.user, request.query))

  app.post('/api/v1/blocks/:userId', { schema: { tags: ['safety'], params: blockParams, body: emptyBody, response: { 200: blockReply, 201: blockReply } }, config }, async (request, reply) => {
    const { block, isNew } = await blockPerson(ctx, request.user, request.params.userId)
    return reply.code(isNew ? 201 : 200).send({ block })
  })

  app.delete('/api/v1/blocks/:userId', { schema: { tags: ['safety'], params: blockParams, response: { 200: unblockReply } }, config }, async (request) => {
    await unblockPerson(ctx, request.user, request.params.userId)
    return { userId: request.params.userId }
  })

  app.get('/api/v1/safety/hotlines', { schema: { tags: ['safety'], response: { 200: hotlineList } }, config }, async () => ({
    items: ctx.settings.get('crisisHotlines').map((text) => ({ text })), nextCursor: null,
  }))
}
