import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Env } from './env.ts'
import { AppError } from './errors.ts'

/** Headers of every answer. A page (docs, return pages, control center) sets a content-security-policy of its own. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
} as const

const EXPOSED = 'x-request-id, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, idempotency-replayed, etag'
const ALLOWED_HEADERS = 'authorization, content-type, idempotency-key, x-app-version, x-request-id, x-csrf-token, if-none-match'
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a browser's page of `origin` may talk to us: listed, or our own page (`host` is the request's Host). */
export function isOriginAllowed(origin: string, host: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host
}

/** The origins that may call a listener: the list for the public one, the control center for the internal one. */
export function allowedOrigins(env: Env, listener: 'public' | 'internal'): readonly string[] {
  if (listener === 'public') return env.ALLOWED_ORIGINS
  return env.CC_ORIGIN === undefined ? [] : [new URL(env.CC_ORIGIN).origin]
}

/**
 * CORS by list: a listed origin may read answers and send preflights; a foreign one gets no CORS header at all, and
 * its changing requests are refused even where they need no preflight. Answers whether the reply is sent.
 */
export function applyCors(request: FastifyRequest, reply: FastifyReply, allowed: readonly string[]): boolean {
  const origin = request.headers.origin
  if (origin === undefined) return false
  reply.header('vary', 'origin')
  const isAllowed = isOriginAllowed(origin, request.headers.host, allowed)
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (isAllowed) {
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', EXPOSED)
  } else if (isPreflight || !READING.has(request.method)) {
    throw new AppError('forbidden', 'This origin may not call the service.')
  }
  if (!isPreflight) return false
  reply.header('access-control-allow-methods', ALLOWED_METHODS).header('access-control-allow-headers', ALLOWED_HEADERS)
  reply.header('access-control-max-age', '600').code(204).send()
  return true
}
