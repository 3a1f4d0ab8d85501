import { and, eq, lt, sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { soughtPeople, type Sought } from '../identity/index.ts'
import { findMitras, type Mitra } from './queries.ts'
import { mitras, type MitraStatus } from './tables.ts'

export type MitraPage = {
  status?: MitraStatus | undefined
  /** Approved, wants to be online, not stale; false: the others. */
  online?: boolean | undefined
  sought?: Sought | undefined
  /** Only those whose ids this query answers. */
  among?: SQL | undefined
  /** An id; the list goes on after it. */
  before?: string | undefined
  limit: number
}

/** Mitras for staff, the newest first. */
export async function pageMitras(handle: Queryable, page: MitraPage): Promise<Mitra[]> {
  const ids = (await handle.execute<{ id: string }>(statement(page))).rows.map((row) => row.id)
  const found = await findMitras(handle, ids)
  return ids.flatMap((id) => found.get(id) ?? [])
}

function statement({ status, online, sought, among, before, limit }: MitraPage): SQL {
  const isOnline = sql`${mitras.wantsOnline} and not ${mitras.stale}` // who isn't approved can't wish it
  const isListed = and(
    status && eq(mitras.status, status), online === undefined ? undefined : online ? isOnline : sql`not (${isOnline})`, before === undefined ? undefined : lt(mitras.userId, before),
  )
  const newestFirst = sql`order by id desc limit ${limit}`
  if (sought === undefined && among === undefined) return sql`select ${mitras.userId} as id from ${mitras} ${isListed ? sql`where ${isListed}` : sql``} ${newestFirst}`
  // Materialized: the planner would walk through all mitras for the first few that it takes to be everywhere.
  return sql`
    with sought as materialized (${sought ? soughtPeople('mitra', sought) : among!}),
    found as materialized (select ${mitras.userId} as id from ${mitras} where ${and(sql`${mitras.userId} in (select * from sought)`, sought && among ? sql`${mitras.userId} in (${among})` : undefined, isListed)})
    select id from found ${newestFirst}`
}
