import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Env } from '../../platform/env.ts'

// `__Host-` makes browsers refuse the cookie unless it is Secure, of this host alone and for the whole site.
const isSecure = (env: Env): boolean => env.APP_ENV !== 'development'
const nameOf = (env: Env): string => (isSecure(env) ? '__Host-staff' : 'staff')

/** The token of the session cookie. Who calls is asked before the cookie plugin's own hook runs, so the header is parsed here. */
export function readSessionToken(env: Env, request: FastifyRequest): string | undefined {
  const header = request.headers.cookie
  return header === undefined ? undefined : request.server.parseCookie(header)[nameOf(env)]
}

export function setSessionCookie(env: Env, reply: FastifyReply, token: string, seconds: number): void {
  reply.setCookie(nameOf(env), token, { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(env), maxAge: seconds })
}

export function clearSessionCookie(env: Env, reply: FastifyReply): void {
  setSessionCookie(env, reply, '', 0)
}
