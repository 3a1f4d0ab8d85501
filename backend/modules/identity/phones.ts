import { parsePhoneNumberFromString } from 'libphonenumber-js'
import { hashPhone, secretsOf } from '../../platform/encryption.ts'
import type { Env } from '../../platform/env.ts'
import { AppError } from '../../platform/errors.ts'

/** A number as it is kept: found by its hash, read by nobody without the key. */
export type StoredPhone = { phoneHash: Buffer; phoneEncrypted: Buffer; phonePrefix: string }

const PURPOSE = 'phone'
/** Numbers that share these characters share a budget of codes: against bulk sending to a range of numbers. */
const PREFIX_CHARACTERS = 8

/**
 * The number in E.164; local Indonesian writing (`0812…`) is understood. Throws `validation_failed` for what is no
 * number and `phone_not_allowed` for one of a country that may not sign in.
 */
export function parsePhone(text: string, allowedPrefixes: readonly string[]): string {
  const parsed = parsePhoneNumberFromString(text, { defaultCountry: 'ID', extract: false })
  if (!parsed?.isPossible() || parsed.ext !== undefined) throw notANumber()
  if (!allowedPrefixes.some((prefix) => parsed.number.startsWith(prefix))) {
    throw new AppError('phone_not_allowed', 'Numbers of this country can’t sign in.')
  }
  if (!parsed.isValid()) throw notANumber()
  return parsed.number
}

function notANumber(): AppError {
  return new AppError('validation_failed', 'This is not a phone number.', {
    errors: [{ path: 'phone', code: 'invalid_phone', message: 'must be a phone number, as in +6281234567890' }],
  })
}

export function storePhone(env: Env, e164: string): StoredPhone {
  const { phoneHashKey } = secretsOf(env)
  return {
    phoneHash: hashPhone(phoneHashKey, e164),
    phoneEncrypted: sealPhone(env, e164),
    phonePrefix: e164.slice(0, PREFIX_CHARACTERS),
  }
}

/** The number, encrypted under the active key. */
export function sealPhone(env: Env, e164: string): Buffer {
  return secretsOf(env).encryption.encrypt(e164, PURPOSE)
}

/** The number in E.164, in clear. */
export function readPhone(env: Env, encrypted: Buffer): string {
  return secretsOf(env).encryption.decrypt(encrypted, PURPOSE)
}

/** What may be shown and logged: country code and the last three digits. */
export function maskPhone(e164: string): string {
  return e164.length < 8 ? '•••' : `${e164.slice(0, 3)}••••••${e164.slice(-3)}`
}
