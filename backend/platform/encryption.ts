import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { DataKey, Env } from './env.ts'

/**
 * Encryption of personal data and secrets at rest: AES-256-GCM, the key's id in front, so that a replaced key still
 * reads what it wrote. `purpose` is authenticated too: a value moved into another column does not decrypt.
 */
export type Encryption = {
  encrypt(text: string, purpose: string): Buffer
  /** Throws when the bytes were changed, belong to another purpose, or their key is gone. */
  decrypt(bytes: Uint8Array, purpose: string): string
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** Writes with the active key, reads with any. */
export function createEncryption(keys: readonly DataKey[]): Encryption {
  const byId = new Map(keys.map((key) => [key.id, Buffer.from(key.key, 'base64')]))
  const active = keys.find((key) => key.active)
  if (!active) throw new Error('no data encryption key is active')
  return {
    encrypt(text, purpose) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', byId.get(active.id)!, iv).setAAD(Buffer.from(purpose))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from([active.id.length]), Buffer.from(active.id), iv, cipher.getAuthTag(), sealed])
    },
    decrypt(bytes, purpose) {
      const whole = Buffer.from(bytes)
      const ivAt = 1 + (whole[0] ?? 0)
      const key = byId.get(whole.toString('utf8', 1, ivAt))
      if (!key) throw new Error('the key of this value is not among DATA_ENCRYPTION_KEYS')
      const tagAt = ivAt + IV_BYTES
      const decipher = createDecipheriv('aes-256-gcm', key, whole.subarray(ivAt, tagAt), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(whole.subarray(tagAt, tagAt + TAG_BYTES))
      return Buffer.concat([decipher.update(whole.subarray(tagAt + TAG_BYTES)), decipher.final()]).toString('utf8')
    },
  }
}

/** HMAC-SHA256 of a phone number in E.164: equal for equal numbers, and useless without the key. */
export function hashPhone(key: Uint8Array, e164: string): Buffer {
  return createHmac('sha256', key).update(e164).digest()
}

/**
 * The key of `hashPhone`: PHONE_HASH_KEY, else derived from the first data key. It must never change: accounts and
 * sanctions are found by this hash, so another key would make strangers of everybody. Whoever rotates the data keys
 * therefore keeps the first one first, or sets PHONE_HASH_KEY beforehand.
 */
export function phoneHashKey(env: Pick<Env, 'PHONE_HASH_KEY' | 'DATA_ENCRYPTION_KEYS'>): Buffer {
  if (env.PHONE_HASH_KEY !== undefined) return Buffer.from(env.PHONE_HASH_KEY)
  const first = env.DATA_ENCRYPTION_KEYS[0]
  if (!first) throw new Error('no data encryption key')
  return Buffer.from(hkdfSync('sha256', Buffer.from(first.key, 'base64'), '', 'phone-hash', 32))
}

type Secrets = { encryption: Encryption; phoneHashKey: Buffer }
const known = new WeakMap<Env, Secrets>()

/** The environment's encryption and phone hash key, made once an environment. */
export function secretsOf(env: Env): Secrets {
  const made = known.get(env) ?? { encryption: createEncryption(env.DATA_ENCRYPTION_KEYS), phoneHashKey: phoneHashKey(env) }
  known.set(env, made)
  return made
}
