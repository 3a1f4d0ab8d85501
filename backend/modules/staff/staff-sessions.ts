import { and, desc, eq, gt, isNull, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import type { StaffSessionView } from './contract.ts'
import { staff, staffSessions } from './tables.ts'

/** So many sign-ins are shown: nobody has more that live, and the newest stand first. */
const SHOWN = 100

function isLive(ctx: Ctx): SQL | undefined {
  return and(
    isNull(staffSessions.revokedAt), gt(staffSessions.expiresAt, sql`app_now()`),
    sql`${staffSessions.lastSeenAt} > app_now() - make_interval(secs => ${ctx.settings.get('staffIdleSeconds')})`,
  )
}

/** The living sessions of an account, the newest first. Throws `not_found` for nobody's account. */
export async function findStaffSessions(ctx: Ctx, staffId: string, currentId: string): Promise<StaffSessionView[]> {
  const rows = await ctx.sql.select().from(staffSessions).where(and(eq(staffSessions.staffId, staffId), isLive(ctx))).orderBy(desc(staffSessions.createdAt), desc(staffSessions.id)).limit(SHOWN)
  if (rows.length === 0) await assertExists(ctx, staffId)
  return rows.map((row) => ({
    id: row.id, userAgent: row.userAgent, ip: row.ip, createdAt: row.createdAt.toISOString(), lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(), isCurrent: row.id === currentId,
  }))
}

/** Ends one session of an account, or without `sessionId` all of them but the caller's own. Throws `not_found` for one that is not theirs or has ended. */
export async function endStaffSessions(ctx: Ctx, by: By, staffId: string, sessionId?: string): Promise<number> {
  if (staffId !== by.staffId) await assertExists(ctx, staffId)
  return transact(ctx, async (tx) => {
    const ended = await tx.sql.update(staffSessions).set({ revokedAt: sql`app_now()` })
      .where(and(eq(staffSessions.staffId, staffId), isLive(ctx), sessionId === undefined ? sql`${staffSessions.id} <> ${by.sessionId}` : eq(staffSessions.id, sessionId)))
      .returning({ id: staffSessions.id })
    if (sessionId !== undefined && ended.length === 0) throw new AppError('not_found', 'There is no such session.')
    if (ended.length > 0) {
      await appendAudit(tx, { ...auditOf(by), act: 'staff.sessions_ended', targetType: 'staff', targetId: staffId, details: { sessions: ended.map((session) => session.id) } })
    }
    return ended.length
  })
}

async function assertExists(ctx: Ctx, staffId: string): Promise<void> {
  const [account] = await ctx.sql.select({ id: staff.id }).from(staff).where(eq(staff.id, staffId))
  if (!account) throw new AppError('not_found', 'no such member of staff')
}

const KEPT_DAYS = 30

/** Forgets sessions that were over so long ago: by what and from where somebody signed in. Answers how many; fewer than `limit`: that was all. */
export async function purgeStaffSessions(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from staff_sessions where id = any(array(
      select id from staff_sessions where expires_at < app_now() - make_interval(days => ${KEPT_DAYS}) order by expires_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
