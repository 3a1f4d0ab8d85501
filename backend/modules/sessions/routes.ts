import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { accessSession } from './access.ts'
import { acceptOffer, declineOffer } from './answer-offer.ts'
import { cancelSession } from './cancel-session.ts'
import { extendBody, idParams, offerList, packageList, pageQuery, sessionList, sessionReply, startReply, startSessionBody, tipBody, tipReply } from './contract.ts'
import { endSession } from './end-session.ts'
import { extendSession } from './extend-session.ts'
import { findSessionsOf } from './lists.ts'
import { findPackages } from './packages.ts'
import { startClocks } from './start-clock.ts'
import { startSession } from './start-session.ts'
import { tipMitra } from './tip-mitra.ts'
import { findOfferViews } from './views.ts'
import { viewSession } from './view-session.ts'

/** Packages, sessions and offers over HTTP. */
export const sessionRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/packages', { schema: { tags: ['sessions'], response: { 200: packageList } }, config: { access: 'public', limit: 'standard' } }, async () => (
    { items: await findPackages(ctx.sql) }
  ))

  app.post('/api/v1/sessions', {
    schema: { tags: ['sessions'], body: startSessionBody, response: { 201: startReply } },
    config: { access: 'customer', limit: 'standard', idempotency: 'required' },
  }, async (request, reply) => {
    const session = await startSession(ctx, request.user.id, request.body, String(request.headers['idempotency-key']))
    return reply.code(201).send({ session, ...(session.payment ? { payment: session.payment } : {}) })
  })

  app.get('/api/v1/sessions', { schema: { tags: ['sessions'], querystring: pageQuery, response: { 200: sessionList } }, config: { access: 'signed-in', limit: 'standard' } }, async (request) =>
    findSessionsOf(ctx, request.user, request.query))

  app.get('/api/v1/sessions/:id', { schema: { tags: ['sessions'], params: idParams, response: { 200: sessionReply } }, config: { access: 'signed-in', limit: 'standard' } }, async (request) => {
    const { session } = await accessSession(ctx.sql, request.user, request.params.id)
    // The customer looks: that is being seen, and the clock that waited for it starts.
    if (session.state === 'active' && !session.clockStartedAt && request.user.kind === 'customer') await startClocks(ctx, [request.user.id])
    return viewSession(ctx, request.user, session.id)
  })

  app.post('/api/v1/sessions/:id/cancel', { schema: { tags: ['sessions'], params: idParams, response: { 200: sessionReply } }, config: { access: 'customer', limit: 'standard' } }, async (request) => {
    await cancelSession(ctx, request.user, request.params.id)
    return viewSession(ctx, request.user, request.params.id)
  })

  app.post('/api/v1/sessions/:id/end', { schema: { tags: ['sessions'], params: idParams, response: { 200: sessionReply } }, config: { access: 'signed-in', limit: 'standard' } }, async (request) => {
    await endSession(ctx, request.user, request.params.id)
    return viewSession(ctx, request.user, request.params.id)
  })

  app.post('/api/v1/sessions/:id/extend', {
    schema: { tags: ['sessions'], params: idParams, body: extendBody, response: { 201: startReply } },
    config: { access: 'customer', limit: 'standard', idempotency: 'required' },
  }, async (request, reply) => reply.code(201).send(await extendSession(ctx, request.user, request.params.id, { ...request.body, requestKey: String(request.headers['idempotency-key']) })))

  app.post('/api/v1/sessions/:id/tip', {
    schema: { tags: ['sessions'], params: idParams, body: tipBody, response: { 201: tipReply } },
    config: { access: 'customer', limit: 'standard', idempotency: 'required' },
  }, async (request, reply) => reply.code(201).send(await tipMitra(ctx, request.user, request.params.id, { ...request.body, requestKey: String(request.headers['idempotency-key']) })))

  app.get('/api/v1/offers', { schema: { tags: ['sessions'], response: { 200: offerList } }, config: { access: 'mitra', limit: 'standard' } }, async (request) => {
    const found = await findOfferViews(ctx.sql, { mitraIds: [request.user.id] })
    return { items: found.map((offer) => offer.view), nextCursor: null }
  })

  app.post('/api/v1/offers/:id/accept', { schema: { tags: ['sessions'], params: idParams, response: { 200: sessionReply } }, config: { access: 'mitra', limit: 'standard' } }, async (request) =>
    viewSession(ctx, request.user, await acceptOffer(ctx, request.user, request.params.id)))

  app.post('/api/v1/offers/:id/decline', { schema: { tags: ['sessions'], params: idParams, response: { 200: sessionReply } }, config: { access: 'mitra', limit: 'standard' } }, async (request) =>
    viewSession(ctx, request.user, await declineOffer(ctx, request.user, request.params.id)))
}
