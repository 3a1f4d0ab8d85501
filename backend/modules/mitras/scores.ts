import { sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Tx, World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { shownRating } from './rules-rating.ts'
import { mitraScores } from './tables.ts'

/** Adds to a mitra's score, in the transaction of the rating: `mean` is by how much the sum of the persons' means moves. */
export async function changeScore(tx: Tx, mitraId: string, by: { raters: number; mean: string }): Promise<void> {
  await tx.sql.insert(mitraScores).values({ mitraId, raters: by.raters, meanSum: by.mean }).onConflictDoUpdate({
    target: mitraScores.mitraId,
    set: { raters: sql`${mitraScores.raters} + excluded.raters`, meanSum: sql`${mitraScores.meanSum} + excluded.mean_sum` },
  })
}

export type ShownRating = { average: number; count: number }

/** What may be shown of these mitras' ratings; who has too few is not in the map. By their keys, however long the list of ratings. */
export async function findShownRatings(world: Pick<World, 'settings'> & { sql: Queryable }, mitraIds: readonly string[]): Promise<Map<string, ShownRating>> {
  if (mitraIds.length === 0) return new Map()
  const prior = {
    raters: world.settings.get('ratingPriorRaters'), score: world.settings.get('ratingPriorHundredths') / 100, leastRaters: world.settings.get('ratingLeastRaters'),
  }
  const rows = await world.sql.select().from(mitraScores).where(isAnyOf(mitraScores.mitraId, mitraIds))
  return new Map(rows.flatMap((row) => {
    const shown = shownRating({ raters: row.raters, meanSum: Number(row.meanSum) }, prior)
    return shown ? [[row.mitraId, shown] as const] : []
  }))
}
