import { sql, type SQL } from './drizzle.ts'
import type { Ctx } from './ctx.ts'
import { transact } from './database.ts'
import { writeOutbox } from './outbox.ts'

/** `needs_staff` of what nobody sends any more. */
export const STUCK = 'stuck'
/** A row whose entry is gone is left alone for this long: nothing that is under way takes so long. */
const PATIENCE_SECONDS = 900
const RESENDS_MAX = 3

/**
 * Rows that wait for the reaction to a topic. The table has `approved_at`, `needs_staff`, `resends`, `resent_at` and
 * `version`; `key` is the field of the entry's payload that names a row; `waits`: which rows wait.
 */
export type Waiting = { table: SQL; topic: string; key: string; waits: SQL }

/**
 * Writes again the outbox entry of rows that wait and have none (parked, or lost), a few times; after that they are for
 * staff, as `stuck`. The row, and so the id under which the provider knows it, stays the same: nothing is made twice.
 * Answers how many; fewer than `limit`: that was all.
 */
export async function resendLost(ctx: Ctx, { table, topic, key, waits }: Waiting, limit: number): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ id: string; is_stuck: boolean }>(sql`
      update ${table} set resends = least(resends + 1, ${RESENDS_MAX}), resent_at = app_now(), version = version + 1,
        needs_staff = case when resends >= ${RESENDS_MAX} then ${STUCK} else needs_staff end
      where id = any(array(
        select w.id from ${table} w
        where ${waits} and needs_staff is distinct from ${STUCK} and coalesce(resent_at, approved_at) <= app_now() - make_interval(secs => ${PATIENCE_SECONDS})
          and not exists (
            select 1 from outbox o where o.topic = ${topic} and o.done_at is null and o.parked_at is null and o.payload ->> ${key} = w.id::text)
        order by w.id limit ${limit} for update of w skip locked))
      returning id, needs_staff is not distinct from ${STUCK} as is_stuck`)
    const again = rows.filter((row) => !row.is_stuck)
    await writeOutbox(tx, again.map((row) => ({ topic, payload: { [key]: row.id } })))
    for (const row of rows) ctx.log.warn({ event: row.is_stuck ? 'stuck' : 'sent_again', topic, id: row.id }, 'what was to be sent had been lost')
    return rows.length
  })
}
