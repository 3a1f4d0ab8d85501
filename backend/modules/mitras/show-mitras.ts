import { and, eq, sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { findBlockedIds } from '../moderation/index.ts'
import type { MitrasQuery, MitraView } from './contract.ts'
import { findPresence } from './presence.ts'
import { findShownRatings } from './scores.ts'
import { mitras, type MitraRow } from './tables.ts'

// Spelt like the index mitras_listed: those who are online come first.
const isAway = sql<boolean>`(${mitras.stale} or not ${mitras.wantsOnline})`

/** Approved mitras for a customer, online ones first, without those that may not meet them; `cursor` continues a list. */
export async function showMitras(ctx: Ctx, customerId: string, query: MitrasQuery): Promise<{ items: MitraView[]; nextCursor: string | null }> {
  const hidden = await findBlockedIds(ctx.sql, customerId)
  const rows = await ctx.sql.select({ mitra: mitras, isAway }).from(mitras)
    .where(and(
      eq(mitras.status, 'approved'),
      hidden.length === 0 ? undefined : sql`not ${isAnyOf(mitras.userId, hidden)}`,
      query.topic === undefined ? undefined : sql`${query.topic} = any(${mitras.topics})`,
      query.language === undefined ? undefined : sql`${query.language} = any(${mitras.languages})`,
      query.gender === undefined ? undefined : eq(mitras.gender, query.gender),
      afterCursor(query.cursor),
    ))
    .orderBy(isAway, mitras.userId)
    .limit(query.limit + 1)
  const page = rows.slice(0, query.limit)
  const last = rows.length > query.limit ? page.at(-1) : undefined
  return {
    items: await toViews(ctx, page.map((row) => row.mitra)),
    nextCursor: last ? `${last.isAway ? 1 : 0}${last.mitra.userId}` : null,
  }
}

/** One approved mitra; anybody else is `not_found`, and so is one of whom and this customer one has blocked the other. */
export async function showMitra(ctx: Ctx, customerId: string, mitraId: string): Promise<MitraView> {
  if ((await findBlockedIds(ctx.sql, customerId)).includes(mitraId)) throw new AppError('not_found', 'no such mitra')
  const rows = await ctx.sql.select().from(mitras).where(and(eq(mitras.userId, mitraId), eq(mitras.status, 'approved')))
  const [view] = await toViews(ctx, rows)
  if (!view) throw new AppError('not_found', 'no such mitra')
  return view
}

function afterCursor(cursor: string | undefined): SQL | undefined {
  return cursor === undefined ? undefined : sql`(${isAway}, ${mitras.userId}) > (${cursor.startsWith('1')}::boolean, ${cursor.slice(1)}::uuid)`
}

async function toViews(ctx: Ctx, rows: readonly MitraRow[]): Promise<MitraView[]> {
  const ids = rows.map((row) => row.userId)
  const [people, presence, ratings] = await Promise.all([findPeople(ctx.sql, ids), findPresence(ctx, ids), findShownRatings(ctx, ids)])
  return rows.map((row) => {
    const { isOnline, used } = presence.get(row.userId) ?? { isOnline: false, used: 0 }
    return {
      id: row.userId, mitraId: row.userId, displayName: people.get(row.userId)?.displayName ?? null, gender: row.gender, bio: row.bio,
      topics: row.topics, languages: row.languages, acceptsExtensions: row.acceptsExtensions,
      isOnline, isFree: isOnline && used < row.capacity, rating: ratings.get(row.userId) ?? null,
    }
  })
}
