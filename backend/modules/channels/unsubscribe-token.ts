import { createHmac, timingSafeEqual } from 'node:crypto'
import { secretsOf } from '../../platform/encryption.ts'
import type { Env } from '../../platform/env.ts'

const SIGNATURE_BYTES = 18
const ID_BYTES = 16

/** What a link in a letter switches off: a kind by its name, or the digest. */
export type Unsubscribe = { userId: string; what: string }

/** Signed, and good for ever: a letter is read years later, and its link must work without a sign-in (RFC 8058). */
export function unsubscribeToken(env: Env, { userId, what }: Unsubscribe): string {
  const body = Buffer.concat([Buffer.from(userId.replaceAll('-', ''), 'hex'), Buffer.from(what)])
  return Buffer.concat([sign(env, body), body]).toString('base64url')
}

/** Undefined for what we did not sign. */
export function readUnsubscribeToken(env: Env, token: string): Unsubscribe | undefined {
  const bytes = Buffer.from(token, 'base64url')
  const body = bytes.subarray(SIGNATURE_BYTES)
  if (body.length <= ID_BYTES || !timingSafeEqual(sign(env, body), bytes.subarray(0, SIGNATURE_BYTES))) return undefined
  const hex = body.toString('hex', 0, ID_BYTES)
  return { userId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), what: body.toString('utf8', ID_BYTES) }
}

function sign(env: Env, body: Buffer): Buffer {
  return createHmac('sha256', secretsOf(env).phoneHashKey).update('unsubscribe:').update(body).digest().subarray(0, SIGNATURE_BYTES)
}
