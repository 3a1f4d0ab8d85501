import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { ackNotices } from './ack-notices.ts'
import { acksBody, acksReply, notificationList, notificationParams, notificationQuery, notificationReply, readUpToBody, readUpToReply, unreadReply } from './contract.ts'
import { deleteNotification, listNotifications, markRead, markReadUpTo } from './inbox.ts'
import { findUnread } from './unread.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

export const notificationRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/notifications', { schema: { querystring: notificationQuery, response: { 200: notificationList } }, config }, (request) =>
    listNotifications(ctx.sql, request.user.id, { ...request.query, unread: request.query.unread === 'true' }))

  app.get('/api/v1/notifications/unread/count', { schema: { response: { 200: unreadReply } }, config }, (request) =>
    findUnread(ctx.sql, request.user.id))

  app.put('/api/v1/notifications/read', { schema: { body: readUpToBody, response: { 200: readUpToReply } }, config }, (request) =>
    markReadUpTo(ctx, request.user.id, request.body.upToId))

  app.post('/api/v1/notifications/acks', { schema: { body: acksBody, response: { 204: acksReply } }, config: { ...config, idempotency: 'off' } }, async (request, reply) => {
    await ackNotices(ctx, request.user.id, request.body)
    return reply.code(204).send(null)
  })

  app.put('/api/v1/notifications/:id/read', { schema: { params: notificationParams, response: { 200: notificationReply } }, config }, async (request) => ({
    notification: await transact(ctx, (tx) => markRead(tx, request.user.id, request.params.id)),
  }))

  app.delete('/api/v1/notifications/:id', { schema: { params: notificationParams, response: { 200: notificationReply } }, config }, async (request) => ({
    notification: await transact(ctx, (tx) => deleteNotification(tx, request.user.id, request.params.id)),
  }))
}
