import { and, desc, eq, gt, isNull, lt, ne, or, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPeople, type Standing } from '../identity/index.ts'
import type { SanctionsQuery, SanctionView } from './contract.ts'
import { sanctions, type Sanction } from './tables.ts'

export type Judged = Sanction & { isActive: boolean }

const standsNow = and(ne(sanctions.kind, 'warning'), isNull(sanctions.liftedAt), or(isNull(sanctions.until), gt(sanctions.until, sql`app_now()`)))
const judged = { sanction: sanctions, isActive: sql<boolean>`coalesce(${standsNow}, false)` }
const flat = (rows: readonly { sanction: Sanction; isActive: boolean }[]): Judged[] => rows.map((row) => ({ ...row.sanction, isActive: row.isActive }))

export async function findSanction(handle: Queryable, id: string): Promise<Judged | undefined> {
  return flat(await handle.select(judged).from(sanctions).where(eq(sanctions.id, id)))[0]
}

/** What stands against a number, the longest first. */
export async function findActive(handle: Queryable, phoneHash: Buffer): Promise<Judged[]> {
  return flat(await handle.select(judged).from(sanctions).where(and(eq(sanctions.phoneHash, phoneHash), standsNow)).orderBy(sql`${sanctions.until} desc nulls first`, sanctions.id))
}

/** All of it together: a ban is a ban, and of suspensions the longest counts. */
export async function standingOf(tx: Tx, phoneHash: Buffer): Promise<Standing> {
  const active = await findActive(tx.sql, phoneHash)
  const bans = active.filter((sanction) => sanction.kind === 'ban').map((sanction) => sanction.createdAt)
  return { bannedAt: bans.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null, suspendedUntil: active.find((sanction) => sanction.until)?.until ?? null }
}

/** Newest first; those of one account's number where it is named. */
export async function listSanctions(handle: Queryable, query: SanctionsQuery): Promise<{ items: SanctionView[]; nextCursor: string | null }> {
  const person = query.userId === undefined ? undefined : (await findPeople(handle, [query.userId])).get(query.userId)
  if (query.userId !== undefined && !person) return { items: [], nextCursor: null }
  const rows = flat(await handle.select(judged).from(sanctions).where(and(
    person && or(eq(sanctions.phoneHash, person.phoneHash), eq(sanctions.userId, person.id)), query.kind && eq(sanctions.kind, query.kind), query.active && standsNow,
    query.caseId === undefined ? undefined : eq(sanctions.caseId, query.caseId), query.createdBy === undefined ? undefined : eq(sanctions.createdBy, query.createdBy), query.cursor === undefined ? undefined : lt(sanctions.id, query.cursor),
  )).orderBy(desc(sanctions.id)).limit(query.limit + 1))
  const shown = rows.slice(0, query.limit)
  return { items: shown.map(sanctionViewOf), nextCursor: rows.length > query.limit ? shown.at(-1)!.id : null }
}

export function sanctionViewOf(row: Judged): SanctionView {
  const { id, kind, userId, caseId, reason, message, isActive, createdBy, liftedBy, liftReason } = row
  return {
    id, kind, userId, caseId, reason, message, isActive, createdBy, liftedBy, liftReason,
    until: row.until?.toISOString() ?? null, createdAt: row.createdAt.toISOString(), liftedAt: row.liftedAt?.toISOString() ?? null,
  }
}
