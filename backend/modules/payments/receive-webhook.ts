import { sql } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Ctx } from '../../platform/ctx.ts'
import type { Env } from '../../platform/env.ts'
import { providerInbox } from './tables.ts'

const KEPT_HEADERS = ['webhook-id', 'content-type', 'user-agent'] as const

/** Whether the caller knows the account's callback token (the one before it too, while tokens are changed). */
export function isCallbackToken(env: Env, given: string | string[] | undefined): boolean {
  if (typeof given !== 'string' || given === '') return false
  const known = [env.XENDIT_WEBHOOK_TOKEN, env.XENDIT_WEBHOOK_TOKEN_PREVIOUS].filter((token) => token !== undefined)
  // All are compared, hashed: neither the time nor the length tells anything about a token.
  return known.map((token) => timingSafeEqual(sha256(Buffer.from(token)), sha256(Buffer.from(given)))).includes(true)
}

/** Stores what the provider said, word for word, once for the same words; a worker looks into it after the commit. */
export async function receiveWebhook(ctx: Ctx, kind: string, body: Buffer, headers: IncomingHttpHeaders): Promise<void> {
  crashPoint('webhook.received')
  const [row] = await ctx.sql.insert(providerInbox)
    .values({ id: ctx.ids.next(), provider: 'xendit', kind, body, bodySha256: sha256(body), headers: keptHeaders(headers) })
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: { receivedCount: sql`${providerInbox.receivedCount} + 1` },
    })
    .returning({ id: providerInbox.id, state: providerInbox.state, receivedCount: providerInbox.receivedCount })
  crashPoint('webhook.stored')
  ctx.metrics.webhooks.inc({ provider: 'xendit', kind, outcome: row!.receivedCount === 1 ? 'received' : 'repeated' })
  if (row!.state === 'received') ctx.enqueue('inbox', row!.id)
  crashPoint('webhook.enqueued')
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(KEPT_HEADERS.flatMap((name) => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value.slice(0, 200)]] : []
  }))
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
