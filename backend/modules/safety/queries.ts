import { and, asc, desc, eq, gt, gte, isNotNull, lt, ne, or, sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Settings } from '../../platform/settings.ts'
import type { Queryable } from '../../platform/database.ts'
import type { CasesQuery, CaseView } from './contract.ts'
import { caseEvidence, safetyCases, type SafetyCase } from './tables.ts'

export const ALERTS_CHANNEL = 'safety:alerts'

/** Cases by their id, which grows with time; the newest first unless asked otherwise. */
export async function listCases(handle: Queryable, settings: Settings, query: CasesQuery): Promise<{ items: CaseView[]; nextCursor: string | null }> {
  const { state, kind, takenBy, personId, late, limit, cursor } = query
  const isOldestFirst = query.order === 'oldest'
  const after = isOldestFirst ? gt : lt
  const rows = await handle.select().from(safetyCases).where(and(
    state && (state === 'unclosed' ? ne(safetyCases.state, 'closed') : eq(safetyCases.state, state)), kind && eq(safetyCases.kind, kind),
    takenBy === undefined ? undefined : eq(safetyCases.takenBy, takenBy),
    personId === undefined ? undefined : or(eq(safetyCases.subjectId, personId), eq(safetyCases.reporterId, personId)),
    late && isLate(settings), ...openedWithin(query), cursor === undefined ? undefined : after(safetyCases.id, cursor),
  )).orderBy(isOldestFirst ? asc(safetyCases.id) : desc(safetyCases.id)).limit(limit + 1)
  const shown = rows.slice(0, limit)
  return { items: shown.map((row) => caseViewOf(row, settings)), nextCursor: rows.length > limit ? shown.at(-1)!.id : null }
}

function isLate(settings: Settings): SQL | undefined {
  const since = (seconds: number) => sql`app_now() - make_interval(secs => ${seconds})`
  return and(ne(safetyCases.state, 'closed'), or(
    sql`${safetyCases.acknowledgeBy} <= app_now()`, and(isNotNull(safetyCases.acknowledgeBy), gt(safetyCases.escalations, 0)),
    and(eq(safetyCases.state, 'open'), ne(safetyCases.kind, 'crisis'), sql`${safetyCases.openedAt} <= ${since(settings.get('caseTakeSeconds'))}`),
    and(eq(safetyCases.state, 'taken'), sql`${safetyCases.takenAt} <= ${since(settings.get('caseCloseSeconds'))}`),
  ))
}

/** An id begins with the time at which it was made, which is that of the opening within this. */
const APART_MS = 600_000

// The ids bound the walk over the index; the times decide.
function openedWithin({ openedBefore, openedAfter }: CasesQuery): (SQL | undefined)[] {
  return [
    openedBefore === undefined ? undefined : and(lt(safetyCases.openedAt, new Date(openedBefore)), lt(safetyCases.id, firstIdAt(Date.parse(openedBefore) + APART_MS))),
    openedAfter === undefined ? undefined : and(gte(safetyCases.openedAt, new Date(openedAfter)), gte(safetyCases.id, firstIdAt(Date.parse(openedAfter) - APART_MS))),
  ]
}

function firstIdAt(ms: number): string {
  const hex = Math.min(Math.max(Math.trunc(ms), 0), 2 ** 48 - 1).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

export async function findCase(handle: Queryable, id: string): Promise<SafetyCase | undefined> {
  const [row] = await handle.select().from(safetyCases).where(eq(safetyCases.id, id))
  return row
}

/** What nobody has taken yet, the oldest first. */
export async function findAlerts(handle: Queryable, settings: Settings): Promise<CaseView[]> {
  const rows = await handle.select().from(safetyCases).where(isNotNull(safetyCases.acknowledgeBy)).orderBy(safetyCases.openedAt, safetyCases.id).limit(100)
  return rows.map((row) => caseViewOf(row, settings))
}

/** How many alerts nobody has taken. */
export async function countAlerts(handle: Queryable): Promise<number> {
  const { rows } = await handle.execute<{ alerts: number }>(sql`select count(*)::int as alerts from safety_cases where acknowledge_by is not null`)
  return rows[0]!.alerts
}

export type Evidence = { caseId: string; seq: number; change: number; senderId: string | null; body: string | null; sentAt: Date }

/** Keeps messages with their case; what is kept already stays as it was. */
export async function keepEvidence(tx: Tx, evidence: readonly Evidence[]): Promise<void> {
  if (evidence.length === 0) return
  const rows = JSON.stringify(evidence.map((one) => ({ case_id: one.caseId, seq: one.seq, change: one.change, sender_id: one.senderId, body: one.body, sent_at: one.sentAt.toISOString() })))
  await tx.sql.execute(sql`
    insert into case_evidence (case_id, seq, change, sender_id, body, sent_at)
    select r.case_id, r.seq, r.change, r.sender_id, r.body, r.sent_at
    from jsonb_to_recordset(${rows}::jsonb) as r(case_id uuid, seq bigint, change bigint, sender_id uuid, body text, sent_at timestamptz)
    on conflict do nothing`)
}

export async function findEvidence(handle: Queryable, caseId: string): Promise<(typeof caseEvidence.$inferSelect)[]> {
  return handle.select().from(caseEvidence).where(eq(caseEvidence.caseId, caseId)).orderBy(caseEvidence.seq, caseEvidence.change)
}

/** By when somebody should have taken it, or closed what was taken. */
function dueAt({ state, acknowledgeBy, openedAt, takenAt }: SafetyCase, settings: Settings): Date | null {
  if (state === 'closed') return null
  if (state === 'taken') return new Date((takenAt ?? openedAt).getTime() + settings.get('caseCloseSeconds') * 1000)
  return acknowledgeBy ?? new Date(openedAt.getTime() + settings.get('caseTakeSeconds') * 1000)
}

export function caseViewOf(row: SafetyCase, settings: Settings): CaseView {
  const { id, kind, state, sessionId, conversationId, openedBy, reporterId, subjectId, reason, escalations, takenBy, closedBy, outcome } = row
  return {
    id, kind, state, sessionId, conversationId, openedBy, reporterId, subjectId, reason, escalations, takenBy, closedBy, outcome,
    openedAt: row.openedAt.toISOString(), lastAt: row.lastAt.toISOString(), acknowledgeBy: row.acknowledgeBy?.toISOString() ?? null,
    takenAt: row.takenAt?.toISOString() ?? null, closedAt: row.closedAt?.toISOString() ?? null, dueAt: dueAt(row, settings)?.toISOString() ?? null,
  }
}

/** Tells every replica that the alerts have changed; whoever waits for them looks. */
export function alertsChanged(tx: Tx): void {
  tx.afterCommit((ctx) => {
    for (const listener of here.get(ctx.valkey) ?? []) listener()
    ctx.valkey.broadcast(ALERTS_CHANNEL, '')
  })
}

const here = new WeakMap<object, Set<() => void>>()

/** Calls back for every change that is told, here or elsewhere. Answers how to stop hearing of those made here. */
export function listenForAlerts(world: Pick<Tx, 'valkey'>, listener: () => void): () => void {
  const listeners = here.get(world.valkey) ?? new Set()
  here.set(world.valkey, listeners.add(listener))
  world.valkey.subscribe(ALERTS_CHANNEL, listener)
  return () => void listeners.delete(listener)
}

/** Another one whenever a case is opened: for another module’s statement. */
export const casesMark = sql`(select id from safety_cases order by id desc limit 1)`

/** Another one whenever an alert comes, is taken or is escalated. */
export const alertsMark = sql`(select concat(count(*), ' ', max(acknowledge_by), ' ', sum(escalations)) from safety_cases where acknowledge_by is not null)`

/** Another one whenever somebody appeals. */
export const appealsMark = sql`(select id from appeals order by id desc limit 1)`
