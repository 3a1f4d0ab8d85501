import { timingSafeEqual } from 'node:crypto'
import { sql as fragment } from '../../platform/drizzle.ts'
import type { FastifyRequest } from 'fastify'
import type { StaffAct, StaffActor, StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { Required } from './contract.ts'
import { readSessionToken } from './session-cookie.ts'
import { hashToken } from './sign-in.ts'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])
const TOUCH_SECONDS = 60

/**
 * Tells staff apart by their session cookie: one query a request, which writes `last_seen_at` at most once a minute.
 * Throws `unauthenticated` without a live session, `forbidden` for a changing call without its CSRF token, and while
 * a password or an authenticator is still to be set. Role and activity are read each time, so a change acts at once.
 */
export function createStaffAuthenticator(ctx: Ctx): (request: FastifyRequest, act: StaffAct) => Promise<StaffActor> {
  return async (request, act) => {
    const token = readSessionToken(ctx.env, request)
    const session = token === undefined || token.length > 100 ? undefined : await findLive(ctx, token)
    if (!session) throw new AppError('unauthenticated', 'Sign in first.')
    if (!READING.has(request.method) && !isSame(request.headers['x-csrf-token'], session.csrf_token)) {
      throw new AppError('forbidden', 'X-CSRF-Token is missing or is not this session’s.')
    }
    if (session.required.length > 0 && act !== 'self') {
      const errors = session.required.map((step) => ({ path: 'required', code: step, message: step === 'password' ? 'set a new password' : 'enrol an authenticator' }))
      throw new AppError('forbidden', 'Something must be done first.', { errors })
    }
    return { kind: 'staff', id: session.staff_id, role: session.role, sessionId: session.id }
  }
}

type Live = { id: string; staff_id: string; role: StaffRole; csrf_token: string; required: Required[] }

async function findLive(ctx: Ctx, token: string): Promise<Live | undefined> {
  const idleSeconds = ctx.settings.get('staffIdleSeconds')
  // A short idle time is written more often, or somebody who works would be signed out.
  const touchSeconds = Math.min(TOUCH_SECONDS, Math.floor(idleSeconds / 3))
  const result = await ctx.sql.execute<Live>(fragment`
    with live as (
      select s.id, s.staff_id, a.role, s.csrf_token, s.last_seen_at,
        array_remove(array[case when a.must_change_password then 'password' end,
          case when a.totp_required and a.totp_confirmed_at is null then 'totp' end], null) as required
      from staff_sessions s join staff a on a.id = s.staff_id
      where s.token_hash = ${hashToken(token)} and s.revoked_at is null and a.active
        and s.expires_at > app_now() and s.last_seen_at > app_now() - make_interval(secs => ${idleSeconds})),
    touched as (
      update staff_sessions s set last_seen_at = app_now() from live
      where s.id = live.id and live.last_seen_at <= app_now() - make_interval(secs => ${touchSeconds}))
    select id, staff_id, role, csrf_token, required from live`)
  return result.rows[0]
}

/** How these sessions are now, for sockets that stay open: nothing is touched, an open page is no sign of life. */
export async function findSessionStates(ctx: Ctx, sessionIds: readonly string[]): Promise<Map<string, { role: StaffRole; state: 'live' | 'ended' | 'expired' | 'required' }>> {
  const idleSeconds = ctx.settings.get('staffIdleSeconds')
  const { rows } = await ctx.sql.execute<{ id: string; role: StaffRole; state: 'live' | 'ended' | 'expired' | 'required' }>(fragment`
    select s.id, a.role, case
      when s.revoked_at is not null or not a.active then 'ended'
      when s.expires_at <= app_now() or s.last_seen_at <= app_now() - make_interval(secs => ${idleSeconds}) then 'expired'
      when a.must_change_password or (a.totp_required and a.totp_confirmed_at is null) then 'required'
      else 'live' end as state
    from staff_sessions s join staff a on a.id = s.staff_id where s.id = any(${fragment.param([...sessionIds])}::uuid[])`)
  return new Map(rows.map(({ id, role, state }) => [id, { role, state }]))
}

function isSame(given: string | string[] | undefined, expected: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
