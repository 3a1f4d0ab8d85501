import { crashPoint } from '../../platform/crash-points.ts'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Ctx } from '../../platform/ctx.ts'
import { stripAccounts } from './strip-accounts.ts'
import type { WebhookStore } from './store-webhooks.ts'

const KEPT_HEADERS = ['webhook-id', 'content-type', 'user-agent'] as const
/** The token before is good for this long after the start of the process that knows it as replaced, unless an end is set. */
const GRACE_MS = 24 * 3_600_000

/** Whether the caller knows the account's callback token; the one before it too, for as long as tokens are changed. */
export function createTokenCheck({ env, clock }: Pick<Ctx, 'env' | 'clock'>): (given: string | string[] | undefined) => boolean {
  const token = hashOf(env.XENDIT_WEBHOOK_TOKEN)
  const previous = hashOf(env.XENDIT_WEBHOOK_TOKEN_PREVIOUS)
  const until = env.XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL
  const previousUntilMs = until === undefined ? clock.nowMs() + GRACE_MS : Date.parse(until)
  return (given) => {
    if (typeof given !== 'string' || given === '') return false
    // All are compared, hashed: neither the time nor the length tells anything about a token.
    const hash = sha256(given)
    const isToken = token !== undefined && timingSafeEqual(hash, token)
    const isPrevious = previous !== undefined && timingSafeEqual(hash, previous)
    return isToken || (isPrevious && clock.nowMs() < previousUntilMs)
  }
}

/**
 * Stores what the provider said, once for the same words; a worker looks into it after the commit. Word for word, save
 * what it tells of bank accounts: not even its hash may be of those, their few digits could be tried.
 */
export function receiveWebhook(store: WebhookStore, kind: string, said: Buffer, headers: IncomingHttpHeaders): Promise<void> {
  crashPoint('webhook.received')
  const body = kind === 'payout' ? stripAccounts(said) : said
  return store.store({ kind, body, sha256: sha256(body).toString('hex'), headers: keptHeaders(headers) })
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(KEPT_HEADERS.flatMap((name) => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value.slice(0, 200)]] : []
  }))
}

function hashOf(token: string | undefined): Buffer | undefined {
  return token === undefined ? undefined : sha256(token)
}

function sha256(bytes: Buffer | string): Buffer {
  return createHash('sha256').update(bytes).digest()
}
