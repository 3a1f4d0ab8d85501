import { and, eq, isNull, ne, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { auditCase, getCase, type CaseAct } from './decide-case.ts'
import { alertsChanged } from './queries.ts'
import { caseNotes, safetyCases, type CaseNote, type SafetyCase } from './tables.ts'

/** A member of staff who may have a case. */
export type Colleague = { id: string; displayName: string; role: string }
/** Those who may have one now: active, and of a role that acts on safety. */
export type FindColleagues = (handle: Queryable) => Promise<Colleague[]>

export type HandOver = CaseAct & { to: string; from: string | null; reason?: string | undefined }

/**
 * Gives a case to a colleague, or takes it over from one; a crisis is acknowledged with it. `from` is who has it as the
 * caller knows. A repeat changes nothing; once it has gone elsewhere or is closed, `conflict`.
 */
export async function handOverCase(tx: Tx, { to, from, reason, ...act }: HandOver, findColleagues: FindColleagues): Promise<SafetyCase> {
  if (!(await findColleagues(tx.sql)).some(({ id }) => id === to)) {
    throw new AppError('validation_failed', 'This member of staff may not have a case.', { errors: [{ path: 'to', code: 'not_a_colleague', message: 'must be active staff who may act on safety' }] })
  }
  const [given] = await tx.sql.update(safetyCases).set({ state: 'taken', takenAt: sql`app_now()`, takenBy: to, acknowledgeBy: null })
    .where(and(eq(safetyCases.id, act.caseId), ne(safetyCases.state, 'closed'), from === null ? isNull(safetyCases.takenBy) : eq(safetyCases.takenBy, from), sql`${safetyCases.takenBy} is distinct from ${to}`)).returning()
  if (!given) {
    const known = await getCase(tx, act.caseId)
    if (known.state === 'taken' && known.takenBy === to) return known
    throw new AppError('conflict', known.state === 'closed' ? 'the case is closed' : 'somebody else has the case meanwhile')
  }
  await auditCase(tx, act, 'case.handed_over', { kind: given.kind, from, to, escalations: given.escalations }, reason)
  alertsChanged(tx)
  return given
}

/** Puts a case back among those that nobody has; the clock of a crisis begins again. A repeat changes nothing; of a closed one, `conflict`. */
export async function releaseCase(tx: Tx, { reason, ...act }: CaseAct & { reason: string }): Promise<SafetyCase> {
  const before = await getCase(tx, act.caseId)
  const [released] = await tx.sql.update(safetyCases).set({
    state: 'open', takenAt: null, takenBy: null,
    acknowledgeBy: sql`case when ${safetyCases.kind} = 'crisis' then app_now() + make_interval(secs => ${tx.settings.get('crisisAcknowledgeSeconds')}) end`,
  }).where(and(eq(safetyCases.id, act.caseId), eq(safetyCases.state, 'taken'))).returning()
  if (!released) {
    const known = await getCase(tx, act.caseId)
    if (known.state === 'open') return known
    throw new AppError('conflict', 'the case is closed')
  }
  await auditCase(tx, act, 'case.released', { kind: released.kind, from: before.takenBy }, reason)
  alertsChanged(tx)
  return released
}

/** What a member of staff leaves to whoever works on the case next. Throws `not_found`, `conflict` (its notes are erased already). */
export async function noteOnCase(tx: Tx, { text, ...act }: CaseAct & { text: string }): Promise<CaseNote> {
  const { closedAt } = await getCase(tx, act.caseId)
  const { rows: [row] } = await tx.sql.execute<{ is_over: boolean }>(sql`select coalesce(${closedAt?.toISOString() ?? null}::timestamptz < app_now() - make_interval(secs => ${tx.settings.get('evidenceSeconds')}), false) as is_over`)
  if (row!.is_over) throw new AppError('conflict', 'The time of this case is over: nothing more is kept of it.')
  const [note] = await tx.sql.insert(caseNotes).values({ id: tx.ids.next(), caseId: act.caseId, staffId: act.staffId, text }).returning()
  await auditCase(tx, act, 'case.noted', { noteId: note!.id })
  return note!
}
