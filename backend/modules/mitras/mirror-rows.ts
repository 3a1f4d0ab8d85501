import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/** What the mirror holds of one mitra. */
export type MirrorRow = { mitraId: string; isOnline: boolean; isDeactivated: boolean; used: number; lastSeenAt: Date | null }
type Read = { mitra_id: string; is_online: boolean; is_deactivated: boolean; used: number; last_seen_at: string | null }

async function read(handle: Queryable, where: SQL): Promise<MirrorRow[]> {
  const { rows } = await handle.execute<Read>(sql`
    select s.mitra_id, s.open_capacity > 0 as is_online, m.status = 'deactivated' as is_deactivated, s.used, m.last_seen_at
    from mitra_slots s join mitras m on m.user_id = s.mitra_id where ${where}`)
  return rows.map((row) => ({
    mitraId: row.mitra_id, isOnline: row.is_online, isDeactivated: row.is_deactivated, used: row.used,
    lastSeenAt: row.last_seen_at === null ? null : new Date(row.last_seen_at),
  }))
}

/** Everybody of whom the mirror holds something: online, deactivated, or with a slot in use. */
export function findMirrored(handle: Queryable): Promise<MirrorRow[]> {
  return read(handle, sql`s.open_capacity > 0 or s.used > 0 or m.status = 'deactivated'`)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Those of the given ids that are mitras; what stands in Valkey may be anything. */
export function findMirrorRows(handle: Queryable, mitraIds: readonly string[]): Promise<MirrorRow[]> {
  const ids = JSON.stringify(mitraIds.filter((mitraId) => UUID.test(mitraId)))
  return read(handle, sql`s.mitra_id in (select value::uuid from jsonb_array_elements_text(${ids}::jsonb))`)
}

/** The database's time, for what a rebuild writes as a heartbeat. */
export async function databaseTime(handle: Queryable): Promise<Date> {
  const { rows } = await handle.execute<{ now: string }>(sql`select app_now() as now`)
  return new Date(rows[0]!.now)
}

/** A capacity key is there for who is online, and for whoever has a slot in use. */
export const hasCapacityKey = (row: MirrorRow): boolean => row.isOnline || row.used > 0
