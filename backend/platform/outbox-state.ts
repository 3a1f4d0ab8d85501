import type { Ctx } from './ctx.ts'
import { sql } from './drizzle.ts'
import type { Queryable, Transaction } from './database.ts'

export type OutboxState = {
  waiting: number
  /** How long the oldest of them has been due, in seconds; 0 where nothing is. */
  oldestSeconds: number
  /** Since when; null where nothing is due. */
  oldestDueAt: string | null
  parked: number
}

/** How much of the outbox waits, since when the oldest is due, and what was given up. */
export async function findOutboxState(handle: Queryable): Promise<OutboxState> {
  // Spelt like the indexes: of what is done, a week's worth, nothing is read.
  const { rows } = await handle.execute<{ waiting: string; oldest: string | null; oldest_at: string | null; parked: string }>(sql`
    select w.waiting, w.oldest_at, extract(epoch from app_now() - w.oldest_at) as oldest,
      (select count(*) from outbox where parked_at is not null and done_at is null) as parked
    from (select count(*) as waiting, min(due_at) filter (where due_at <= app_now()) as oldest_at from outbox where done_at is null and parked_at is null) w`)
  const [row] = rows
  return {
    waiting: Number(row?.waiting ?? 0), oldestSeconds: Number(row?.oldest ?? 0), parked: Number(row?.parked ?? 0),
    oldestDueAt: row?.oldest_at ? new Date(row.oldest_at).toISOString() : null,
  }
}

export type ParkedRow = { id: string; topic: string; ids: Record<string, string>; attempts: number; error: string | null; createdAt: Date; parkedAt: Date }

/** What was given up after its last try, the newest first. `cursor` is the last id of the page before. */
export async function findParkedRows(handle: Queryable, page: { topic?: string | undefined; limit: number; cursor?: string | undefined }): Promise<{ items: ParkedRow[]; nextCursor: string | null }> {
  const { rows } = await handle.execute<{ id: string; topic: string; payload: Record<string, string>; attempts: number; last_error: string | null; created_at: string; parked_at: string }>(sql`
    select id, topic, payload, attempts, last_error, created_at, parked_at from outbox
    where parked_at is not null and done_at is null ${page.topic === undefined ? sql`` : sql`and topic = ${page.topic}`} ${page.cursor === undefined ? sql`` : sql`and id < ${page.cursor}`}
    order by id desc limit ${page.limit + 1}`)
  const items = rows.slice(0, page.limit).map((row) => ({
    id: row.id, topic: row.topic, ids: row.payload, attempts: row.attempts, error: row.last_error, createdAt: new Date(row.created_at), parkedAt: new Date(row.parked_at),
  }))
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** Lets a row that was given up be tried again from its first try, at once. Answers its topic; undefined where it is not parked (any more). */
export async function retryParkedRow(tx: Pick<Ctx, 'enqueue'> & { sql: Transaction; afterCommit(effect: (ctx: Ctx) => void): void }, id: string): Promise<string | undefined> {
  const { rows } = await tx.sql.execute<{ topic: string }>(sql`
    update outbox set parked_at = null, attempts = 0, due_at = app_now(), claimed_until = null
    where id = ${id} and parked_at is not null and done_at is null returning topic`)
  const [row] = rows
  if (row) tx.afterCommit((ctx) => ctx.enqueue('outbox', id))
  return row?.topic
}
