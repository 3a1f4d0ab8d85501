import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { assertMayTakePart, findPeople } from '../identity/index.ts'
import { announceStatus } from './announce.ts'
import type { ApplicationView, ProfileChange } from './contract.ts'
import { mitras, type MitraRow } from './tables.ts'

/**
 * Sends the application: `draft` or `rejected` → `applied`. Repeated while it is being looked at, it changes nothing.
 * Throws `consent_required`, `age_refused`, `account_suspended`; `conflict` for who was approved before.
 */
export async function applyAsMitra(ctx: Ctx, userId: string, input: ProfileChange): Promise<{ application: ApplicationView; isNew: boolean }> {
  await assertMayTakePart(ctx.sql, ctx.settings, userId)
  const gender = (await findPeople(ctx.sql, [userId])).get(userId)?.gender ?? null
  return transact(ctx, async (tx) => {
    await tx.sql.insert(mitras).values({ userId, gender, capacity: tx.settings.get('defaultCapacity') }).onConflictDoNothing()
    const [applied] = await tx.sql.update(mitras)
      .set({ ...input, gender, status: 'applied', statusReason: null, appliedAt: sql`app_now()`, updatedAt: sql`app_now()`, version: sql`${mitras.version} + 1` })
      .where(and(eq(mitras.userId, userId), inArray(mitras.status, ['draft', 'rejected'])))
      .returning()
    if (applied) {
      tx.afterCommit((outer) => announceStatus(outer, [userId]))
      return { application: applicationView(applied), isNew: true }
    }
    const [row] = await tx.sql.select().from(mitras).where(eq(mitras.userId, userId))
    if (row?.status !== 'applied') throw new AppError('conflict', `the application was ${row?.status ?? 'lost'}`)
    return { application: applicationView(row), isNew: false }
  })
}

/** The application as it stands; `draft` for who has not sent one. */
export async function findApplication(ctx: Ctx, userId: string): Promise<ApplicationView> {
  const [row] = await ctx.sql.select().from(mitras).where(eq(mitras.userId, userId))
  return applicationView(row ?? { ...EMPTY, userId })
}

const EMPTY = {
  status: 'draft', statusReason: null, bio: '', topics: [], languages: ['id'], acceptsExtensions: true, appliedAt: null, approvedAt: null,
} as const

type Shown = Pick<MitraRow, 'userId' | 'status' | 'statusReason' | 'bio' | 'acceptsExtensions' | 'appliedAt' | 'approvedAt'>
  & { topics: readonly string[]; languages: readonly string[] }

function applicationView(row: Shown): ApplicationView {
  return {
    mitraId: row.userId, status: row.status, reason: row.statusReason, bio: row.bio, topics: [...row.topics], languages: [...row.languages],
    acceptsExtensions: row.acceptsExtensions, appliedAt: row.appliedAt?.toISOString() ?? null, approvedAt: row.approvedAt?.toISOString() ?? null,
  }
}
