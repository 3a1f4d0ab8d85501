import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { erasePerson } from './ask-erasure.ts'
import { eraseBody, erasureReply } from './contract.ts'
import { erasureView } from './erasure-view.ts'
import { exportPerson } from './export-person.ts'
import { exportReply, sendExport } from './export-reply.ts'
import type { PrivacyMap } from './map.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

/** What a person may ask for about themselves: the id comes from the token, never from the request. */
export const privacyRoutes = (ctx: Ctx, map: PrivacyMap): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/me/export', { schema: { tags: ['privacy'], response: { 200: exportReply(map) } }, config }, async ({ user }, reply) =>
    sendExport(reply, user.id, await exportPerson(ctx, map, { userId: user.id, by: { kind: user.kind, id: user.id } })))

  app.delete('/api/v1/me', { schema: { tags: ['privacy'], body: eraseBody, response: { 200: erasureReply, 202: erasureReply } }, config }, async ({ user, body }, reply) => {
    const erasure = await erasePerson(ctx, map, { userId: user.id, forfeit: body.forfeit, by: { kind: user.kind, id: user.id } })
    return reply.code(erasure.state === 'waiting' ? 202 : 200).send({ erasure: erasureView(erasure) })
  })
}
