import { and, desc, eq, lt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { writingsOf } from './automaton.ts'
import type { TermHistory, TermHistoryQuery, TermView } from './contract.ts'
import { lexiconHistory, lexiconTerms } from './tables.ts'
import { findTerms } from './terms.ts'

/** Told to every replica after the commit of a change. */
export const LEXICON_CHANNEL = 'lexicon:changed'
/** Terms of staff: what is compiled anew at each change stays small. */
const TERMS_MAX = 1000

export type TermAct = { staffId: string; reason: string; requestId?: string; ip?: string }
export type NewTerm = Pick<TermView, 'kind' | 'language' | 'term' | 'active'>

/** Adds a term, or switches one on or off; kept in the history and audited. Throws `validation_failed` for one that can't be used. */
export async function changeTerm(tx: Tx, { kind, language, term, active, ...act }: TermAct & NewTerm): Promise<TermView> {
  const message = whyUnusable(term)
  if (message !== undefined) throw new AppError('validation_failed', message, { errors: [{ path: 'term', code: 'unusable', message }] })
  await storeTerms(tx, act, [{ kind, language, term, active }])
  await appendAudit(tx, {
    actorKind: 'staff', actorId: act.staffId, act: 'lexicon.changed', targetType: 'lexicon', targetId: kind, reason: act.reason, details: { term, active }, requestId: act.requestId, ip: act.ip,
  })
  return (await findTerms(tx.sql)).find((one) => one.kind === kind && one.term === term)!
}

/** Stores terms with their history; after the commit they are in force everywhere. Throws `conflict` for more than the lexicon takes. */
export async function storeTerms(tx: Tx, { staffId, reason }: TermAct, terms: readonly NewTerm[]): Promise<void> {
  await tx.sql.insert(lexiconTerms).values(terms.map((one) => ({ ...one, updatedBy: staffId }))).onConflictDoUpdate({
    target: [lexiconTerms.kind, lexiconTerms.term], set: { language: sql`excluded.language`, active: sql`excluded.active`, updatedBy: staffId, updatedAt: sql`app_now()` },
  })
  const [{ count } = { count: 0 }] = (await tx.sql.execute<{ count: number }>(sql`select count(*)::int as count from lexicon_terms`)).rows
  if (count > TERMS_MAX) throw new AppError('conflict', `the lexicon takes ${TERMS_MAX} changes`)
  await tx.sql.insert(lexiconHistory).values(terms.map((one) => ({ ...one, id: tx.ids.next(), reason, changedBy: staffId })))
  tx.afterCommit((ctx) => ctx.valkey.broadcast(LEXICON_CHANNEL, terms[0]?.kind ?? ''))
}

/** Why a term can't be used; undefined for one that can. */
export function whyUnusable(term: string): string | undefined {
  try {
    writingsOf(term)
    return undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return error.message
  }
}

/** Changes of the lexicon, the newest first; of one term where it is named. */
export async function listTermHistory(handle: Queryable, { kind, term, limit, cursor }: TermHistoryQuery): Promise<Omit<TermHistory, 'names'>> {
  const rows = await handle.select().from(lexiconHistory).where(and(
    kind && eq(lexiconHistory.kind, kind), term === undefined ? undefined : eq(lexiconHistory.term, term), cursor === undefined ? undefined : lt(lexiconHistory.id, cursor),
  )).orderBy(desc(lexiconHistory.id)).limit(limit + 1)
  const items = rows.slice(0, limit)
  return { items: items.map((row) => ({ ...row, changedAt: row.changedAt.toISOString() })), nextCursor: rows.length > limit ? items.at(-1)!.id : null }
}
