import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { StatusView } from './contract.ts'
import { mirrorSettled } from './mirror.ts'
import { putOffline } from './put-offline.ts'
import { findStatuses } from './queries.ts'
import { setOnline, getStatus } from './set-online.ts'
import { mitras } from './tables.ts'

/**
 * Offline for so many minutes, and online again by itself; another break replaces the one that runs. Running sessions go
 * on. Throws `mitra_not_approved`, `conflict` (who is offline needs no break), `validation_failed`.
 */
export async function takeBreak(ctx: Ctx, mitraId: string, minutes: number): Promise<StatusView> {
  const most = ctx.settings.get('breakMostMinutes')
  if (minutes > most) throw new AppError('validation_failed', `A break is at most ${most} minutes.`, { errors: [{ path: 'minutes', code: 'too_big', message: `must be at most ${most}` }] })
  const status = await transact(ctx, async (tx) => {
    if (!(await putOffline(tx, [mitraId], 'break')).has(mitraId)) {
      const known = (await findStatuses(tx.sql, [mitraId])).get(mitraId)
      throw new AppError(known?.status === 'approved' ? 'conflict' : 'mitra_not_approved', 'Only who is online takes a break.')
    }
    await tx.sql.update(mitras).set({ breakUntil: sql`app_now() + make_interval(mins => ${minutes})`, version: sql`${mitras.version} + 1` }).where(eq(mitras.userId, mitraId))
    return (await findStatuses(tx.sql, [mitraId])).get(mitraId)!
  })
  await mirrorSettled(ctx)
  return status
}

/** Ends the break early: the mitra is online, and seen. Without a break nothing changes. Throws `mitra_not_approved`. */
export async function endBreak(ctx: Ctx, mitraId: string): Promise<StatusView> {
  const status = await getStatus(ctx, mitraId)
  return status.breakUntil === null ? status : setOnline(ctx, mitraId, true)
}
