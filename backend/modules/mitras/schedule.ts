import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { databaseErrorCode, transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import type { ScheduleBody, ScheduleView } from './contract.ts'
import { findPlans } from './find-plans.ts'
import { mitras, mitraSchedules } from './tables.ts'

/** Where no change is near, the schedule is looked at again after this. */
const LOOK_DAYS = 7

/** Replaces the mitra's schedule; one without hours is none. Nothing happens at once: it acts at its edges. Throws `mitra_not_approved`, `validation_failed`. */
export async function putSchedule(ctx: Ctx, mitraId: string, { timeZone, weekly, exceptions }: ScheduleBody): Promise<ScheduleView> {
  try {
    await transact(ctx, async (tx) => {
      const [mitra] = await tx.sql.select({ id: mitras.userId }).from(mitras).where(eq(mitras.userId, mitraId))
      if (!mitra) throw new AppError('mitra_not_approved', 'Apply first.')
      if (weekly.length === 0 && exceptions.length === 0) {
        await tx.sql.delete(mitraSchedules).where(eq(mitraSchedules.mitraId, mitraId))
        return
      }
      const set = { timeZone, weekly, exceptions, nextEdgeAt: sql`app_now()`, edgeGoes: null, updatedAt: sql`app_now()` }
      await tx.sql.insert(mitraSchedules).values({ mitraId, ...set }).onConflictDoUpdate({ target: mitraSchedules.mitraId, set })
      await planAhead(tx, [mitraId])
    })
  } catch (error) {
    if (databaseErrorCode(error) !== UNKNOWN_ZONE) throw error
    throw new AppError('validation_failed', 'no such time zone', { errors: [{ path: 'timeZone', code: 'unknown', message: 'must be an IANA time zone' }] })
  }
  return getSchedule(ctx, mitraId)
}

/** What Postgres says of a time zone that it does not know. */
const UNKNOWN_ZONE = '22023'

/** The mitra's schedule; without one there are no hours, in the time zone of the profile. */
export async function getSchedule(ctx: Ctx, mitraId: string): Promise<ScheduleView> {
  const [schedule] = await ctx.sql.select().from(mitraSchedules).where(eq(mitraSchedules.mitraId, mitraId))
  if (!schedule) {
    const timeZone = (await findPeople(ctx.sql, [mitraId])).get(mitraId)?.timeZone ?? 'Asia/Jakarta'
    return { timeZone, weekly: [], exceptions: [], isOn: false, nextEdge: null }
  }
  const plan = (await findPlans(ctx.sql, [mitraId])).get(mitraId)
  const { timeZone, weekly, exceptions } = schedule
  return { timeZone, weekly, exceptions, isOn: plan?.isOn ?? false, nextEdge: plan?.edge ? { at: plan.edge.at.toISOString(), goes: plan.edge.goes } : null }
}

/** Sets when each of these schedules acts next. Answers who is within their hours now. */
export async function planAhead(tx: Tx, mitraIds: readonly string[]): Promise<Set<string>> {
  const plans = await findPlans(tx.sql, mitraIds)
  const rows = JSON.stringify([...plans].map(([mitra, { edge }]) => ({ mitra, at: edge?.at.toISOString() ?? null, goes: edge?.goes ?? null })))
  await tx.sql.execute(sql`
    update mitra_schedules s set next_edge_at = coalesce(r.at, app_now() + make_interval(days => ${LOOK_DAYS})), edge_goes = r.goes
    from jsonb_to_recordset(${rows}::jsonb) as r(mitra uuid, at timestamptz, goes text) where s.mitra_id = r.mitra`)
  return new Set([...plans].filter(([, plan]) => plan.isOn).map(([mitraId]) => mitraId))
}
