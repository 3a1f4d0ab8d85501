import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/** Sessions whose escrow is not zero, and by how much. */
export async function findOpenEscrows(handle: Queryable): Promise<Map<string, number>> {
  const { rows } = await handle.execute<{ session_id: string; total: string }>(sql`
    select split_part(account, ':', 2) as session_id, sum(amount_idr) as total from ledger_entries
    where account like 'session_escrow:%' group by account having sum(amount_idr) <> 0`)
  return new Map(rows.map((row) => [row.session_id, Number(row.total)]))
}
