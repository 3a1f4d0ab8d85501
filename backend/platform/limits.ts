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
export type Limits = {
  /** `undefined` for what is outside every budget. */
  count(name: LimitName, ip: string, caller: Caller): Promise<Verdict> | undefined
  /** Counts an anonymous request of the beacon without waiting; `undefined`, and not counted, where that would not be exact enough. */
  countAtOnce(ip: string): Verdict | undefined
}

type BudgetSetting = Extract<SettingName, 'anonymousRequests' | 'userRequests' | 'beaconRequests' | 'socketRequests'>

/** From this budget on a replica tells the others what it counted behind the request, at the latest after so many or so long. */
const BEHIND_LEAST = 2000
const BEHIND_SHARE = 1 / 400
/** While this share of the budget is not confirmed yet, requests wait for Valkey: two replicas never let through more than 1 % too many. */
const UNCONFIRMED_SHARE = 1 / 200
const BEHIND_MS = 250

/**
 * Counts requests in Valkey, for all replicas together, in one round trip; while Valkey is away each replica counts
 * on alone from what it last knew.
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
    countAtOnce: (ip) => beacon.atOnce(networkOf(ip)),
  }
}

/** `untold`: counted here and not told yet; `unconfirmed`: those, and what is on its way to Valkey. */
type Window = { count: number; endsAtMs: number; untold: number; unconfirmed: number; toldAtMs: number }
type Budget = ((key: string) => Promise<Verdict>) & { atOnce(key: string): Verdict | undefined }

function createBudget(ctx: Ctx, setting: BudgetSetting, factor: number, { isShared } = { isShared: true }): Budget {
  // Its own limit is out of reach: the setting decides here, and may change at any time.
  const shared = new RateLimiterRedis({ keyPrefix: `limit:${setting}`, duration: WINDOW_SECONDS, points: Number.MAX_SAFE_INTEGER, storeClient: ctx.valkey.command })
  const windows = new Map<string, Window>()
  const limitNow = () => ctx.settings.get(setting) * factor
  const share = async (window: Window, key: string) => {
    const requests = window.untold
    window.untold = 0
    window.toldAtMs = performance.now()
    const counted = await ctx.valkey.attempt(() => shared.consume(key, requests))
    // What Valkey did not hear is told with the next ones: what was counted alone counts for all once it is back.
    if (!counted) window.untold += requests
    else {
      window.unconfirmed -= requests
      follow(window, counted)
    }
    return counted?.consumedPoints
  }
  const verdict = (window: Window, limit: number, used: number): Verdict => {
    const isOver = used > limit
    if (isOver) ctx.metrics.rateLimited.inc({ limit: setting })
    return { limit, remaining: Math.max(0, limit - used), resetSeconds: Math.max(1, Math.ceil((window.endsAtMs - performance.now()) / 1000)), isOver }
  }
  const count = async (key: string) => {
    const limit = limitNow()
    const window = windowOf(windows, key)
    const used = ++window.count
    window.untold++
    window.unconfirmed++
    // Who is over is refused from memory: a flood costs Valkey nothing.
    return verdict(window, limit, isShared && used <= limit ? ((await share(window, key)) ?? used) : used)
  }
  const atOnce = (key: string) => {
    const limit = limitNow()
    if (limit < BEHIND_LEAST) return undefined
    const window = windowOf(windows, key)
    if (window.count >= limit || window.unconfirmed >= limit * UNCONFIRMED_SHARE) return undefined
    window.count++
    window.untold++
    window.unconfirmed++
    if (window.untold >= limit * BEHIND_SHARE || performance.now() - window.toldAtMs > BEHIND_MS) void share(window, key)
    return verdict(window, limit, window.count)
  }
  return Object.assign(count, { atOnce })
}

function windowOf(windows: Map<string, Window>, key: string): Window {
  const nowMs = performance.now()
  const known = windows.get(key)
  if (known && known.endsAtMs > nowMs) return known
  if (windows.size >= REMEMBERED) for (const [oldest] of windows.entries().take(REMEMBERED / 10)) windows.delete(oldest)
  const window = { count: 0, endsAtMs: nowMs + WINDOW_SECONDS * 1000, untold: 0, unconfirmed: 0, toldAtMs: nowMs }
  windows.delete(key)
  windows.set(key, window)
  return window
}

// What this replica counted alone stays counted, unless Valkey has begun another window.
function follow(window: Window, counted: RateLimiterRes): void {
  const endsAtMs = performance.now() + counted.msBeforeNext
  const isNewWindow = endsAtMs - window.endsAtMs > 2000
  window.count = isNewWindow ? counted.consumedPoints : Math.max(window.count, counted.consumedPoints + window.untold)
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
