import { sql as fragment } from './drizzle.ts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from './ctx.ts'
import { maintenanceOf } from './maintenance.ts'
import type { SettingName } from './settings.ts'
import { mayCharge } from './switches.ts'
import { appOf, isOlder } from './version-gate.ts'

const Query = z.object({
  app: z.enum(['customer', 'mitra', 'client_app', 'mitra_app']).default('customer'),
  platform: z.string().max(32).optional(),
  // A + that nobody encoded arrives as a space.
  version: z.string().regex(/^\d{1,6}(\.\d{1,6}){0,2}([-+ ][\w.-]+)*$/).optional(),
})

const AppConfig = z.object({
  minVersion: z.string(),
  latestVersion: z.string(),
  updateRequired: z.boolean(),
  maintenance: z.boolean(),
  maintenanceMessages: z.object({ id: z.string(), en: z.string() }).nullable(),
  maintenanceUntil: z.string().nullable(),
  features: z.object({ payments: z.boolean(), signUp: z.boolean(), newSessions: z.boolean() }),
  terms: z.object({ version: z.string(), url: z.string() }),
  support: z.object({ url: z.string() }),
  serverTime: z.string(),
})

/** GET /api/v1/app-config: what an app asks at its start, also during maintenance and when it is outdated. */
export const appConfigRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  const config = { access: 'public', limit: 'standard', alwaysOpen: true } as const
  app.get('/api/v1/app-config', { config, schema: { querystring: Query, response: { 200: AppConfig } } }, async (request) => {
    const shown = configOf(ctx, appOf(request.query.app) === 'mitra' ? 'mitra' : 'customer')
    return {
      ...shown,
      updateRequired: request.query.version !== undefined && isOlder(request.query.version.split(/[-+ ]/)[0]!, shown.minVersion),
      serverTime: await serverTime(ctx),
    }
  })
}

/** Settings that an app is shown: when one of them changes, open sockets are told. */
export const SHOWN_SETTINGS: ReadonlySet<SettingName> = new Set<SettingName>([
  'customerMinVersion', 'customerLatestVersion', 'mitraMinVersion', 'mitraLatestVersion', 'maintenance', 'maintenanceMinutes', 'maintenanceMessageId', 'maintenanceMessageEn',
  'newSessionsClosed', 'signUpClosed', 'paymentsClosed', 'termsVersion', 'termsUrl', 'supportUrl',
])

/** What an app is configured with, from this replica's memory. */
export function configOf(ctx: Pick<Ctx, 'settings' | 'gateways' | 'clock'>, app: 'customer' | 'mitra') {
  const { settings } = ctx
  const maintenance = maintenanceOf(ctx)
  return {
    minVersion: settings.get(app === 'mitra' ? 'mitraMinVersion' : 'customerMinVersion'),
    latestVersion: settings.get(app === 'mitra' ? 'mitraLatestVersion' : 'customerLatestVersion'),
    maintenance: maintenance !== undefined,
    maintenanceMessages: maintenance?.messages ?? null,
    maintenanceUntil: maintenance?.until?.toISOString() ?? null,
    features: { payments: mayCharge(ctx), signUp: !settings.get('signUpClosed'), newSessions: !settings.get('newSessionsClosed') },
    terms: { version: settings.get('termsVersion'), url: settings.get('termsUrl') },
    support: { url: settings.get('supportUrl') },
  }
}

// Sessions end by Postgres' clock, so clients are given that one. Without Postgres the apps still learn of a maintenance.
async function serverTime(ctx: Ctx): Promise<string> {
  try {
    const result = await ctx.sql.execute<{ now: string }>(fragment`select app_now() as now`)
    return new Date(result.rows[0]!.now).toISOString()
  } catch {
    return new Date(ctx.clock.nowMs()).toISOString()
  }
}
