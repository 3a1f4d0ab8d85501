import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { notificationList, notificationParams, notificationQuery, notificationReply, unreadReply } from './contract.ts'
import { countUnread, deleteNotification, listNotifications, markRead } from './inbox.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

export const notificationRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/notifications', { schema: { querystring: notificationQuery, response: { 200: notificationList } }, config }, (request) =>
    listNotifications(ctx.sql, request.user.id, request.query))

  app.get('/api/v1/notifications/unread/count', { schema: { response: { 200: unreadReply } }, config }, async (request) => ({
    count: await countUnread(ctx.sql, request.user.id),
  }))

  app.put('/api/v1/notifications/:id/read', { schema: { params: notificationParams, response: { 200: notificationReply } }, config }, async (request) => ({
    notification: await markRead(ctx.sql, request.user.id, request.params.id),
  }))

  app.delete('/api/v1/notifications/:id', { schema: { params: notificationParams, response: { 200: notificationReply } }, config }, async (request) => ({
    notification: await deleteNotification(ctx.sql, request.user.id, request.params.id),
  }))
}
