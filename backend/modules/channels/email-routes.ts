import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import type { AddressWords } from './address-letters.ts'
import { askEmail } from './ask-email.ts'
import { emailBody, emailCodeBody, emailReply, unsubscribeBody, unsubscribeParams } from './contract.ts'
import { findEmail } from './find-email.ts'
import { proveEmail } from './prove-email.ts'
import { removeEmail } from './remove-email.ts'
import { findUnsubscribe, unsubscribe } from './unsubscribe.ts'
import { UNSUBSCRIBE_POLICY, unsubscribePage } from './unsubscribe-page.ts'

const config = { access: 'signed-in', limit: 'standard' } as const
// The servers of a large mail provider click for all of its people; only who has a letter of ours gets beyond its signature.
const open = { access: 'public', limit: 'none', idempotency: 'off' } as const
const PAGE = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': UNSUBSCRIBE_POLICY, 'cache-control': 'no-store' }

export const emailRoutes = (ctx: Ctx, words: AddressWords): FastifyPluginAsyncZod => async (app) => {
  // A form's fields; a mail programme may send them as either (RFC 8058), and what the second holds is not looked at.
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))))
  app.addContentTypeParser('multipart/form-data', { parseAs: 'string' }, (_request, _body, done) => done(null, {}))

  app.get('/api/v1/me/email', { schema: { response: { 200: emailReply } }, config }, (request) => findEmail(ctx, request.user.id))

  app.put('/api/v1/me/email', { schema: { body: emailBody, response: { 200: emailReply } }, config }, (request) => askEmail(ctx, words, request.user.id, request.body.address))

  app.post('/api/v1/me/email/verify', { schema: { body: emailCodeBody, response: { 200: emailReply } }, config: { ...config, idempotency: 'off' } }, (request) =>
    proveEmail(ctx, words, request.user.id, request.body.code))

  app.delete('/api/v1/me/email', { schema: { response: { 200: emailReply } }, config }, (request) => removeEmail(ctx, words, request.user.id))

  app.get('/api/v1/unsubscribe/:token', { schema: { params: unsubscribeParams, response: { 200: z.string() } }, config: { access: 'public', limit: 'standard' } }, async (request, reply) => {
    const { language } = await findUnsubscribe(ctx, request.params.token)
    reply.headers(PAGE)
    return unsubscribePage(language, false)
  })

  app.post('/api/v1/unsubscribe/:token', { schema: { params: unsubscribeParams, body: unsubscribeBody, response: { 200: z.string() } }, config: open }, async (request, reply) => {
    const { language } = await unsubscribe(ctx, request.params.token, request.body?.scope ?? 'this')
    reply.headers(PAGE)
    return unsubscribePage(language, true)
  })
}
