import { and, eq, inArray, isNotNull, lte, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findLastSeen, findUnseen } from '../mitras/index.ts'
import { findUncreated } from '../payments/index.ts'
import { paymentNotCreated } from './close-hold.ts'
import { meetDeadline } from './meet-deadline.ts'
import { signalMatching } from './matching-signal.ts'
import { pauseSession, resumeSession, unseenSeconds } from './pause-session.ts'
import { decideOnSession } from './queries.ts'
import { sessions } from './tables.ts'
import { withdrawMitra } from './withdraw-mitra.ts'

const BATCH = 200
const AT_ONCE = 8

/** One sweep over everything of sessions that is due; every replica runs it every second. Answers how many rows it met. */
export async function sweepSessions(ctx: Ctx): Promise<number> {
  let met = 0
  // By pages: what can't be met just now does not stand before what is due after it.
  for (let page = await findDue(ctx); page.length > 0; page = page.length < BATCH ? [] : await findDue(ctx, page.at(-1))) {
    await forEach(ctx, page.map((row) => row.id), (id) => meetDeadline(ctx, id))
    met += page.length
  }
  await Promise.all([sweepGone(ctx), sweepSeenAgain(ctx), sweepUncreated(ctx)])
  signalMatching(ctx)
  return met
}

type Due = { id: string; dueAt: Date | null }

async function findDue(ctx: Ctx, after?: Due): Promise<Due[]> {
  const isAfter = after?.dueAt ? sql`(${sessions.dueAt}, ${sessions.id}) > (${after.dueAt.toISOString()}::timestamptz, ${after.id}::uuid)` : undefined
  return ctx.sql.select({ id: sessions.id, dueAt: sessions.dueAt }).from(sessions)
    .where(and(lte(sessions.dueAt, sql`app_now()`), isAfter)).orderBy(sessions.dueAt, sessions.id).limit(BATCH)
}

// Gone in a session: an active one pauses as of when the mitra was last seen; a hold or an offer goes to the next.
async function sweepGone(ctx: Ctx): Promise<void> {
  const rows = await ctx.sql.select({ id: sessions.id, state: sessions.state, mitraId: sessions.slotMitraId }).from(sessions)
    .where(and(isNotNull(sessions.slotMitraId), inArray(sessions.state, ['held', 'ringing', 'active'])))
  const mitraIds = [...new Set(rows.map((row) => row.mitraId!))]
  if (mitraIds.length === 0) return
  // The shorter time first: nobody is unseen for the longer one alone.
  const unseen = await findUnseen(ctx.sql, { mitraIds, seconds: unseenSeconds(ctx, 'goneSeconds') })
  if (unseen.size === 0) return
  const goneForGood = ctx.settings.get('maintenance') ? await findUnseen(ctx.sql, { mitraIds, seconds: ctx.settings.get('goneSeconds') }) : unseen
  const gone = rows.filter((row) => (row.state === 'active' ? unseen : goneForGood).has(row.mitraId!))
  await forEach(ctx, gone.filter((row) => row.state === 'active').map((row) => row.id), (id) =>
    decideOnSession(ctx, id, async (tx, seen) => {
      const lastSeenAt = seen.session.mitraId ? unseen.get(seen.session.mitraId) : undefined
      if (lastSeenAt) await pauseSession(tx, seen, lastSeenAt)
    }))
  const withdrawn = new Set(gone.filter((row) => row.state !== 'active').map((row) => row.mitraId!))
  await forEach(ctx, [...withdrawn], (mitraId) => withdrawMitra(ctx, mitraId, 'gone'))
}

async function sweepSeenAgain(ctx: Ctx): Promise<void> {
  const paused = await ctx.sql.select({ id: sessions.id, mitraId: sessions.mitraId, pausedAt: sessions.pausedAt, pauseUntil: sessions.pauseUntil }).from(sessions).where(eq(sessions.state, 'paused'))
  if (paused.length === 0) return
  const lastSeen = await findLastSeen(ctx.sql, paused.flatMap((row) => row.mitraId ?? []))
  const back = paused.filter((row) => {
    const lastSeenAt = row.mitraId ? lastSeen.get(row.mitraId) : undefined
    return lastSeenAt && row.pausedAt && row.pauseUntil && lastSeenAt > row.pausedAt && lastSeenAt < row.pauseUntil
  })
  await forEach(ctx, back.map((row) => row.id), (id) => decideOnSession(ctx, id, resumeSession))
}

async function sweepUncreated(ctx: Ctx): Promise<void> {
  const late = await findUncreated(ctx.sql)
  await forEach(ctx, late.map((payment) => payment.id), (id) => paymentNotCreated(ctx, id))
}

// One that fails does not keep the others from their deadline; the next sweep meets it again.
async function forEach(ctx: Ctx, ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  const queue = [...ids]
  const take = async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      await act(id).catch((error: unknown) => ctx.log.error({ err: error, id }, 'a due session could not be swept'))
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, take))
}
