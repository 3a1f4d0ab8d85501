import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findPeople } from '../identity/index.ts'
import type { ProfileChange, ProfileView } from './contract.ts'
import { findMitras } from './queries.ts'
import { findShownRatings } from './scores.ts'
import { mitras } from './tables.ts'

/** Changes what is given. Before an application it makes the draft. */
export async function changeProfile(ctx: Ctx, userId: string, change: ProfileChange): Promise<ProfileView> {
  if (Object.keys(change).length > 0) {
    await ctx.sql.insert(mitras).values({ userId, ...change, capacity: ctx.settings.get('defaultCapacity') }).onConflictDoUpdate({
      target: mitras.userId,
      set: { ...change, version: sql`${mitras.version} + 1`, updatedAt: sql`app_now()` },
    })
  }
  return getProfile(ctx, userId)
}

/** The mitra's own profile; an empty draft for who has none yet. */
export async function getProfile(ctx: Ctx, userId: string): Promise<ProfileView> {
  const mitra = (await findMitras(ctx.sql, [userId])).get(userId)
  if (mitra) {
    const { mitraId, displayName, gender, status, bio, topics, languages, acceptsExtensions, capacity, version } = mitra
    const rating = (await findShownRatings(ctx, [userId])).get(userId) ?? null
    return { mitraId, displayName, gender, status, bio, topics, languages, acceptsExtensions, capacity, version, rating }
  }
  const person = (await findPeople(ctx.sql, [userId])).get(userId)
  return {
    mitraId: userId, displayName: person?.displayName ?? null, gender: person?.gender ?? null, status: 'draft', bio: '', topics: [], languages: ['id'],
    acceptsExtensions: true, capacity: ctx.settings.get('defaultCapacity'), version: 0, rating: null,
  }
}
