import { and, desc, eq, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import type { CaseKind, CaseState, CaseView } from './contract.ts'
import { caseEvidence, safetyCases, type SafetyCase } from './tables.ts'

export const ALERTS_CHANNEL = 'safety:alerts'

export type CaseFilter = { state?: CaseState | undefined; kind?: CaseKind | undefined; limit: number; cursor?: string | undefined }

/** Newest first. */
export async function listCases(handle: Queryable, { state, kind, limit, cursor }: CaseFilter): Promise<{ items: CaseView[]; nextCursor: string | null }> {
  const rows = await handle.select().from(safetyCases).where(and(
    state && eq(safetyCases.state, state), kind && eq(safetyCases.kind, kind), cursor === undefined ? undefined : lt(safetyCases.id, cursor),
  )).orderBy(desc(safetyCases.id)).limit(limit + 1)
  const shown = rows.slice(0, limit)
  return { items: shown.map(caseViewOf), nextCursor: rows.length > limit ? shown.at(-1)!.id : null }
}

export async function findCase(handle: Queryable, id: string): Promise<SafetyCase | undefined> {
  const [row] = await handle.select().from(safetyCases).where(eq(safetyCases.id, id))
  return row
}

/** What nobody has taken yet, the oldest first. */
export async function findAlerts(handle: Queryable): Promise<CaseView[]> {
  const rows = await handle.select().from(safetyCases).where(isNotNull(safetyCases.acknowledgeBy)).orderBy(safetyCases.openedAt, safetyCases.id).limit(100)
  return rows.map(caseViewOf)
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

export function caseViewOf(row: SafetyCase): CaseView {
  const { id, kind, state, sessionId, conversationId, openedBy, reporterId, subjectId, reason, escalations, takenBy, outcome } = row
  return {
    id, kind, state, sessionId, conversationId, openedBy, reporterId, subjectId, reason, escalations, takenBy, outcome,
    openedAt: row.openedAt.toISOString(), lastAt: row.lastAt.toISOString(), acknowledgeBy: row.acknowledgeBy?.toISOString() ?? null,
    takenAt: row.takenAt?.toISOString() ?? null, closedAt: row.closedAt?.toISOString() ?? null,
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
