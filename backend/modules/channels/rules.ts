import type { PushResult } from '../../platform/gateways.ts'

/** A push is called for this often, then it has failed. */
export const TRIES_MAX = 3
/** Claims that came to no call count too, or one that kills every worker before its call would never end. */
export const CLAIMS_MAX = 20
const FIRST_DELAY_SECONDS = 2
const MOST_SECONDS = 300
/** FCM's own words about this one message: its neighbours in the call are not suspected. */
const ANSWERED = new Set(['message-rate-exceeded', 'device-message-rate-exceeded', 'server-unavailable', 'internal-error'])
/** Messages a call, by the calls that have failed without a word about the message itself. */
const CALL_SIZES = [500, 25, 1] as const

export type PushOutcome =
  | { to: 'sent' }
  | { to: 'failed' | 'dropped'; reason: string }
  | { to: 'later'; tokens: string[] | undefined; delaySeconds: number; reason: string; isAccepted: boolean; isHeld?: true }

type Tried = { tries: number; leftSeconds: number; wasAccepted: boolean }

/** Of a push that is not to be called for again: it was sent where a device has it. */
export function endPush(push: Pick<Tried, 'wasAccepted'>, to: 'failed' | 'dropped', reason: string): PushOutcome {
  return push.wasAccepted ? { to: 'sent' } : { to, reason }
}

/**
 * What becomes of a push after a try: `tokens` are the devices it went to, `results` FCM's answers in the same order,
 * `leftSeconds` what is left of its life, `tries` counts this one. Only devices that may still get it are tried again.
 */
export function decidePush(push: Tried, tokens: readonly string[], results: readonly PushResult[], random: () => number = Math.random): PushOutcome {
  const waiting = results.flatMap((result, index) => (result.outcome === 'retry' ? [{ ...result, token: tokens[index]! }] : []))
  const wasAccepted = push.wasAccepted || results.some((result) => result.outcome === 'accepted')
  const [first] = waiting
  if (first) {
    const afterSeconds = Math.max(0, ...waiting.map((result) => result.afterSeconds ?? 0))
    const delaySeconds = retryDelaySeconds(push.tries, afterSeconds, random)
    if (push.tries >= TRIES_MAX) return endPush({ wasAccepted }, 'failed', first.reason)
    // It would come too late: nobody wants it then.
    if (delaySeconds >= push.leftSeconds) return endPush({ wasAccepted }, 'dropped', 'expired')
    return { to: 'later', tokens: waiting.map((result) => result.token), delaySeconds, reason: first.reason, isAccepted: wasAccepted }
  }
  const rejected = results.find((result) => result.outcome === 'rejected')
  return rejected ? endPush({ wasAccepted }, 'failed', rejected.reason) : endPush({ wasAccepted }, 'dropped', 'no_device')
}

/** 2, 4, 8, 16 … seconds, half of it by chance, never before what the provider asked for. */
export function retryDelaySeconds(tries: number, afterSeconds: number, random: () => number = Math.random): number {
  const backoff = Math.min(FIRST_DELAY_SECONDS * 2 ** (tries - 1), MOST_SECONDS)
  return Math.max(backoff * (0.5 + random() / 2), afterSeconds * (1 + random() / 10))
}

/**
 * How many messages may share a call with this push. Where a call failed as a whole, or died with its worker, nobody
 * knows who of it was to blame: its messages are tried again among few, then alone, so that one doesn't cost the others.
 */
export function callSize(push: { tries: number; reason: string | undefined }): number {
  if (push.tries === 0 || (push.reason !== undefined && ANSWERED.has(push.reason))) return CALL_SIZES[0]
  return CALL_SIZES[push.tries] ?? 1
}

/** Puts pushes into calls: the messages of one stay together, and no call is larger than the smallest that one of it may have. */
export function planCalls<P extends { tries: number; reason: string | undefined; tokens: readonly unknown[] }>(pushes: readonly P[]): P[][] {
  const open = new Map<number, { call: P[]; messages: number }>()
  const calls: P[][] = []
  for (const push of pushes) {
    const size = callSize(push)
    let current = open.get(size)
    if (!current || current.messages + push.tokens.length > size) {
      current = { call: [], messages: 0 }
      open.set(size, current)
      calls.push(current.call)
    }
    current.call.push(push)
    current.messages += push.tokens.length
  }
  return calls
}
