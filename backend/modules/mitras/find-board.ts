import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'

export type BoardMitraRow = {
  mitraId: string
  /** `unseen`: wants to be online and has made no sound for too long. */
  state: 'free' | 'busy' | 'unseen' | 'break'
  capacity: number
  used: number
  /** Without a session since; while free. */
  idleSince: Date | null
  breakUntil: Date | null
}
export type MitraBoard = { online: number; free: number; unseen: number; onBreak: number; mitras: BoardMitraRow[] }

type Row = { mitra_id: string; state: BoardMitraRow['state']; capacity: number; used: number; idle_since: string | null; break_until: string | null }
type Counts = { online: number; free: number; unseen: number; on_break: number }

/** How many mitras are there and how they are, and `limit` of each kind. Along partial indexes: who is away costs nothing. */
export async function findMitraBoard(handle: Queryable, limit: number): Promise<MitraBoard> {
  const { rows: [counts] } = await handle.execute<Counts>(sql`
    select s.online, s.free, (select count(*) from mitras where wants_online and stale)::int as unseen, (select count(*) from mitras where break_until is not null)::int as on_break
    from (select count(*)::int as online, count(*) filter (where open_capacity > used)::int as free from mitra_slots where open_capacity > 0) s`)
  const { rows } = await handle.execute<Row>(sql`
    (select mitra_id, case when open_capacity > used then 'free' else 'busy' end as state, open_capacity as capacity, used, idle_since, null::timestamptz as break_until
      from mitra_slots where open_capacity > 0 order by mitra_id limit ${limit})
    union all
    (select m.user_id, 'unseen', m.capacity, s.used, null, null from mitras m join mitra_slots s on s.mitra_id = m.user_id where m.wants_online and m.stale order by m.user_id limit ${limit})
    union all
    (select m.user_id, 'break', m.capacity, s.used, null, m.break_until from mitras m join mitra_slots s on s.mitra_id = m.user_id where m.break_until is not null order by m.break_until limit ${limit})`)
  const { online, free, unseen, on_break: onBreak } = counts!
  return {
    online, free, unseen, onBreak,
    mitras: rows.map((row) => ({
      mitraId: row.mitra_id, state: row.state, capacity: row.capacity, used: row.used,
      idleSince: row.idle_since === null ? null : new Date(row.idle_since), breakUntil: row.break_until === null ? null : new Date(row.break_until),
    })),
  }
}

/** How many applications wait, for another module's statement. */
export const waitingApplications = sql`(select count(*) from mitras where status = 'applied')`

/** Puts how many mitras are online, free or with somebody, into the metric. */
export async function measureMitras(ctx: Ctx): Promise<void> {
  const { rows: [row] } = await ctx.sql.execute<{ online: number; free: number }>(sql`
    select count(*)::int as online, count(*) filter (where open_capacity > used)::int as free from mitra_slots where open_capacity > 0`)
  ctx.metrics.mitrasOnline.set({ state: 'free' }, row!.free)
  ctx.metrics.mitrasOnline.set({ state: 'busy' }, row!.online - row!.free)
}
