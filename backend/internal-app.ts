import cookies from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { checkBooksAndClosings } from './check-books.ts'
import { lexiconStaffRoutes, type Lexicon } from './modules/moderation/index.ts'
import { templateStaffRoutes } from './modules/notifications/index.ts'
import { reviewStaffRoutes } from './modules/reviews/index.ts'
import { privacyStaffRoutes } from './modules/privacy/index.ts'
import { safetyStaffRoutes, sanctionStaffRoutes } from './modules/safety/index.ts'
import { settingsStaffRoutes } from './modules/settings/index.ts'
import {
  announcementStaffRoutes, approvalStaffRoutes, auditStaffRoutes, customerStaffRoutes, findColleaguesFor, hasAnotherFor, inboxStaffRoutes, ledgerStaffRoutes, LIVE_PATH, liveStaffRoutes, mitraReportStaffRoutes, mitraStaffRoutes,
  namesOf, noticeStaffRoutes, packageStaffRoutes, paymentStaffRoutes,
  payoutStaffRoutes, promoCodeStaffRoutes, reconciliationStaffRoutes, refundStaffRoutes, reportStaffRoutes, searchStaffRoutes, sessionStaffRoutes, staffAccountRoutes,
  staffAuthRoutes, suspenseStaffRoutes, systemStaffRoutes, transcriptStaffRoutes, viewStaffRoutes, walletStaffRoutes, type LiveSockets,
} from './modules/staff/index.ts'
import { PRIVACY_MAP } from './privacy-map.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import { controlCenterFiles } from './platform/control-center-files.ts'
import type { Ctx } from './platform/ctx.ts'
import { healthRoutes, type Readiness } from './platform/health.ts'
import { createFastify } from './platform/http.ts'
import { metricsRoutes } from './platform/metrics-routes.ts'
import type { QueueBoard } from './platform/queue-board.ts'
import { queuePages } from './platform/queue-pages.ts'

export type InternalParts = { readiness: Readiness; authenticators: Authenticators; lexicon: Pick<Lexicon, 'screen' | 'explain'>; live: LiveSockets; queueBoard: QueueBoard; pages?: string | undefined }

/** The internal listener: staff routes, metrics and the control center's files by name. Nothing of it is reachable in public. */
export async function createInternalApp(ctx: Ctx, parts: InternalParts): Promise<FastifyInstance> {
  const app = await createFastify(ctx, { listener: 'internal', socketPath: LIVE_PATH, ...parts })
  await app.register(healthRoutes(ctx, parts.readiness))
  await app.register(metricsRoutes(ctx, parts.readiness))
  await app.register(cookies)
  await app.register(staffAuthRoutes(ctx))
  await app.register(staffAccountRoutes(ctx))
  await app.register(settingsStaffRoutes(ctx, { namesOf }))
  await app.register(lexiconStaffRoutes(ctx, { lexicon: parts.lexicon, namesOf }))
  await app.register(templateStaffRoutes(ctx, { namesOf }))
  await app.register(packageStaffRoutes(ctx))
  await app.register(mitraStaffRoutes(ctx))
  await app.register(mitraReportStaffRoutes(ctx))
  await app.register(announcementStaffRoutes(ctx))
  await app.register(promoCodeStaffRoutes(ctx))
  await app.register(customerStaffRoutes(ctx))
  await app.register(noticeStaffRoutes(ctx))
  await app.register(searchStaffRoutes(ctx))
  await app.register(sessionStaffRoutes(ctx))
  await app.register(viewStaffRoutes(ctx))
  await app.register(safetyStaffRoutes(ctx, { namesOf, findColleagues: findColleaguesFor('safety.act') }))
  await app.register(reviewStaffRoutes(ctx, { namesOf }))
  await app.register(privacyStaffRoutes(ctx, PRIVACY_MAP))
  await app.register(sanctionStaffRoutes(ctx, { hasAnother: hasAnotherFor('safety.act'), namesOf }))
  await app.register(transcriptStaffRoutes(ctx))
  await app.register(inboxStaffRoutes(ctx))
  await app.register(reconciliationStaffRoutes(ctx))
  await app.register(approvalStaffRoutes(ctx))
  await app.register(suspenseStaffRoutes(ctx))
  await app.register(walletStaffRoutes(ctx))
  await app.register(ledgerStaffRoutes(ctx, { checkBooks: checkBooksAndClosings }))
  await app.register(reportStaffRoutes(ctx))
  await app.register(paymentStaffRoutes(ctx))
  await app.register(refundStaffRoutes(ctx))
  await app.register(payoutStaffRoutes(ctx))
  await app.register(auditStaffRoutes(ctx))
  await app.register(systemStaffRoutes(ctx, parts.queueBoard))
  await app.register(queuePages(parts.queueBoard))
  await app.register(liveStaffRoutes(ctx, parts.live))
  // The last, because it takes every path that nobody else has taken.
  await app.register(controlCenterFiles(parts.pages))
  return app
}
