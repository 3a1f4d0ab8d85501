import { sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { accessTokensOf } from './access-tokens.ts'
import { listenForRevocations } from './revocations.ts'
import { accountSuspended } from './standings.ts'

/** Revocation is to reach every socket within 5 s, with Valkey or without. */
const POLL_MS = 2000
/** A transaction may commit later than the time that it wrote. */
const OVERLAP_SECONDS = 10
/** The longest life that the settings allow an access token, and a little: what ended before needs no remembering. */
const REMEMBERED_SECONDS = 3900

export type TokenVerifier = {
  /** No query. Throws `token_expired`, `unauthenticated` or, for suspended and banned persons, `account_suspended`. */
  verify(token: string): Promise<{ actor: UserActor; expiresAt: Date }>
  isRevoked(signInId: string): boolean
  /** Called once for every sign-in that is found to be revoked from now on. */
  onRevoked(callback: (signInId: string) => void): void
  /** Resolves when the revocations so far are known, or Postgres could not be asked; the poll goes on either way. */
  start(): Promise<void>
  stop(): Promise<void>
}

type Seen = { now: string; now_ms: number; revoked: { id: string; reason: string | null; until: string | null; age: number }[]; sanctioned: { id: string; until: string | null }[] }
type Revoked = { reason: string | null; until: Date | null; forgetAtMs: number }

/** Tells by signature and memory who calls: the revocations come by Valkey and, where that loses them, by a poll. */
export function createTokenVerifier(ctx: Ctx): TokenVerifier {
  const tokens = accessTokensOf(ctx.env, ctx.clock.nowMs())
  const revoked = new Map<string, Revoked>()
  let sanctioned: ReadonlyMap<string, Date | null> = new Map()
  const callbacks: ((signInId: string) => void)[] = []
  let since: string | undefined
  let timer: NodeJS.Timeout | undefined
  let polling: Promise<void> = Promise.resolve()
  let stopListening: (() => void) | undefined

  const tell = (signInId: string) => {
    for (const callback of callbacks) {
      try {
        callback(signInId)
      } catch (error) {
        ctx.log.error({ err: error }, 'a reaction to a revocation failed')
      }
    }
  }
  const remember = (id: string, why: Pick<Revoked, 'reason' | 'until'>, ageSeconds: number) => {
    const isNew = !revoked.has(id)
    if (isNew) revoked.set(id, { ...why, forgetAtMs: performance.now() + (REMEMBERED_SECONDS - ageSeconds) * 1000 })
    if (isNew && !sanctioned.has(id)) tell(id)
  }
  const poll = async () => {
    try {
      const askedAtMs = performance.now()
      const seen = await findRevocations(ctx, since)
      ctx.clock.heard(seen.now_ms, askedAtMs)
      for (const { id, reason, until, age } of seen.revoked) remember(id, { reason, until: timeOf(until) }, age)
      const fresh = seen.sanctioned.filter(({ id }) => !sanctioned.has(id) && !revoked.has(id))
      sanctioned = new Map(seen.sanctioned.map(({ id, until }) => [id, timeOf(until)]))
      for (const { id } of fresh) tell(id)
      since = seen.now
    } catch (error) {
      ctx.log.warn({ err: error }, 'revocations could not be read')
    }
    for (const [id, { forgetAtMs }] of revoked) if (forgetAtMs < performance.now()) revoked.delete(id)
  }
  const loop = () => {
    timer = setTimeout(() => {
      polling = poll().then(() => (timer === undefined ? undefined : loop()))
    }, POLL_MS)
  }

  return {
    async verify(token) {
      const verified = tokens.verify(token, ctx.clock.nowMs())
      const { signInId } = verified.actor
      const until = sanctioned.get(signInId)
      if (until !== undefined) throw accountSuspended({ until })
      const ended = revoked.get(signInId)
      // A suspension that has run out leaves a sign-in that has ended: whoever it was signs in again.
      const isOut = ended?.reason === 'banned' || (ended?.reason === 'suspended' && (ended.until === null || ended.until.getTime() > ctx.clock.nowMs()))
      if (ended && isOut) throw accountSuspended(ended)
      if (ended) throw new AppError('unauthenticated', 'This sign-in has ended.')
      return verified
    },
    isRevoked: (signInId) => revoked.has(signInId) || sanctioned.has(signInId),
    onRevoked: (callback) => void callbacks.push(callback),
    async start() {
      stopListening = listenForRevocations(ctx, (ids, why) => {
        for (const id of ids) remember(id, why, 0)
      })
      await poll()
      loop()
    },
    async stop() {
      stopListening?.()
      clearTimeout(timer)
      timer = undefined
      await polling
    },
  }
}

const timeOf = (text: string | null) => (text === null ? null : new Date(text))

// By the database's own times; `least` because a clock that was set back must not hide anything.
async function findRevocations(ctx: Ctx, since: string | undefined): Promise<Seen> {
  const from = since === undefined
    ? sql`app_now() - make_interval(secs => ${REMEMBERED_SECONDS})`
    : sql`least(${since}::timestamptz, app_now()) - make_interval(secs => ${OVERLAP_SECONDS})`
  const result = await ctx.sql.execute<Seen>(sql`select app_now()::text as now, (extract(epoch from app_now()) * 1000)::float8 as now_ms,
    coalesce((select json_agg(json_build_object('id', id, 'reason', revoke_reason, 'until', case when revoke_reason = 'suspended' then (select suspended_until from users u where u.id = user_id) end, 'age', greatest(0, extract(epoch from app_now() - revoked_at))))
      from sign_ins where revoked_at > ${from}), '[]') as revoked,
    coalesce((select json_agg(json_build_object('id', s.id, 'until', case when u.banned_at is null then u.suspended_until end)) from users u join sign_ins s on s.user_id = u.id and s.revoked_at is null
      where u.suspended_until > app_now() or u.banned_at > app_now() - make_interval(secs => ${REMEMBERED_SECONDS})), '[]') as sanctioned`)
  return result.rows[0]!
}
