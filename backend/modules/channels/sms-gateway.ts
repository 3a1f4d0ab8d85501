import type { Env } from '../../platform/env.ts'
import type { LetterResult, SmsGateway } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { retryAfterSeconds } from './retry-after.ts'

const ANSWER_WITHIN_MS = 10_000
/** Our key, our sender, our credit there: somebody has to change something. */
const OURS_SECONDS = 60
/** What the provider says of a number that nobody has; every other refusal is of this message. */
const DEAD = new Set(['invalid_number', 'unknown_number', 'number_disconnected'])

type Options = { answerWithinMs?: number; nowMs?: () => number }
type Reply = { status: number; retryAfter: string | null; body: unknown }

/**
 * SMS by a provider of our own wire: `POST <SMS_BASE_URL>/messages` with `{to, from, text, reference}`, the reference
 * also as Idempotency-Key. Never throws. The table of its answers stands in DEPLOY.md.
 */
export function createSmsGateway(env: Env, log: Log, metrics: Metrics, { answerWithinMs = ANSWER_WITHIN_MS, nowMs = Date.now }: Options = {}): SmsGateway {
  const told = (verdict: LetterResult): LetterResult => {
    metrics.providerCalls.inc({ provider: 'sms', call: 'send', outcome: verdict.outcome })
    if (verdict.outcome === 'accepted') return verdict
    if (verdict.isOurs) log.error({ provider: 'sms', reason: verdict.reason }, 'SMS is not set up right')
    else log.warn({ provider: 'sms', reason: verdict.reason }, 'an SMS was not accepted')
    return verdict
  }
  return {
    enabled: env.SMS_BASE_URL !== undefined,
    async send(message) {
      if (env.SMS_BASE_URL === undefined) return { outcome: 'rejected', reason: 'sms_disabled', isOurs: true }
      const took = metrics.providerSeconds.startTimer({ provider: 'sms', call: 'send' })
      try {
        return told(judgeSmsReply(await ask(env, message, answerWithinMs), nowMs()))
      } catch (error) {
        const isLate = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
        return told({ outcome: 'retry', afterSeconds: undefined, reason: isLate ? 'sms-timeout' : 'sms-unreachable', isUnreached: !isLate && isBeforeConnection(error) })
      } finally {
        took()
      }
    },
  }
}

const BEFORE_CONNECTION = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT.*)$/

/** No name, no way, no certificate to trust: nothing was said yet. */
function isBeforeConnection(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined
  return typeof code === 'string' && BEFORE_CONNECTION.test(code)
}

async function ask(env: Env, message: { to: string; text: string; reference: string }, answerWithinMs: number): Promise<Reply> {
  const response = await fetch(`${env.SMS_BASE_URL?.replace(/\/$/, '')}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${env.SMS_API_KEY ?? ''}`, 'content-type': 'application/json', accept: 'application/json', 'idempotency-key': message.reference },
    body: JSON.stringify({ ...message, from: env.SMS_SENDER }),
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithinMs),
  })
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: parse(await response.text()) }
}

/** The table of answers. A 2xx is believed only with the message's id in it: anything else may come from a proxy. */
export function judgeSmsReply({ status, retryAfter, body }: Reply, nowMs: number): LetterResult {
  const afterSeconds = retryAfterSeconds(retryAfter, nowMs)
  if (status >= 200 && status < 300) {
    return field(body, 'id') === undefined ? { outcome: 'retry', afterSeconds, reason: 'sms-unreadable' } : { outcome: 'accepted' }
  }
  // It has this reference already: a try before was accepted, and only its answer was lost.
  if (status === 409) return { outcome: 'accepted' }
  if (status === 401 || status === 402 || status === 403) return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason: `sms-${status}`, isOurs: true, isUnreached: true }
  // Not taken: too many at once, or nobody there. Whoever stands behind a proxy may have seen it: the reference keeps it one message.
  if (status === 429 || status === 502 || status === 503) return { outcome: 'retry', afterSeconds, reason: `sms-${status}`, isUnreached: true }
  if (status === 408 || status === 425 || status >= 500) return { outcome: 'retry', afterSeconds, reason: `sms-${status}` }
  const code = field(body, 'code')
  return { outcome: 'rejected', reason: `sms-${status}`, ...(code !== undefined && DEAD.has(code) ? { isDead: true } : {}) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function field(body: unknown, name: string): string | undefined {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}
