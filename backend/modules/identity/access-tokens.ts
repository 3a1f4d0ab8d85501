import { SignJWT, errors, jwtVerify, type JWTHeaderParameters } from 'jose'
import type { webcrypto } from 'node:crypto'
import type { UserActor } from '../../platform/access.ts'
import type { Env, JwtKey } from '../../platform/env.ts'
import { AppError } from '../../platform/errors.ts'
import { KINDS, type Kind } from './contract.ts'

const ALGORITHM = 'HS256'
const ISSUER = 'halobestie'
const TYPE = 'at+jwt'
/** A replaced key without `validUntil` verifies this long after the start of the process that knows it as replaced. */
const GRACE_MS = 24 * 3_600_000

export type AccessTokens = {
  sign(actor: UserActor, nowMs: number, lifeSeconds: number): Promise<{ token: string; expiresAt: Date }>
  /** Signature and claims only. Throws `token_expired` or `unauthenticated`. */
  verify(token: string, nowMs: number): Promise<{ actor: UserActor; expiresAt: Date }>
}

type Imported = { key: webcrypto.CryptoKey; untilMs: number }

/** Keys are imported once: jose would import raw bytes anew at every call. */
export function createAccessTokens(keys: readonly JwtKey[], startedAtMs: number): AccessTokens {
  const active = keys.find((key) => key.active)
  if (!active) throw new Error('no signing key is active')
  const imported = new Map(keys.map((key) => [key.kid, importKey(key, startedAtMs)]))

  return {
    async sign(actor, nowMs, lifeSeconds) {
      const issuedAt = Math.floor(nowMs / 1000)
      const { key } = await imported.get(active.kid)!
      const token = await new SignJWT({ sid: actor.signInId })
        .setProtectedHeader({ alg: ALGORITHM, kid: active.kid, typ: TYPE })
        .setIssuer(ISSUER).setAudience(actor.kind).setSubject(actor.id)
        .setIssuedAt(issuedAt).setExpirationTime(issuedAt + lifeSeconds)
        .sign(key)
      return { token, expiresAt: new Date((issuedAt + lifeSeconds) * 1000) }
    },
    async verify(token, nowMs) {
      const find = async (header: JWTHeaderParameters) => {
        const found = await imported.get(header.kid ?? '')
        if (!found || found.untilMs <= nowMs) throw new Error('unknown signing key')
        return found.key
      }
      try {
        const { payload } = await jwtVerify(token, find, {
          algorithms: [ALGORITHM], issuer: ISSUER, audience: [...KINDS], typ: TYPE, currentDate: new Date(nowMs),
          requiredClaims: ['sub', 'sid', 'exp', 'iat'],
        })
        const { sub, sid, exp, aud } = payload
        // One kind a token: an audience that is a list is none of ours.
        if (sub === undefined || typeof sid !== 'string' || exp === undefined || typeof aud !== 'string') throw new Error('claims of another shape')
        return { actor: { kind: aud as Kind, id: sub, signInId: sid }, expiresAt: new Date(exp * 1000) }
      } catch (error) {
        // Whatever jose throws (a plain TypeError for a mixed-up algorithm among it) is the caller's fault, never ours.
        if (error instanceof errors.JWTExpired) throw new AppError('token_expired', 'The access token has expired.')
        throw new AppError('unauthenticated', 'The access token is not valid.')
      }
    },
  }
}

async function importKey(key: JwtKey, startedAtMs: number): Promise<Imported> {
  const raw = new TextEncoder().encode(key.secret)
  const untilMs = key.active ? Infinity : key.validUntil === undefined ? startedAtMs + GRACE_MS : Date.parse(key.validUntil)
  return { key: await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']), untilMs }
}

const known = new WeakMap<Env, AccessTokens>()

/** The environment's keys, made once an environment. */
export function accessTokensOf(env: Env, nowMs: number): AccessTokens {
  const made = known.get(env) ?? createAccessTokens(env.jwtKeys, nowMs)
  known.set(env, made)
  return made
}
