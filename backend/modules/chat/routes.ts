import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { conversationList, conversationParams, editBody, message, messagePage, messageParams, messagesQuery, pageQuery, receiptBody, receiptReply, searchPage, searchQuery, sendBody } from './contract.ts'
import { findHistory } from './find-history.ts'
import { listConversations } from './list-conversations.ts'
import { searchMessages } from './search-messages.ts'
import type { Sender } from './sender.ts'

/** The socket's HTTP twin. */
export const chatRoutes = (ctx: Ctx, sender: Sender): FastifyPluginAsyncZod => async (app) => {
  const config = { access: 'signed-in', limit: 'standard' } as const

  app.get('/api/v1/conversations', { schema: { tags: ['chat'], querystring: pageQuery, response: { 200: conversationList } }, config }, async (request) =>
    listConversations(ctx.sql, request.user.id, request.query))

  app.get('/api/v1/conversations/:id/messages', { schema: { tags: ['chat'], params: conversationParams, querystring: messagesQuery, response: { 200: messagePage } }, config }, async (request) =>
    findHistory(ctx, request.user.id, request.params.id, request.query))

  app.get('/api/v1/messages/search', { schema: { tags: ['chat'], querystring: searchQuery, response: { 200: searchPage } }, config }, async (request) =>
    searchMessages(ctx, request.user.id, request.query))

  app.post('/api/v1/conversations/:id/messages', { schema: { tags: ['chat'], params: conversationParams, body: sendBody, response: { 201: message } }, config }, async (request, reply) => {
    const sent = await sender.send({ conversationId: request.params.id, senderId: request.user.id, ...request.body })
    return reply.code(201).send(sent)
  })

  app.patch('/api/v1/conversations/:id/messages/:seq', { schema: { tags: ['chat'], params: messageParams, body: editBody, response: { 200: message } }, config }, async (request) =>
    (await sender.change({ conversationId: request.params.id, userId: request.user.id, seq: request.params.seq, body: request.body.body })).message)

  app.delete('/api/v1/conversations/:id/messages/:seq', { schema: { tags: ['chat'], params: messageParams, response: { 200: message } }, config }, async (request) =>
    (await sender.change({ conversationId: request.params.id, userId: request.user.id, seq: request.params.seq, body: null })).message)

  for (const what of ['read', 'delivered'] as const) {
    app.post(`/api/v1/conversations/:id/${what}`, { schema: { tags: ['chat'], params: conversationParams, body: receiptBody, response: { 200: receiptReply } }, config }, async (request) => {
      const seq = await sender.receipts({ conversationId: request.params.id, userId: request.user.id, what, seq: request.body.seq })
      return { conversationId: request.params.id, seq }
    })
  }
}
