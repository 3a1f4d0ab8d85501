import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { forecastNow } from './forecast.ts'
import type { Wait } from './simulate-waits.ts'

/** How many wait, for the beacon. */
export async function countQueue(handle: Queryable): Promise<number> {
  const { rows } = await handle.execute<{ waiting: number }>(sql`select count(*)::int as waiting from chat_sessions where state = 'queued'`)
  return rows[0]?.waiting ?? 0
}

/** The waiting time of somebody who would join now and takes anybody, in seconds; null when nobody is there to serve. */
export async function estimateWait(ctx: Ctx): Promise<Wait> {
  return (await forecastNow(ctx)).joining
}
