import type { IncomingHttpHeaders } from 'node:http'
import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'
import { refuseInMaintenance } from './maintenance.ts'

export type App = 'customer' | 'mitra'

const HEADER = /^(customer|mitra|client_app|mitra_app)\/(\d{1,6}(?:\.\d{1,6}){0,2})(?:-[\w.]+)?(?:\+[\w.]+)?$/

/** Refuses during maintenance, and apps below the minimum; a missing or unreadable version passes. */
export function gate(ctx: Ctx, request: { headers: IncomingHttpHeaders }): void {
  refuseInMaintenance(ctx)
  const header = request.headers['x-app-version']
  if (typeof header !== 'string') return
  const [, name, version] = HEADER.exec(header) ?? []
  if (name === undefined || version === undefined) return
  const least = ctx.settings.get(appOf(name) === 'mitra' ? 'mitraMinVersion' : 'customerMinVersion')
  if (isOlder(version, least)) throw new AppError('app_update_required', `Update the app to ${least} or newer.`)
}

export function appOf(name: string): App {
  return name.startsWith('mitra') ? 'mitra' : 'customer'
}

/** Compares `major.minor.patch`; missing parts count as 0. */
export function isOlder(version: string, least: string): boolean {
  const a = version.split('.').map(Number)
  const b = least.split('-')[0]!.split('.').map(Number)
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
