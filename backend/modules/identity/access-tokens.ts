import { createDecoder, createSigner, createVerifier } from 'fast-jwt'
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
  sign(actor: UserActor, nowMs: number, lifeSeconds: number): { token: string; expiresAt: Date }
  /** Signature and claims only. Throws `token_expired` or `unauthenticated`. */
  verify(token: string, nowMs: number): { actor: UserActor; expiresAt: Date }
}

type Claims = { sub: unknown; sid: unknown; aud: unknown; exp: unknown }
type Verifying = { verify(token: string): Claims; untilMs: number }

/** Signs with the active key, verifies with any that is still good. Without a thread or a promise: every request and socket needs it. */
export function createAccessTokens(keys: readonly JwtKey[], startedAtMs: number): AccessTokens {
  const active = keys.find((key) => key.active)
  if (!active) throw new Error('no signing key is active')
  const known = new Map(keys.map((key) => [key.kid, verifyingOf(key, startedAtMs)]))
  const decode = createDecoder({ complete: true })
  const sign = createSigner({ key: active.secret, algorithm: ALGORITHM, kid: active.kid, header: { alg: ALGORITHM, typ: TYPE }, iss: ISSUER })

  const claimsOf = (token: string, nowMs: number): Claims => {
    const { kid } = (decode(token) as { header: { kid?: unknown } }).header
    const found = typeof kid === 'string' ? known.get(kid) : undefined
    if (!found || found.untilMs <= nowMs) throw new Error('unknown signing key')
    return found.verify(token)
  }
  return {
    sign(actor, nowMs, lifeSeconds) {
      const issuedAt = Math.floor(nowMs / 1000)
      const token = sign({ sub: actor.id, sid: actor.signInId, aud: actor.kind, iat: issuedAt, exp: issuedAt + lifeSeconds })
      return { token, expiresAt: new Date((issuedAt + lifeSeconds) * 1000) }
    },
    verify(token, nowMs) {
      const { sub, sid, exp, aud } = claimsOrRefusal(() => claimsOf(token, nowMs))
      // One kind a token: an audience that is a list is none of ours.
      if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number' || typeof aud !== 'string') throw invalid()
      // By the process's corrected clock; the library knows only the machine's.
      if (exp * 1000 <= nowMs) throw new AppError('token_expired', 'The access token has expired.')
      return { actor: { kind: aud as Kind, id: sub, signInId: sid }, expiresAt: new Date(exp * 1000) } // the audience is one of KINDS
    },
  }
}

// Whatever the library throws (a plain TypeError for rubbish among it) is the caller's fault, never ours.
function claimsOrRefusal(read: () => Claims): Claims {
  try {
    return read()
  } catch {
    throw invalid()
  }
}

const invalid = () => new AppError('unauthenticated', 'The access token is not valid.')

function verifyingOf(key: JwtKey, startedAtMs: number): Verifying {
  return {
    verify: createVerifier({
      key: key.secret, algorithms: [ALGORITHM], allowedIss: ISSUER, allowedAud: [...KINDS], checkTyp: TYPE, ignoreExpiration: true, requiredClaims: ['iss', 'aud', 'sub', 'sid', 'iat', 'exp'],
    }) as (token: string) => Claims,
    untilMs: key.active ? Infinity : key.validUntil === undefined ? startedAtMs + GRACE_MS : Date.parse(key.validUntil),
  }
}

const made = new WeakMap<Env, AccessTokens>()

/** The environment's keys, made once an environment. */
export function accessTokensOf(env: Env, nowMs: number): AccessTokens {
  const tokens = made.get(env) ?? createAccessTokens(env.jwtKeys, nowMs)
  made.set(env, tokens)
  return tokens
}
