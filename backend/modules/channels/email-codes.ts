import { createHmac } from 'node:crypto'
import { secretsOf } from '../../platform/encryption.ts'
import type { Env } from '../../platform/env.ts'

const CODES = 1_000_000n

/** The six digits of a challenge: derived from its id by a key, so that they stand nowhere and every try of the letter has the same. */
export function codeOf(env: Env, challengeId: string): string {
  const digest = createHmac('sha256', secretsOf(env).phoneHashKey).update(`email-code:${challengeId}`).digest()
  return String(digest.readBigUInt64BE() % CODES).padStart(6, '0')
}
