import { and, asc, desc, eq, isNotNull, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { listAudit } from '../audit/index.ts'
import type { CaseHistory } from './contract.ts'
import type { Colleague } from './hand-over-case.ts'
import { findCase } from './queries.ts'
import { appeals, caseNotes, safetyCases, sanctions } from './tables.ts'

const MOST = 200
type Event = CaseHistory['items'][number]
const plain = { reason: null, text: null, details: {} } as const

/**
 * Everything that happened to a case, in the order of time: how it was opened, what staff did and noted, which sanctions
 * came of it and what became of them. Of the acts and of the notes the newest 200 each. Throws `not_found`.
 */
export async function showCaseHistory(ctx: Ctx, caseId: string): Promise<Event[]> {
  const found = await findCase(ctx.sql, caseId)
  if (!found) throw new AppError('not_found', 'no such case')
  const [acts, notes, given] = await Promise.all([
    listAudit(ctx.sql, { targetType: 'case', targetId: caseId, limit: MOST }),
    ctx.sql.select().from(caseNotes).where(eq(caseNotes.caseId, caseId)).orderBy(desc(caseNotes.id)).limit(MOST),
    ctx.sql.select({ sanction: sanctions, appeal: appeals }).from(sanctions).leftJoin(appeals, eq(appeals.sanctionId, sanctions.id))
      .where(eq(sanctions.caseId, caseId)).orderBy(asc(sanctions.id), asc(appeals.id)).limit(MOST),
  ])
  const events: (Omit<Event, 'at'> & { at: Date })[] = [
    ...acts.filter(({ act }) => act !== 'case.noted').map(({ at, act, actorId, reason, details }) => ({ ...plain, at, act, actorId, reason, details })),
    ...notes.map(({ createdAt: at, staffId: actorId, text }) => ({ ...plain, at, act: 'case.note', actorId, text })),
    ...given.flatMap(({ sanction, appeal }, index) => [
      ...(given[index - 1]?.sanction.id === sanction.id ? [] : eventsOfSanction(sanction)), ...(appeal ? eventsOfAppeal(appeal) : []),
    ]),
  ]
  if (!acts.some(({ act }) => act === 'case.opened')) {
    events.push({ ...plain, at: found.openedAt, act: 'case.opened', actorId: found.openedBy ?? found.reporterId, reason: found.reason, details: { kind: found.kind } })
  }
  return events.toSorted((a, b) => a.at.getTime() - b.at.getTime()).map((event) => ({ ...event, at: event.at.toISOString() }))
}

function eventsOfSanction({ id, kind, createdAt, createdBy, reason, until, liftedAt, liftedBy, liftReason }: typeof sanctions.$inferSelect) {
  const details = { sanctionId: id, kind, until: until?.toISOString() ?? null }
  return [
    { ...plain, at: createdAt, act: `sanction.${kind}`, actorId: createdBy, reason, details },
    ...(liftedAt ? [{ ...plain, at: liftedAt, act: 'sanction.lifted', actorId: liftedBy, reason: liftReason, details }] : []),
  ]
}

function eventsOfAppeal({ id, state, text, createdAt, decidedAt, decidedBy, reason }: typeof appeals.$inferSelect) {
  return [
    { ...plain, at: createdAt, act: 'appeal.made', actorId: null, text, details: { appealId: id } },
    ...(decidedAt ? [{ ...plain, at: decidedAt, act: `appeal.${state}`, actorId: decidedBy, reason, details: { appealId: id } }] : []),
  ]
}

/** Colleagues with how many cases they have now, whoever has least first. */
export async function countTaken(handle: Queryable, colleagues: readonly Colleague[]): Promise<(Colleague & { taken: number })[]> {
  const rows = await handle.select({ id: safetyCases.takenBy, taken: sql<number>`count(*)::int` }).from(safetyCases)
    .where(and(eq(safetyCases.state, 'taken'), isNotNull(safetyCases.takenBy))).groupBy(safetyCases.takenBy)
  const taken = new Map(rows.map((row) => [row.id, row.taken]))
  return colleagues.map((one) => ({ ...one, taken: taken.get(one.id) ?? 0 })).toSorted((a, b) => a.taken - b.taken || a.displayName.localeCompare(b.displayName))
}
