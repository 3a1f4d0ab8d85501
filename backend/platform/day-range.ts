import { and, gt, gte, lt, sql, type AnyPgColumn, type SQL } from './drizzle.ts'
import type { Queryable } from './database.ts'
import { firstIdAt } from './ids.ts'

/** Days in Asia/Jakarta, both within. */
export type Days = { from?: string | undefined; until?: string | undefined }
/** From the first instant, and before the last. */
export type TimeRange = { fromAt?: Date | undefined; untilAt?: Date | undefined }

export async function findTimeRange(handle: Queryable, { from, until }: Days): Promise<TimeRange> {
  if (from === undefined && until === undefined) return {}
  const { rows } = await handle.execute<{ from_at: string | null; until_at: string | null }>(sql`
    select ${from ?? null}::date::timestamp at time zone 'Asia/Jakarta' as from_at, (${until ?? null}::date + 1)::timestamp at time zone 'Asia/Jakarta' as until_at`)
  const [row] = rows
  return { ...(row?.from_at ? { fromAt: new Date(row.from_at) } : {}), ...(row?.until_at ? { untilAt: new Date(row.until_at) } : {}) }
}

/** How far the time in an id may be from the row's own: a process' idea of Postgres' time, and how long its transaction took. */
const APART_MS = 600_000

/** Rows of this time, for lists in the order of their ids: the ids tell nearly when, so that no index by time is needed beside. */
export function isWithin(id: AnyPgColumn, at: AnyPgColumn, { fromAt, untilAt }: TimeRange): SQL | undefined {
  return and(
    fromAt && and(gt(id, firstIdAt(fromAt.getTime() - APART_MS)), gte(at, fromAt)),
    untilAt && and(lt(id, firstIdAt(untilAt.getTime() + APART_MS)), lt(at, untilAt)),
  )
}
