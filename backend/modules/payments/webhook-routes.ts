import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { webhookReply } from './contract.ts'
import { createTokenCheck, receiveWebhook } from './receive-webhook.ts'
import { createWebhookStore } from './store-webhooks.ts'

const BODY_LIMIT = 1024 * 1024
/** What the provider tells of, each at an address of its own: the kind of the event is its address. */
const KINDS = ['invoice', 'refund', 'payout'] as const

/** What the provider calls. 200 as soon as the body is committed; what it says is looked into afterwards. */
export const webhookRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  const isCallbackToken = createTokenCheck(ctx)
  const store = createWebhookStore(ctx)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) => done(null, body))

  for (const kind of KINDS) {
    app.post(`/webhooks/xendit/${kind}`, {
      bodyLimit: BODY_LIMIT,
      schema: { body: z.unknown(), response: { 200: webhookReply } },
      config: { access: 'public', limit: 'none', alwaysOpen: true, idempotency: 'off' },
      // Before the body is read: a stranger's megabyte is not even received.
      onRequest: async (request) => {
        if (isCallbackToken(request.headers['x-callback-token'])) return
        ctx.metrics.webhooks.inc({ provider: 'xendit', kind, outcome: 'refused' })
        throw new AppError('unauthenticated')
      },
    }, async (request) => {
      await receiveWebhook(store, kind, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), request.headers)
      return {}
    })
  }
}
