import { and, eq, ne } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { readTranscript } from '../chat/index.ts'
import { findPeople } from '../identity/index.ts'
import { findSidesOfSession } from '../sessions/index.ts'
import type { CaseBody } from './contract.ts'
import { keepEvidence } from './queries.ts'
import type { StaffBy } from './sanction-person.ts'
import { safetyCases, type SafetyCase } from './tables.ts'

/**
 * Staff open a case about somebody by hand; with a session its messages are copied as they are now. One open case a
 * conversation: a repeat answers it. Throws `not_found`, `validation_failed` (the session is of others).
 */
export async function openCase(ctx: Ctx, by: StaffBy, { subjectId, sessionId, reason, note }: CaseBody): Promise<{ case: SafetyCase; isNew: boolean }> {
  return transact(ctx, async (tx) => {
    if (!(await findPeople(tx.sql, [subjectId])).has(subjectId)) throw new AppError('not_found', 'no such person')
    const sides = sessionId === undefined ? undefined : await findSidesOfSession(tx.sql, sessionId)
    if (sessionId !== undefined && !sides) throw new AppError('not_found', 'no such session')
    if (sides && subjectId !== sides.customerId && subjectId !== sides.mitraId) {
      throw new AppError('validation_failed', 'This person is no side of the session.', { errors: [{ path: 'subjectId', code: 'not_a_side', message: 'must be a side of the session' }] })
    }
    const conversationId = sides?.conversationId ?? null
    const [opened] = await tx.sql.insert(safetyCases).values({
      id: tx.ids.next(), kind: 'staff', sessionId: sessionId ?? null, conversationId, subjectId, reason, note: note ?? null, openedBy: by.staffId,
    }).onConflictDoNothing().returning()
    if (!opened) {
      const [known] = await tx.sql.select().from(safetyCases).where(and(eq(safetyCases.conversationId, conversationId!), eq(safetyCases.kind, 'staff'), ne(safetyCases.state, 'closed')))
      if (!known) throw new AppError('conflict', 'The open case of this conversation was just closed.')
      return { case: known, isNew: false }
    }
    const lines = conversationId === null ? [] : await readTranscript(tx.sql, conversationId, tx.settings.get('reportEvidenceMost'))
    await keepEvidence(tx, lines.map((line) => ({ caseId: opened.id, change: 0, ...line })))
    await appendAudit(tx, {
      actorKind: 'staff', actorId: by.staffId, act: 'case.opened', targetType: 'case', targetId: opened.id, reason,
      details: { subjectId, sessionId: sessionId ?? null, messages: lines.length }, requestId: by.requestId, ip: by.ip,
    })
    tx.afterCommit(({ metrics }) => metrics.safetyCases.inc({ kind: 'staff' }))
    return { case: opened, isNew: true }
  })
}
