import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { periodOf, rowsOfRollup, type DaysRange, type Grouping } from '../../platform/rollups.ts'
import { RATING_DAYS } from './rollups.ts'

export type RatingSums = { period: string; ratings: number; average: number; byScore: number[] }

/** Ratings that were given in each period; `byScore`: how many of 1 to 5. Days in Asia/Jakarta, both within. */
export async function sumRatings(handle: Queryable, days: DaysRange, group: Grouping): Promise<RatingSums[]> {
  const { rows } = await handle.execute<RatingSums>(sql`
    select ${periodOf(group)} as period, sum(ratings)::float8 as ratings, (sum(score * ratings) / sum(ratings)::float8) as average,
      array[${sql.join([1, 2, 3, 4, 5].map((score) => sql`coalesce(sum(ratings) filter (where score = ${score}::integer), 0)::float8`), sql`, `)}] as "byScore"
    from ${await rowsOfRollup(handle, RATING_DAYS, days)} r group by 1 order by 1`)
  return rows
}
