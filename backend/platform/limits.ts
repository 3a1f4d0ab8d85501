import { isIPv6 } from 'node:net'
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible'
import { LIMITS, type LimitName } from './access.ts'
import type { Caller } from './auth-hook.ts'
import type { Ctx } from './ctx.ts'
import type { SettingName } from './settings.ts'

const WINDOW_SECONDS = 900
/** In development one machine plays everybody. */
export const DEVELOPMENT_FACTOR = 100
/** Callers remembered by a replica; beyond it the oldest are forgotten (Valkey still counts them). */
const REMEMBERED = 50_000

export type Verdict = { limit: number; remaining: number; resetSeconds: number; isOver: boolean }
export type Limits = { count(name: LimitName, ip: string, caller: Caller): Promise<Verdict> | undefined }

type BudgetSetting = Extract<SettingName, 'anonymousRequests' | 'userRequests' | 'beaconRequests' | 'socketRequests'>

/**
 * Counts requests in Valkey, for all replicas together, in one round trip; while Valkey is away each replica counts
 * on alone from what it last knew. `undefined` for what is outside every budget.
 */
export function createLimits(ctx: Ctx): Limits {
  const factor = ctx.env.APP_ENV === 'development' ? DEVELOPMENT_FACTOR : 1
  const anonymous = createBudget(ctx, 'anonymousRequests', factor)
  const beacon = createBudget(ctx, 'beaconRequests', 1)
  const user = createBudget(ctx, 'userRequests', 1)
  const sockets = createBudget(ctx, 'socketRequests', factor, { isShared: false })
  return {
    count(name, ip, caller) {
      const { by } = LIMITS[name]
      if (by === 'nobody') return undefined
      if (by === 'ip') return beacon(networkOf(ip))
      if (by === 'ip-here') return sockets(networkOf(ip))
      if (!caller) return anonymous(networkOf(ip))
      return user('user' in caller ? caller.user.id : caller.staff.id)
    },
  }
}

type Window = { count: number; endsAtMs: number }

function createBudget(ctx: Ctx, setting: BudgetSetting, factor: number, { isShared } = { isShared: true }): (key: string) => Promise<Verdict> {
  // Its own limit is out of reach: the setting decides here, and may change at any time.
  const shared = new RateLimiterRedis({ keyPrefix: `limit:${setting}`, duration: WINDOW_SECONDS, points: Number.MAX_SAFE_INTEGER, storeClient: ctx.valkey.command })
  const windows = new Map<string, Window>()
  return async (key) => {
    const limit = ctx.settings.get(setting) * factor
    const window = windowOf(windows, key)
    let used = ++window.count
    // Who is over is refused from memory: a flood costs Valkey nothing.
    if (isShared && used <= limit) {
      const counted = await ctx.valkey.attempt(() => shared.consume(key))
      if (counted) {
        used = counted.consumedPoints
        follow(window, counted)
      }
    }
    const isOver = used > limit
    if (isOver) ctx.metrics.rateLimited.inc({ limit: setting })
    return { limit, remaining: Math.max(0, limit - used), resetSeconds: Math.max(1, Math.ceil((window.endsAtMs - performance.now()) / 1000)), isOver }
  }
}

function windowOf(windows: Map<string, Window>, key: string): Window {
  const nowMs = performance.now()
  const known = windows.get(key)
  if (known && known.endsAtMs > nowMs) return known
  if (windows.size >= REMEMBERED) for (const [oldest] of windows.entries().take(REMEMBERED / 10)) windows.delete(oldest)
  const window = { count: 0, endsAtMs: nowMs + WINDOW_SECONDS * 1000 }
  windows.delete(key)
  windows.set(key, window)
  return window
}

// What this replica counted alone stays counted, unless Valkey has begun another window.
function follow(window: Window, counted: RateLimiterRes): void {
  const endsAtMs = performance.now() + counted.msBeforeNext
  const isNewWindow = endsAtMs - window.endsAtMs > 2000
  window.count = isNewWindow ? counted.consumedPoints : Math.max(window.count, counted.consumedPoints)
  window.endsAtMs = endsAtMs
}

/** The address, or the /64 network of an IPv6 address, in one spelling: what "an IP" means in every limit. */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip
  if (ip.startsWith('::ffff:') && ip.includes('.')) return ip.slice(7)
  const [head = '', tail] = ip.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const filled = tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right]
  return filled.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '')).join(':')
}
