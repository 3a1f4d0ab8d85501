import { and, eq, isNull, or, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { MeBody } from './contract.ts'
import { getUser } from './people.ts'
import { judgeBirthDate } from './rules.ts'
import { users, type User } from './tables.ts'
import { writeEvent } from './topics.ts'

/**
 * Changes what is given. A birth date may be corrected until it has let its owner take part for the first time.
 * Throws `age_refused` for minors, `conflict` for a birth date that is fixed, `validation_failed` for an impossible one.
 */
export async function changeProfile(ctx: Pick<Ctx, 'settings'> & { sql: Queryable }, userId: string, change: MeBody): Promise<User> {
  const { birthDate } = change
  if (birthDate !== undefined) await refuseMinor(ctx, birthDate)
  const [changed] = await ctx.sql.update(users).set({ ...definedOf(change), updatedAt: sql`app_now()` }).where(and(
    eq(users.id, userId), isNull(users.erasedAt),
    birthDate === undefined ? undefined : or(isNull(users.birthDateUsedAt), eq(users.birthDate, birthDate)),
  )).returning()
  if (changed) return changed
  await getUser(ctx.sql, userId)
  throw new AppError('conflict', 'The birth date is fixed: it was the ground on which this account took part.')
}

/** The same by the person; who has moved to another time zone is followed by what is to come at a time of their clock. */
export async function changeOwnProfile(ctx: Ctx, userId: string, change: MeBody): Promise<User> {
  return transact(ctx, async (tx) => {
    const changed = await changeProfile(tx, userId, change)
    if (change.timeZone !== undefined) await writeEvent(tx, 'movedClock', userId)
    return changed
  })
}

function definedOf(change: MeBody) {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof MeBody]?: Exclude<MeBody[K], undefined>
  }
}

async function refuseMinor(ctx: Pick<Ctx, 'settings'> & { sql: Queryable }, birthDate: string): Promise<void> {
  const verdict = judgeBirthDate(birthDate, await findToday(ctx.sql), ctx.settings.get('minimumAgeYears'))
  if (verdict === 'too_young') throw new AppError('age_refused', 'This service is for adults.')
  if (verdict === 'adult') return
  throw new AppError('validation_failed', 'This birth date is not possible.', {
    errors: [{ path: 'birthDate', code: 'impossible', message: 'must be the birth date of somebody alive' }],
  })
}

/** The business day, `YYYY-MM-DD` in Asia/Jakarta, by the database's clock. */
export async function findToday(handle: Queryable): Promise<string> {
  const result = await handle.execute<{ today: string }>(sql`select to_char(app_now() at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as today`)
  return result.rows[0]!.today
}
