import { createHash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

const ISSUER = 'Halo Bestie'
const PERIOD_SECONDS = 30
/** Clocks of phones may be one step off. */
const WINDOW = 1
const BACKUP_CODES = 10

/** A new secret in base32. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32
}

/** What an authenticator app reads as a QR code. */
export function totpUri(secret: string, email: string): string {
  return new TOTP({ issuer: ISSUER, label: email, secret, period: PERIOD_SECONDS }).toString()
}

/** The time step that the code belongs to, or undefined if it is wrong at `now`. Whoever accepts it must refuse this step from then on. */
export function totpStep(secret: string, code: string, now: Date): number | undefined {
  const delta = new TOTP({ secret, period: PERIOD_SECONDS }).validate({ token: code, timestamp: now.getTime(), window: WINDOW })
  return delta === null ? undefined : Math.floor(now.getTime() / 1000 / PERIOD_SECONDS) + delta
}

// 80 bits each: a fast hash is enough, and nothing about them can be guessed from it.
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Ten codes of four groups of four, to be shown once. */
export function newBackupCodes(): string[] {
  return Array.from({ length: BACKUP_CODES }, () => {
    const letters = Array.from(randomBytes(16), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
    return letters.match(/.{4}/g)!.join('-')
  })
}

export function hashBackupCode(staffId: string, code: string): Buffer {
  return createHash('sha256').update(`${staffId}:${code.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`).digest()
}
