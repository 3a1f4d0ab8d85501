import { and, eq } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { readTranscript } from '../chat/index.ts'
import { accessSession } from '../sessions/index.ts'
import { keepEvidence } from './queries.ts'
import { safetyCases, type SafetyCase } from './tables.ts'

export type Report = { sessionId: string; reason: string; text?: string | undefined }

/**
 * Opens a case about the other side of a session, with the messages copied as they are now; one a session and person, a
 * repeat answers the first. Throws `not_found` (not theirs), `session_state_conflict` (nobody has talked yet).
 */
export async function reportSession(ctx: Ctx, actor: UserActor, { sessionId, reason, text }: Report): Promise<SafetyCase> {
  return transact(ctx, async (tx) => {
    const { session } = await accessSession(tx.sql, actor, sessionId)
    const { customerId, mitraId, conversationId } = session
    if (mitraId === null || conversationId === null) throw new AppError('session_state_conflict', 'Nobody has served this session.')
    const [opened] = await tx.sql.insert(safetyCases).values({
      id: tx.ids.next(), kind: 'report', sessionId, conversationId, reporterId: actor.id, subjectId: actor.kind === 'customer' ? mitraId : customerId, reason, note: text ?? null,
    }).onConflictDoNothing().returning()
    if (opened === undefined) {
      const [first] = await tx.sql.select().from(safetyCases).where(and(eq(safetyCases.sessionId, sessionId), eq(safetyCases.reporterId, actor.id), eq(safetyCases.kind, 'report')))
      return first!
    }
    const lines = await readTranscript(tx.sql, conversationId, tx.settings.get('reportEvidenceMost'))
    await keepEvidence(tx, lines.map((line) => ({ caseId: opened.id, change: 0, ...line })))
    tx.afterCommit(({ metrics }) => metrics.safetyCases.inc({ kind: 'report' }))
    return opened
  })
}
