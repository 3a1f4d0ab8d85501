import { asc, eq, inArray } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Settings } from '../../platform/settings.ts'
import type { CaseView, SanctionView } from './contract.ts'
import { caseViewOf } from './queries.ts'
import { safetyCases, sanctions } from './tables.ts'

export type SafetyOfSession = { cases: CaseView[]; sanctions: Pick<SanctionView, 'id' | 'kind' | 'userId' | 'caseId' | 'reason' | 'until' | 'createdAt' | 'createdBy' | 'liftedAt'>[] }

/** Cases about a session, and the sanctions that came of them; the oldest first. */
export async function findSafetyOfSession(handle: Queryable, settings: Settings, sessionId: string): Promise<SafetyOfSession> {
  const cases = await handle.select().from(safetyCases).where(eq(safetyCases.sessionId, sessionId)).orderBy(asc(safetyCases.openedAt))
  const given = cases.length === 0 ? [] : await handle.select().from(sanctions).where(inArray(sanctions.caseId, cases.map((one) => one.id))).orderBy(asc(sanctions.createdAt))
  return {
    cases: cases.map((one) => caseViewOf(one, settings)),
    sanctions: given.map(({ id, kind, userId, caseId, reason, until, createdAt, createdBy, liftedAt }) => ({
      id, kind, userId, caseId, reason, createdBy, until: until?.toISOString() ?? null, createdAt: createdAt.toISOString(), liftedAt: liftedAt?.toISOString() ?? null,
    })),
  }
}
