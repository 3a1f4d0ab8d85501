import type { FastifyRequest } from 'fastify'
import type { Access, StaffAct, StaffActor, StaffRole, UserActor } from './access.ts'
import { AppError } from './errors.ts'

export { STAFF_ACTS, type Access, type StaffAct, type StaffActor, type StaffRole, type UserActor } from './access.ts'

/** Who tells callers apart; given by name when a listener is put together, because the platform knows no module. */
export type Authenticators = {
  /** Throws `unauthenticated`, `token_expired` or `account_suspended`. Asks no database. */
  user?: (token: string) => Promise<{ actor: UserActor; expiresAt: Date }>
  /** Reads the session cookie, refuses a changing call without its CSRF token. */
  staff?: (request: FastifyRequest, act: StaffAct) => Promise<StaffActor>
  /** The role × act table. */
  mayAct?: (role: StaffRole, act: StaffAct) => boolean
}

export type Caller = { user: UserActor } | { staff: StaffActor } | undefined
/** Who calls, and why they may not, where that is so: the limit is counted before anybody is refused. */
export type Identified = { caller: Caller; refusal: unknown }

const NOBODY: Identified = { caller: undefined, refusal: undefined }

/** Finds out who calls. Never throws: a bad token makes an anonymous caller, refused only where a caller is needed. */
export async function identify(authenticators: Authenticators, access: Access, request: FastifyRequest): Promise<Identified> {
  if (typeof access === 'object') {
    if (!authenticators.staff) return NOBODY
    try {
      return { caller: { staff: await authenticators.staff(request, access.staff) }, refusal: undefined }
    } catch (refusal) {
      return { caller: undefined, refusal }
    }
  }
  const token = bearerOf(request.headers.authorization)
  if (token === undefined || !authenticators.user) return NOBODY
  try {
    return { caller: { user: (await authenticators.user(token)).actor }, refusal: undefined }
  } catch (refusal) {
    return { caller: undefined, refusal }
  }
}

/** Throws unless this caller may use a route of this access; puts the actor on the request. */
export function enforce(authenticators: Authenticators, access: Access, identified: Identified, request: FastifyRequest): void {
  const { caller, refusal } = identified
  if (caller && 'user' in caller) request.user = caller.user
  if (caller && 'staff' in caller) request.staff = caller.staff
  if (access === 'public') return
  if (refusal !== undefined) throw refusal
  if (!caller) throw new AppError('unauthenticated', 'Sign in first.')
  if (typeof access === 'object') {
    if (!('staff' in caller) || authenticators.mayAct?.(caller.staff.role, access.staff) !== true) throw new AppError('forbidden', 'Your role may not do this.')
    return
  }
  if (!('user' in caller) || (access !== 'signed-in' && caller.user.kind !== access)) throw new AppError('forbidden', 'This is not for your kind of account.')
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 8192) return undefined
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1]
}
