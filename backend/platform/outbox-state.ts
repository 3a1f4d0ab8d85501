import { sql } from './drizzle.ts'
import type { Queryable } from './database.ts'

/** How much of the outbox waits, since when the oldest is due, and what was given up. */
export async function findOutboxState(handle: Queryable): Promise<{ waiting: number; oldestSeconds: number; parked: number }> {
  const { rows } = await handle.execute<{ waiting: string; oldest: string | null; parked: string }>(sql`
    select count(*) filter (where parked_at is null) as waiting, count(*) filter (where parked_at is not null) as parked,
      extract(epoch from app_now() - min(due_at) filter (where parked_at is null and due_at <= app_now())) as oldest
    from outbox where done_at is null`)
  const [row] = rows
  return { waiting: Number(row?.waiting ?? 0), oldestSeconds: Number(row?.oldest ?? 0), parked: Number(row?.parked ?? 0) }
}
