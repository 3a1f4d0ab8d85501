import type { PushResult } from '../../platform/gateways.ts'

/** A push is tried this often, then it has failed. */
export const TRIES_MAX = 5
const FIRST_DELAY_SECONDS = 2
const MOST_SECONDS = 300

export type PushOutcome =
  | { to: 'sent' }
  | { to: 'failed' | 'dropped'; reason: string }
  | { to: 'later'; tokens: string[]; delaySeconds: number; reason: string }

/**
 * What becomes of a push after a try: `tokens` are the devices it went to, `results` FCM's answers in the same order,
 * `leftSeconds` what is left of its life. Only devices that may still get it are tried again.
 */
export function decidePush(
  push: { attempts: number; leftSeconds: number }, tokens: readonly string[], results: readonly PushResult[], random: () => number = Math.random,
): PushOutcome {
  const waiting = results.flatMap((result, index) => (result.outcome === 'retry' ? [{ ...result, token: tokens[index]! }] : []))
  const [first] = waiting
  if (first) {
    const afterSeconds = Math.max(0, ...waiting.map((result) => result.afterSeconds ?? 0))
    const delaySeconds = retryDelaySeconds(push.attempts, afterSeconds, random)
    if (push.attempts >= TRIES_MAX) return { to: 'failed', reason: first.reason }
    // It would come too late: nobody wants it then.
    if (delaySeconds >= push.leftSeconds) return { to: 'dropped', reason: 'expired' }
    return { to: 'later', tokens: waiting.map((result) => result.token), delaySeconds, reason: first.reason }
  }
  if (results.some((result) => result.outcome === 'accepted')) return { to: 'sent' }
  const rejected = results.find((result) => result.outcome === 'rejected')
  return rejected ? { to: 'failed', reason: rejected.reason } : { to: 'dropped', reason: 'no_device' }
}

/** 2, 4, 8, 16 … seconds, half of it by chance, never before what the provider asked for. */
export function retryDelaySeconds(attempts: number, afterSeconds: number, random: () => number = Math.random): number {
  const backoff = Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), MOST_SECONDS)
  return Math.max(backoff * (0.5 + random() / 2), afterSeconds * (1 + random() / 10))
}
