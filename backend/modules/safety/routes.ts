import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { appeal, showAppeal } from './appeals.ts'
import { blockPerson, listBlocks, unblockPerson } from './block-person.ts'
import { appealBody, blockList, blockParams, blockReply, blocksQuery, emptyBody, hotlineList, ownReply, proofBody, reportBody, reportReply, unblockReply } from './contract.ts'
import { reportSession } from './report-session.ts'

const config = { access: 'signed-in', limit: 'standard' } as const
// Whoever is out can't sign in: a one-time code proves the number instead.
const open = { access: 'public', limit: 'standard' } as const

/** What both apps ask of safety. */
export const safetyRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/reports', { schema: { tags: ['safety'], body: reportBody, response: { 201: reportReply } }, config }, async (request, reply) => {
    const { id, openedAt, reason } = await reportSession(ctx, request.user, request.body)
    return reply.code(201).send({ report: { id, sessionId: request.body.sessionId, reason: reason ?? request.body.reason, createdAt: openedAt.toISOString() } })
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

  app.post('/api/v1/appeals', { schema: { tags: ['safety'], body: appealBody, response: { 200: ownReply, 201: ownReply } }, config: open }, async (request, reply) => {
    const { own, isNew } = await appeal(ctx, request.body)
    return reply.code(isNew ? 201 : 200).send(own)
  })

  app.post('/api/v1/appeals/status', { schema: { tags: ['safety'], body: proofBody, response: { 200: ownReply } }, config: open }, (request) => showAppeal(ctx, request.body))

  app.get('/api/v1/safety/hotlines', { schema: { tags: ['safety'], response: { 200: hotlineList } }, config }, async () => ({
    items: ctx.settings.get('crisisHotlines').map((text) => ({ text })), nextCursor: null,
  }))
}
