import type { FastifyInstance } from 'fastify'
import { availabilityRoutes } from './modules/availability/index.ts'
import { identityRoutes } from './modules/identity/index.ts'
import { walletRoutes } from './modules/ledger/index.ts'
import { mitraRoutes, type Liveness } from './modules/mitras/index.ts'
import { notificationRoutes } from './modules/notifications/index.ts'
import { paymentRoutes, webhookRoutes } from './modules/payments/index.ts'
import { applyPayment, countQueue, estimateWait, paymentExpired, sessionRoutes } from './modules/sessions/index.ts'
import { appConfigRoutes } from './platform/app-config.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import type { Ctx } from './platform/ctx.ts'
import { healthRoutes, type Readiness } from './platform/health.ts'
import { createFastify } from './platform/http.ts'

export type PublicParts = { readiness: Readiness; authenticators: Authenticators; liveness: Pick<Liveness, 'seen'> }

/** The public listener: every module's routes by name. A table of contents. */
export async function createPublicApp(ctx: Ctx, parts: PublicParts): Promise<FastifyInstance> {
  const app = await createFastify(ctx, { listener: 'public', ...parts })
  // Any authenticated request is a sign of life.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.user?.kind === 'mitra') parts.liveness.seen(request.user.id)
    done()
  })
  await app.register(healthRoutes(ctx, parts.readiness))
  await app.register(appConfigRoutes(ctx))
  await app.register(identityRoutes(ctx))
  await app.register(walletRoutes(ctx))
  await app.register(notificationRoutes(ctx))
  await app.register(webhookRoutes(ctx))
  await app.register(paymentRoutes(ctx, { apply: applyPayment, expired: paymentExpired }))
  await app.register(mitraRoutes(ctx, parts))
  await app.register(availabilityRoutes(ctx, { countQueue, estimateWait }))
  await app.register(sessionRoutes(ctx))
  return app
}
