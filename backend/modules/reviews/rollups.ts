import { sql } from '../../platform/drizzle.ts'
import type { Rollup } from '../../platform/rollups.ts'

/** Ratings by the day on which they were given; hidden comments count, by their score. */
export const RATING_DAYS: Rollup = {
  name: 'ratings', table: 'rating_days', columns: ['score', 'ratings'],
  first: sql`select min(day) from ratings`,
  ofDay: () => sql`select score, count(*)::integer as ratings from ratings where day = d.day group by 1`,
}
