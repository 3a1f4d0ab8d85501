import { isIPv6 } from 'node:net'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { LIMITS, type LimitName } from './access.ts'
import type { Caller } from './auth-hook.ts'
import type { Ctx } from './ctx.ts'
import type { SettingName } from './settings.ts'

const WINDOW_SECONDS = 900
/** No request waits longer than this for a count; then its replica counts it alone. */
const ANSWER_WITHIN_MS = 100
/** In development one machine plays everybody. */
const DEVELOPMENT_FACTOR = 100

export type Verdict = { limit: number; remaining: number; resetSeconds: number; isOver: boolean }
export type Limits = { count(name: LimitName, ip: string, caller: Caller): Promise<Verdict> | undefined }

type BudgetSetting = Extract<SettingName, 'anonymousRequests' | 'userRequests' | 'beaconRequests'>

/**
 * Counts requests in Valkey, for all replicas together, in one round trip; while Valkey is away each replica counts
 * alone, at once. `undefined` for what is outside every budget.
 */
export function createLimits(ctx: Ctx): Limits {
  const factor = ctx.env.APP_ENV === 'development' ? DEVELOPMENT_FACTOR : 1
  const anonymous = createBudget(ctx, 'anonymousRequests', factor)
  const beacon = createBudget(ctx, 'beaconRequests', 1)
  const user = createBudget(ctx, 'userRequests', 1)
  return {
    count(name, ip, caller) {
      const { by } = LIMITS[name]
      if (by === 'nobody') return undefined
      if (by === 'ip') return beacon(networkOf(ip))
      if (!caller) return anonymous(networkOf(ip))
      return user('user' in caller ? caller.user.id : caller.staff.id)
    },
  }
}

function createBudget(ctx: Ctx, setting: BudgetSetting, factor: number): (key: string) => Promise<Verdict> {
  const options = { keyPrefix: `limit:${setting}`, duration: WINDOW_SECONDS }
  const limitersFor = (points: number) => ({
    points,
    local: new RateLimiterMemory({ ...options, points }),
    // A key that is over is refused from memory: a flood costs Valkey nothing.
    shared: new RateLimiterRedis({ ...options, points, storeClient: ctx.valkey.command, inMemoryBlockOnConsumed: points }),
  })
  let limiters = limitersFor(ctx.settings.get(setting) * factor)
  return async (key) => {
    const points = ctx.settings.get(setting) * factor
    if (points !== limiters.points) limiters = limitersFor(points)
    const { local, shared } = limiters
    const result = (await within(ctx.valkey.attempt(() => consume(shared, key)))) ?? (await consume(local, key))
    const isOver = result.consumedPoints > points || (result.consumedPoints === 0 && result.remainingPoints === 0)
    if (isOver) ctx.metrics.rateLimited.inc({ limit: setting })
    return { limit: points, remaining: Math.max(0, result.remainingPoints), resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)), isOver }
  }
}

// A refusal is a rejection with the result in it; anything else that is thrown is Valkey's.
async function consume(limiter: RateLimiterRedis | RateLimiterMemory, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key)
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal
    throw refusal
  }
}

async function within(counted: Promise<RateLimiterRes | undefined>): Promise<RateLimiterRes | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, ANSWER_WITHIN_MS, undefined)
  try {
    return await Promise.race([counted, promise])
  } finally {
    clearTimeout(timer)
  }
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
