import { fastifyCookie as cookies } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Env } from '../../platform/env.ts'

// `__Host-` makes browsers refuse the cookie unless it is Secure, of this host alone and for the whole site.
const isSecure = (env: Env): boolean => env.APP_ENV !== 'development'
const nameOf = (env: Env): string => (isSecure(env) ? '__Host-staff' : 'staff')

export function readSessionToken(env: Env, request: FastifyRequest): string | undefined {
  const header = request.headers.cookie
  return header === undefined ? undefined : cookies.parse(header)[nameOf(env)]
}

/** HttpOnly, SameSite=Strict; `seconds` 0 takes it away. */
export function setSessionCookie(env: Env, reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', cookies.serialize(nameOf(env), token, { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(env), maxAge: seconds }))
}
