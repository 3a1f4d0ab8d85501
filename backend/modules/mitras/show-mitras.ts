import { and, desc, eq, notExists, sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findIdsOut, findPeople } from '../identity/index.ts'
import { findBlockedIds } from '../moderation/index.ts'
import type { MitrasQuery, MitraView } from './contract.ts'
import { findFavourites } from './favourites.ts'
import { findPresence } from './presence.ts'
import { findShownRatings } from './scores.ts'
import { favourites, mitras, type MitraRow } from './tables.ts'

// Spelt like the index mitras_listed: those who are online come first.
const isAway = sql<boolean>`(${mitras.stale} or not ${mitras.wantsOnline})`
const FAVOURITES = 'f'

type Listed = { mitra: MitraRow; isAway: boolean; isFavourite: boolean }
type Page = { isFavourite: boolean; after: string | undefined; limit: number }

/**
 * Approved mitras for a customer, without those that may not meet them: their favourites first, then the others, of each
 * the online ones first. `cursor` continues a list. Favourites are at most a hundred and read by the customer's key, the others along their index.
 */
export async function showMitras(ctx: Ctx, customerId: string, query: MitrasQuery): Promise<{ items: MitraView[]; nextCursor: string | null }> {
  const { cursor, limit } = query
  const hidden = await findHidden(ctx, customerId)
  const find = (page: Page) => findListed(ctx, customerId, { ...query, hidden }, page)
  const isAmongFavourites = cursor === undefined || cursor.startsWith(FAVOURITES)
  const first = isAmongFavourites ? await find({ isFavourite: true, after: cursor?.slice(FAVOURITES.length), limit: limit + 1 }) : []
  const rest = first.length > limit ? [] : await find({ isFavourite: false, after: isAmongFavourites ? undefined : cursor, limit: limit + 1 - first.length })
  const rows = [...first, ...rest]
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: await toViews(ctx, customerId, page.map((row) => row.mitra)),
    nextCursor: last ? `${last.isFavourite ? FAVOURITES : ''}${last.isAway ? 1 : 0}${last.mitra.userId}` : null,
  }
}

/** A customer's favourites who are approved and may meet them, the newest first: all of them. */
export async function showFavourites(ctx: Ctx, customerId: string): Promise<MitraView[]> {
  const hidden = new Set(await findHidden(ctx, customerId))
  const rows = await ctx.sql.select({ mitra: mitras }).from(favourites).innerJoin(mitras, eq(mitras.userId, favourites.mitraId))
    .where(and(eq(favourites.customerId, customerId), eq(mitras.status, 'approved'))).orderBy(desc(favourites.createdAt), favourites.mitraId)
  return toViews(ctx, customerId, rows.map((row) => row.mitra).filter((mitra) => !hidden.has(mitra.userId)))
}

/** One approved mitra; anybody else is `not_found`, and so are who is suspended and, of two, whom one has blocked. */
export async function showMitra(ctx: Ctx, customerId: string, mitraId: string): Promise<MitraView> {
  if ((await findHidden(ctx, customerId)).includes(mitraId)) throw new AppError('not_found', 'no such mitra')
  const rows = await ctx.sql.select().from(mitras).where(and(eq(mitras.userId, mitraId), eq(mitras.status, 'approved')))
  const [view] = await toViews(ctx, customerId, rows)
  if (!view) throw new AppError('not_found', 'no such mitra')
  return view
}

async function findListed(ctx: Ctx, customerId: string, query: MitrasQuery & { hidden: readonly string[] }, page: Page): Promise<Listed[]> {
  const own = and(eq(favourites.customerId, customerId), eq(favourites.mitraId, mitras.userId))
  const wanted = and(
    eq(mitras.status, 'approved'),
    query.hidden.length === 0 ? undefined : sql`not ${isAnyOf(mitras.userId, query.hidden)}`,
    query.topic === undefined ? undefined : sql`${query.topic} = any(${mitras.topics})`,
    query.language === undefined ? undefined : sql`${query.language} = any(${mitras.languages})`,
    query.gender === undefined ? undefined : eq(mitras.gender, query.gender),
    afterCursor(page.after),
  )
  const columns = { mitra: mitras, isAway }
  const rows = await (page.isFavourite
    ? ctx.sql.select(columns).from(favourites).innerJoin(mitras, own).where(wanted).orderBy(isAway, mitras.userId).limit(page.limit)
    : ctx.sql.select(columns).from(mitras).where(and(wanted, notExists(ctx.sql.select({ one: sql`1` }).from(favourites).where(own)))).orderBy(isAway, mitras.userId).limit(page.limit))
  return rows.map((row) => ({ ...row, isFavourite: page.isFavourite }))
}

// Whom this customer may not meet, and who is suspended or banned.
async function findHidden(ctx: Ctx, customerId: string): Promise<string[]> {
  return (await Promise.all([findBlockedIds(ctx.sql, customerId), findIdsOut(ctx.sql, 'mitra')])).flat()
}

function afterCursor(cursor: string | undefined): SQL | undefined {
  return cursor === undefined ? undefined : sql`(${isAway}, ${mitras.userId}) > (${cursor.startsWith('1')}::boolean, ${cursor.slice(1)}::uuid)`
}

async function toViews(ctx: Ctx, customerId: string, rows: readonly MitraRow[]): Promise<MitraView[]> {
  const ids = rows.map((row) => row.userId)
  const [people, presence, ratings, favoured] = await Promise.all([
    findPeople(ctx.sql, ids), findPresence(ctx, ids), findShownRatings(ctx, ids), findFavourites(ctx.sql, customerId, ids),
  ])
  return rows.map((row) => {
    const { isOnline, used } = presence.get(row.userId) ?? { isOnline: false, used: 0 }
    return {
      id: row.userId, mitraId: row.userId, displayName: people.get(row.userId)?.displayName ?? null, gender: row.gender, bio: row.bio,
      topics: row.topics, languages: row.languages, acceptsExtensions: row.acceptsExtensions,
      isOnline, isFree: isOnline && used < row.capacity, state: isOnline ? (used < row.capacity ? 'online' : 'busy') : 'offline',
      isFavourite: favoured.has(row.userId), rating: ratings.get(row.userId) ?? null,
    }
  })
}
