import { and, eq, ne, or, sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { safetyCases } from './tables.ts'

/** Whether a case about this person is open, or was closed so lately that its evidence is kept. */
export async function isSubjectOfCase(tx: Tx, userId: string): Promise<boolean> {
  const rows = await tx.sql.select({ id: safetyCases.id }).from(safetyCases).where(and(
    eq(safetyCases.subjectId, userId),
    or(ne(safetyCases.state, 'closed'), sql`${safetyCases.closedAt} > app_now() - make_interval(secs => ${tx.settings.get('evidenceSeconds')})`),
  )).limit(1)
  return rows.length > 0
}

/** Whom a case is about that is not closed (id), as a query for another module's statement. */
export const subjectsOfOpenCases: SQL = sql`select ${safetyCases.subjectId} from ${safetyCases} where ${ne(safetyCases.state, sql`'closed'`)}`
