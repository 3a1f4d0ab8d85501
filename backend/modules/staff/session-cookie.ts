import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Env } from '../../platform/env.ts'

// `__Host-` makes browsers refuse the cookie unless it is Secure, of this host alone and for the whole site.
const isSecure = (env: Env): boolean => env.APP_ENV !== 'development'
const nameOf = (env: Env): string => (isSecure(env) ? '__Host-staff' : 'staff')

// Our tokens need no escaping; what is written otherwise was not given by us.
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The token of the session cookie, if there is one that can be ours. */
export function readSessionToken(env: Env, request: FastifyRequest): string | undefined {
  const prefix = `${nameOf(env)}=`
  const pair = request.headers.cookie?.split(';').map((part) => part.trim()).find((part) => part.startsWith(prefix))
  const token = pair?.slice(prefix.length)
  return token !== undefined && TOKEN.test(token) ? token : undefined
}

/** `seconds` 0 takes the cookie away. */
export function setSessionCookie(env: Env, reply: FastifyReply, token: string, seconds: number): void {
  const attributes = [`${nameOf(env)}=${token}`, `Max-Age=${seconds}`, 'Path=/', 'HttpOnly', 'SameSite=Strict', ...(isSecure(env) ? ['Secure'] : [])]
  reply.header('set-cookie', attributes.join('; '))
}
