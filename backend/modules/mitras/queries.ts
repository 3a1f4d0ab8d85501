import { and, eq, inArray, sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPeople } from '../identity/index.ts'
import type { StatusView } from './contract.ts'
import { mitras, mitraSlots, type Gender, type MitraRow, type MitraStatus } from './tables.ts'

export type Mitra = {
  mitraId: string
  displayName: string | null
  status: MitraStatus
  statusReason: string | null
  bio: string
  topics: string[]
  languages: string[]
  gender: Gender | null
  acceptsExtensions: boolean
  capacity: number
  /** Sessions that hold a slot of this mitra. */
  used: number
  /** The wish. */
  wantsOnline: boolean
  /** Approved, wants to be online and is not stale. */
  isOnline: boolean
  lastSeenAt: Date | null
  appliedAt: Date | null
  approvedAt: Date | null
  deactivatedAt: Date | null
  version: number
}

/** Mitras by id, whatever their status; ids that are none are left out. Source: Postgres. */
export async function findMitras(handle: Queryable, ids: readonly string[]): Promise<Map<string, Mitra>> {
  const rows = await findRows(handle, ids)
  const people = await findPeople(handle, rows.map((row) => row.userId))
  return new Map(rows.map((row) => [row.userId, toMitra(row, people.get(row.userId)?.displayName ?? null)]))
}

async function findRows(handle: Queryable, ids: readonly string[]): Promise<(MitraRow & { used: number })[]> {
  if (ids.length === 0) return []
  const rows = await handle.select({ mitra: mitras, used: mitraSlots.used }).from(mitras)
    .innerJoin(mitraSlots, eq(mitraSlots.mitraId, mitras.userId))
    .where(inArray(mitras.userId, [...new Set(ids)]))
  return rows.map((row) => ({ ...row.mitra, used: row.used }))
}

export function toMitra(row: MitraRow & { used: number }, displayName: string | null): Mitra {
  return {
    mitraId: row.userId, displayName, status: row.status, statusReason: row.statusReason, bio: row.bio, topics: row.topics,
    languages: row.languages, gender: row.gender, acceptsExtensions: row.acceptsExtensions, capacity: row.capacity, used: row.used,
    wantsOnline: row.wantsOnline, isOnline: row.status === 'approved' && row.wantsOnline && !row.stale, lastSeenAt: row.lastSeenAt,
    appliedAt: row.appliedAt, approvedAt: row.approvedAt, deactivatedAt: row.deactivatedAt, version: row.version,
  }
}

/**
 * Whether the mitra is approved and wants to be online, and stays so until this transaction ends: a deactivation or
 * going offline waits for the commit and then sees what it did.
 */
export async function keepsServing(tx: Tx, mitraId: string): Promise<boolean> {
  const [row] = await tx.sql.select({ status: mitras.status, wantsOnline: mitras.wantsOnline }).from(mitras).where(eq(mitras.userId, mitraId)).for('share')
  return row?.status === 'approved' && row.wantsOnline
}

/** The statuses of these mitras as they see them themselves. */
export async function findStatuses(handle: Queryable, ids: readonly string[]): Promise<Map<string, StatusView>> {
  const rows = await findRows(handle, ids)
  return new Map(rows.map((row) => {
    const isOpen = row.status === 'approved' && row.wantsOnline && !row.stale
    return [row.userId, {
      online: row.wantsOnline, available: isOpen && row.used < row.capacity, stale: row.stale, status: row.status,
      capacity: row.capacity, used: row.used, lastSeenAt: row.lastSeenAt?.toISOString() ?? null, offlineBecause: row.offlineBecause,
      state: isOpen ? (row.used < row.capacity ? 'online' : 'busy') : row.breakUntil ? 'break' : 'offline', breakUntil: row.breakUntil?.toISOString() ?? null, version: row.version,
    }]
  }))
}

export type Candidate = {
  mitraId: string
  /** Free slots, at least 1. */
  free: number
  /** Null while the mitra serves somebody: those come after everybody who is idle. */
  idleSince: Date | null
  topics: string[]
  languages: string[]
  gender: Gender | null
}

/** Who may take a new session now: approved, wants to be online, not stale, a slot free. Longest idle first, then by id. */
export async function findAvailable(handle: Queryable): Promise<Candidate[]> {
  const { openCapacity, used, idleSince, mitraId } = mitraSlots
  return handle
    .select({ mitraId, free: sql`${openCapacity} - ${used}`.mapWith(Number), idleSince, topics: mitras.topics, languages: mitras.languages, gender: mitras.gender })
    .from(mitraSlots)
    .innerJoin(mitras, eq(mitras.userId, mitraId))
    .where(and(sql`${openCapacity} > 0`, sql`${openCapacity} > ${used}`))
    .orderBy(sql`${idleSince} asc nulls last`, mitraId)
}

/**
 * Mitras who serve now (mitra_id, capacity, topics, languages, gender), as a query for another module's statement: what
 * that one reads of its own is then of the same moment.
 */
export const servingMitras: SQL = sql`
  select s.mitra_id, s.open_capacity as capacity, m.topics, m.languages, m.gender
  from mitra_slots s join mitras m on m.user_id = s.mitra_id where s.open_capacity > 0`

export type Capacity = {
  /** Mitras who are approved, want to be online and are not stale. */
  mitrasOnline: number
  /** Those of them with a free slot. */
  mitrasFree: number
  /** Free slots of all of them. */
  free: number
}

/** How many mitras are there, and how many slots are free. One statement. */
export async function findCapacity(handle: Queryable): Promise<Capacity> {
  const { openCapacity, used } = mitraSlots
  const [row] = await handle.select({
    mitrasOnline: sql`count(*)`.mapWith(Number),
    mitrasFree: sql`count(*) filter (where ${openCapacity} > ${used})`.mapWith(Number),
    free: sql`coalesce(sum(greatest(0, ${openCapacity} - ${used})), 0)`.mapWith(Number),
  }).from(mitraSlots).where(sql`${openCapacity} > 0`)
  return row!
}

export type MitraFilter = { status?: MitraStatus | undefined; limit: number; /** A user id; the list goes on after it. */ after?: string | undefined}

/** Mitras for staff, by id; `limit` at most 100. The next page starts after the last one's id. */
export async function listMitras(handle: Queryable, filter: MitraFilter): Promise<Mitra[]> {
  const rows = await handle.select({ id: mitras.userId }).from(mitras)
    .where(and(filter.status ? eq(mitras.status, filter.status) : undefined, filter.after ? sql`${mitras.userId} > ${filter.after}` : undefined))
    .orderBy(mitras.userId).limit(filter.limit)
  const found = await findMitras(handle, rows.map((row) => row.id))
  return rows.flatMap((row) => found.get(row.id) ?? [])
}
