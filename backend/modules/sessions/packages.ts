import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { violatedConstraint, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { packages } from './tables.ts'

export type Package = typeof packages.$inferSelect

/** Packages on sale, ordered by minutes. */
export async function findPackages(handle: Queryable): Promise<Package[]> {
  return handle.select().from(packages).where(eq(packages.active, true)).orderBy(packages.minutes)
}

/** This package, while it is on sale. */
export async function findPackageOnSale(handle: Queryable, id: string): Promise<Package | undefined> {
  const [found] = await handle.select().from(packages).where(and(eq(packages.id, id), eq(packages.active, true)))
  return found
}

/** All packages, withdrawn ones too, for staff. */
export async function listPackages(handle: Queryable): Promise<Package[]> {
  return handle.select().from(packages).orderBy(packages.minutes, packages.id)
}

/** A new package on sale; two of the same length at once are refused with `conflict`. Price in whole rupiah. */
export async function createPackage(tx: Tx, input: { minutes: number; priceIdr: number }): Promise<Package> {
  return refuseTwin(async () => {
    const [made] = await tx.sql.insert(packages).values({
      id: tx.ids.next(), minutes: input.minutes, priceIdr: input.priceIdr, active: true, createdAt: sql`app_now()`, updatedAt: sql`app_now()`,
    }).returning()
    return made!
  })
}

/** Changes what is sold from now on; sessions keep what they were made with. Throws `not_found`, `conflict`. */
export async function changePackage(tx: Tx, id: string, change: { priceIdr?: number | undefined; active?: boolean | undefined }): Promise<Package> {
  return refuseTwin(async () => {
    const set = { ...(change.priceIdr === undefined ? {} : { priceIdr: change.priceIdr }), ...(change.active === undefined ? {} : { active: change.active }) }
    const [changed] = await tx.sql.update(packages).set({ ...set, updatedAt: sql`app_now()` }).where(eq(packages.id, id)).returning()
    if (!changed) throw new AppError('not_found')
    return changed
  })
}

async function refuseTwin<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violatedConstraint(error) === 'packages_active_minutes') throw new AppError('conflict', 'a package of this length is on sale already')
    throw error
  }
}

/** The packages of a first deploy; those whose length is on sale already are left alone. */
export async function seedPackages(tx: Tx, wanted: readonly { minutes: number; priceIdr: number }[]): Promise<void> {
  await tx.sql.insert(packages).values(wanted.map((one) => ({
    id: tx.ids.next(), ...one, active: true, createdAt: sql`app_now()`, updatedAt: sql`app_now()`,
  }))).onConflictDoNothing()
}
