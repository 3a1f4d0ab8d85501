import type { FastifyInstance } from 'fastify'
import { identityRoutes } from './modules/identity/index.ts'
import { walletRoutes } from './modules/ledger/index.ts'
import { paymentRoutes, webhookRoutes } from './modules/payments/index.ts'
import { applyPayment, paymentExpired, sessionRoutes } from './modules/sessions/index.ts'
import { appConfigRoutes } from './platform/app-config.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import type { Ctx } from './platform/ctx.ts'
import { healthRoutes, type Readiness } from './platform/health.ts'
import { createFastify } from './platform/http.ts'

export type PublicParts = { readiness: Readiness; authenticators: Authenticators }

/** The public listener: every module's routes by name. A table of contents. */
export async function createPublicApp(ctx: Ctx, parts: PublicParts): Promise<FastifyInstance> {
  const app = await createFastify(ctx, { listener: 'public', ...parts })
  await app.register(healthRoutes(ctx, parts.readiness))
  await app.register(appConfigRoutes(ctx))
  await app.register(identityRoutes(ctx))
  await app.register(walletRoutes(ctx))
  await app.register(webhookRoutes(ctx))
  await app.register(paymentRoutes(ctx, { apply: applyPayment, expired: paymentExpired }))
  await app.register(sessionRoutes(ctx))
  return app
}
