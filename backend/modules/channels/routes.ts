import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { preferencesBody, preferencesReply } from './contract.ts'
import { changeNotificationPreferences, findNotificationPreferences } from './preferences.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

export const channelRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/notifications/preferences', { schema: { response: { 200: preferencesReply } }, config }, (request) =>
    findNotificationPreferences(ctx.sql, request.user.id))

  app.put('/api/v1/notifications/preferences', { schema: { body: preferencesBody, response: { 200: preferencesReply } }, config }, (request) =>
    transact(ctx, (tx) => changeNotificationPreferences(tx, request.user.id, request.body)))
}
