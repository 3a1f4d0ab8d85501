import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../../platform/ctx.ts'
import type { PaymentGateway } from '../../platform/gateways.ts'
import { limitedForMs } from './provider-limits.ts'

const WINDOW_MS = 60_000
/** Xendit refuses above this on test keys. */
const TEST_KEY_CALLS = 60

export type CallBudget = {
  /** Takes up to `wanted` calls and answers how many there were: what can wait is dropped, never queued. */
  take(wanted: number): number
  /** Waits for one call, at most `patienceMs`; false: there was none in that time. */
  wait(patienceMs: number): Promise<boolean>
  /**
   * Takes up to `wanted` calls for what nobody waits for, and waits at most `patienceMs` for the first of them. A quarter
   * of the minute is left to what can't wait. 0: there was none in that time.
   */
  takePatiently(wanted: number, patienceMs: number): Promise<number>
  /** Waits for what takes up calls that were taken; gives back those that it has no use for, all of them where it fails. */
  keepFor<T>(calls: number, claiming: Promise<T>, used: (claimed: T) => number): Promise<T>
}

/**
 * Calls to the provider of one process in any 60 seconds, none while it has closed. Process time: it protects the
 * provider, decides nothing.
 */
export function createCallBudget(limitPerMinute: () => number, nowMs: () => number = () => performance.now(), closedForMs: () => number = () => 0): CallBudget {
  let spentAt: number[] = []
  const left = () => {
    spentAt = spentAt.filter((at) => at > nowMs() - WINDOW_MS)
    return closedForMs() > 0 ? 0 : Math.max(0, limitPerMinute() - spentAt.length)
  }
  const take = (wanted: number) => {
    const taken = Math.min(wanted, left())
    for (let i = 0; i < taken; i++) spentAt.push(nowMs())
    return taken
  }
  const takeWithin = async (patienceMs: number, tryNow: () => number) => {
    const giveUpAt = nowMs() + patienceMs
    for (;;) {
      const taken = tryNow()
      const patienceLeft = giveUpAt - nowMs()
      if (taken > 0 || patienceLeft <= 0) return taken
      const freeIn = closedForMs() || (spentAt.length > 0 ? spentAt[0]! + WINDOW_MS - nowMs() : WINDOW_MS)
      await sleep(Math.max(1, Math.min(freeIn, patienceLeft, 250)))
    }
  }
  return {
    take,
    wait: async (patienceMs) => await takeWithin(patienceMs, () => take(1)) > 0,
    takePatiently: (wanted, patienceMs) => takeWithin(patienceMs, () => take(Math.max(0, Math.min(wanted, left() - Math.floor(limitPerMinute() / 4))))),
    async keepFor(calls, claiming, used) {
      let unused = calls
      try {
        const claimed = await claiming
        unused -= used(claimed)
        return claimed
      } finally {
        spentAt.splice(spentAt.length - Math.min(unused, spentAt.length))
      }
    },
  }
}

const budgets = new WeakMap<PaymentGateway, CallBudget>()

/** The budget of this process: it belongs to the gateway, whichever context asks. */
export function callBudget(world: World): CallBudget {
  const gateway = world.gateways.payments
  const known = budgets.get(gateway)
  if (known) return known
  const most = isThrottledTestKey(world.env) ? TEST_KEY_CALLS : Number.POSITIVE_INFINITY
  const budget = createCallBudget(() => Math.min(most, world.settings.get('providerCallsPerMinute')), undefined, () => limitedForMs(world.env))
  budgets.set(gateway, budget)
  return budget
}

/** A simulator on this machine has no such limit. */
function isThrottledTestKey(env: World['env']): boolean {
  const isSimulated = env.APP_ENV === 'development' && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(env.XENDIT_BASE_URL).hostname)
  return !isSimulated && (env.XENDIT_SECRET_KEY ?? '').startsWith('xnd_development')
}
