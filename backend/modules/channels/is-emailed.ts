import { sql, type SQL } from '../../platform/drizzle.ts'

/** Whether a notice went to the person by e-mail, or is on its way there: a condition for another module's statement. */
export function isEmailed(userId: SQL, dedupeKey: SQL): SQL {
  return sql`exists (select 1 from letters l where l.user_id = ${userId} and l.dedupe_key = ${dedupeKey} and l.channel = 'email' and l.state in ('queued', 'sent'))`
}
