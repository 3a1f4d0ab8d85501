import { and, eq, ne, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { notify } from '../notifications/index.ts'
import type { Outcome } from './contract.ts'
import { alertsChanged, findCase, findEvidence } from './queries.ts'
import { safetyCases, type SafetyCase } from './tables.ts'

/** Who acts on which case, and in which request. */
export type CaseAct = { caseId: string; staffId: string; requestId: string; ip: string }

/** Somebody takes a case upon themselves; with that an alert is acknowledged. A repeat changes nothing; once another has it, `conflict`. */
export async function takeCase(tx: Tx, act: CaseAct): Promise<SafetyCase> {
  const [taken] = await tx.sql.update(safetyCases).set({ state: 'taken', takenAt: sql`app_now()`, takenBy: act.staffId, acknowledgeBy: null })
    .where(and(eq(safetyCases.id, act.caseId), eq(safetyCases.state, 'open'))).returning()
  if (!taken) {
    const known = await getCase(tx, act.caseId)
    if (known.state === 'taken' && known.takenBy === act.staffId) return known
    throw new AppError('conflict', `the case is ${known.state}`)
  }
  await auditCase(tx, act, 'case.taken', { kind: taken.kind, escalations: taken.escalations })
  alertsChanged(tx)
  return taken
}

/** Ends a case with what came of it; of an alert, that acknowledges it too. A repeat changes nothing; closed with another outcome, `conflict`. */
export async function closeCase(tx: Tx, act: CaseAct & { outcome: Outcome; reason: string }): Promise<SafetyCase> {
  const [closed] = await tx.sql.update(safetyCases).set({ state: 'closed', closedAt: sql`app_now()`, closedBy: act.staffId, outcome: act.outcome, acknowledgeBy: null })
    .where(and(eq(safetyCases.id, act.caseId), ne(safetyCases.state, 'closed'))).returning()
  if (!closed) {
    const known = await getCase(tx, act.caseId)
    if (known.closedBy === act.staffId && known.outcome === act.outcome) return known
    throw new AppError('conflict', 'the case is closed')
  }
  // Whoever reported hears that somebody has looked at it; what became of the other one is not theirs to know.
  if (closed.kind === 'report' && closed.reporterId !== null) {
    await notify(tx, [{ userId: closed.reporterId, template: 'safety.report_closed', dedupeKey: `report-closed:${closed.id}`, data: { caseId: closed.id } }])
  }
  await auditCase(tx, act, 'case.closed', { kind: closed.kind, outcome: act.outcome }, act.reason)
  alertsChanged(tx)
  return closed
}

/** The messages of a case, and what the reporter wrote: for a reason that is written down before they are shown. */
export async function openEvidence(tx: Tx, act: CaseAct & { reason: string }) {
  const { note, kind } = await getCase(tx, act.caseId)
  const items = await findEvidence(tx.sql, act.caseId)
  await auditCase(tx, act, 'case.evidence_opened', { kind, messages: items.length }, act.reason)
  return { note, items: items.map(({ seq, change, senderId, body, sentAt }) => ({ seq, change, senderId, body, sentAt: sentAt.toISOString() })) }
}

export async function getCase(tx: Tx, id: string): Promise<SafetyCase> {
  const found = await findCase(tx.sql, id)
  if (!found) throw new AppError('not_found', 'no such case')
  return found
}

export async function auditCase(tx: Tx, { caseId, staffId, requestId, ip }: CaseAct, act: string, details: Record<string, unknown>, reason?: string): Promise<void> {
  await appendAudit(tx, { actorKind: 'staff', actorId: staffId, act, targetType: 'case', targetId: caseId, reason, details, requestId, ip })
}
