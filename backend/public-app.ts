import type { FastifyInstance } from 'fastify'
import { availabilityRoutes, notifyRoutes } from './modules/availability/index.ts'
import { changeHealer, chatFrames, chatRoutes, conversationCircles, createReceiptHealer, messageHealer, openHeads, readyConversations, type Sender } from './modules/chat/index.ts'
import { identityRoutes, type TokenVerifier } from './modules/identity/index.ts'
import { walletRoutes } from './modules/ledger/index.ts'
import { bankRoutes, favouriteRoutes, hoursRoutes, mitraRoutes, type Liveness } from './modules/mitras/index.ts'
import type { Lexicon } from './modules/moderation/index.ts'
import { channelRoutes, emailRoutes } from './modules/channels/index.ts'
import { addressWords, notificationRoutes, tellLeftNumber } from './modules/notifications/index.ts'
import { paymentRoutes, webhookRoutes } from './modules/payments/index.ts'
import { findRefundsOfPayments, refundRoutes, refundView } from './modules/refunds/index.ts'
import { payoutRoutes } from './modules/payouts/index.ts'
import { reviewRoutes } from './modules/reviews/index.ts'
import { privacyRoutes, putAway } from './modules/privacy/index.ts'
import { safetyRoutes } from './modules/safety/index.ts'
import {
  applyPayment, countQueue, estimateWait, findChangedOffers, findChangedSessions, findOpenSessions, findOpenVersions, mitraReportRoutes, paymentExpired, sessionRoutes,
} from './modules/sessions/index.ts'
import { PRIVACY_MAP } from './privacy-map.ts'
import type { UserActor } from './platform/access.ts'
import { appConfigRoutes } from './platform/app-config.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import type { Ctx } from './platform/ctx.ts'
import { healthRoutes, type Readiness } from './platform/health.ts'
import { createFastify } from './platform/http.ts'
import type { Hub } from './platform/realtime/hub.ts'
import type { RealtimeParts } from './platform/realtime/parts.ts'
import { createRealtime, REALTIME_PATH, type Realtime } from './platform/realtime/realtime.ts'

export type PublicParts = { readiness: Readiness; authenticators: Authenticators; liveness: Pick<Liveness, 'seen'>; seen: (actor: UserActor) => void; realtime: Pick<Realtime, 'routes'>; sender: Sender; lexicon: Pick<Lexicon, 'screen'> }

/** The public listener: every module's routes by name. A table of contents. */
export async function createPublicApp(ctx: Ctx, parts: PublicParts): Promise<FastifyInstance> {
  const app = await createFastify(ctx, { listener: 'public', socketPath: REALTIME_PATH, ...parts })
  // Any authenticated request is a sign of life.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.user) parts.seen(request.user)
    done()
  })
  await app.register(healthRoutes(ctx, parts.readiness))
  await app.register(appConfigRoutes(ctx))
  await app.register(identityRoutes(ctx, { startedAfresh: putAway, leftNumber: tellLeftNumber }))
  await app.register(walletRoutes(ctx))
  await app.register(channelRoutes(ctx))
  await app.register(emailRoutes(ctx, addressWords))
  await app.register(notificationRoutes(ctx))
  await app.register(webhookRoutes(ctx))
  await app.register(paymentRoutes(ctx, { apply: applyPayment, expired: paymentExpired }, async (paymentId) => (await findRefundsOfPayments(ctx.sql, [paymentId])).map(refundView)))
  await app.register(refundRoutes(ctx))
  await app.register(mitraRoutes(ctx, parts))
  await app.register(favouriteRoutes(ctx))
  await app.register(hoursRoutes(ctx))
  await app.register(bankRoutes(ctx))
  await app.register(payoutRoutes(ctx))
  await app.register(availabilityRoutes(ctx, { countQueue, estimateWait }))
  await app.register(notifyRoutes(ctx))
  await app.register(sessionRoutes(ctx))
  await app.register(mitraReportRoutes(ctx))
  await app.register(reviewRoutes(ctx, parts.lexicon))
  await app.register(chatRoutes(ctx, parts.sender))
  await app.register(safetyRoutes(ctx))
  await app.register(privacyRoutes(ctx, PRIVACY_MAP))
  await app.register(parts.realtime.routes)
  return app
}

/** The socket: every module's frames and healers by name, and what `ready` and `heartbeat` gather from several. */
export function createPublicRealtime(ctx: Ctx, hub: Hub, parts: { verifier: TokenVerifier; sender: Sender; seen: (actor: UserActor) => void }): Realtime {
  return createRealtime(ctx, hub, {
    verifier: parts.verifier,
    seen: parts.seen,
    frames: chatFrames(ctx, parts.sender),
    circles: conversationCircles(ctx),
    healers: [
      messageHealer,
      changeHealer,
      createReceiptHealer(parts.sender.told),
      { what: 'sessions', find: (_ctx, { userIds, sinceSeconds }) => findChangedSessions(ctx, userIds, sinceSeconds) },
      { what: 'offers', find: (_ctx, { userIds, sinceSeconds }) => findChangedOffers(ctx.sql, userIds, sinceSeconds) },
    ],
    ready: readEverything,
    heartbeat: readPositions,
  })
}

const readEverything: RealtimeParts['ready'] = async (ctx, actors) => {
  const conversations = await readyConversations(ctx.sql, actors.map((actor) => actor.id), ctx.settings.get('messageDeleteSeconds'))
  const open = await findOpenSessions(ctx, actors)
  return new Map(actors.map((actor) => {
    const { streams, ...fields } = conversations.get(actor.id)!
    return [actor.id, { fields: { ...open.get(actor.id), ...fields }, streams }]
  }))
}

const readPositions: RealtimeParts['heartbeat'] = async ({ sql }, actors) => {
  const conversations = await openHeads(sql, actors.map((actor) => actor.id))
  const open = await findOpenVersions(sql, actors)
  return new Map(actors.map((actor) => [actor.id, { conversations: conversations.get(actor.id)!, ...open.get(actor.id) }]))
}
