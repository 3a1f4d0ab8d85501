import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { hotlineList, reportBody, reportReply } from './contract.ts'
import { reportSession } from './report-session.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

/** What both apps ask of safety. */
export const safetyRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/reports', { schema: { tags: ['safety'], body: reportBody, response: { 201: reportReply } }, config }, async (request, reply) => {
    const { id, sessionId, openedAt, reason } = await reportSession(ctx, request.user, request.body)
    return reply.code(201).send({ report: { id, sessionId, reason: reason ?? request.body.reason, createdAt: openedAt.toISOString() } })
  })

  app.get('/api/v1/safety/hotlines', { schema: { tags: ['safety'], response: { 200: hotlineList } }, config }, async () => ({
    items: ctx.settings.get('crisisHotlines').map((text) => ({ text })), nextCursor: null,
  }))
}
