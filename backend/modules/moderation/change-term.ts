import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { writingsOf } from './automaton.ts'
import type { TermView } from './contract.ts'
import { lexiconTerms } from './tables.ts'
import { findTerms } from './terms.ts'

/** Told to every replica after the commit of a change. */
export const LEXICON_CHANNEL = 'lexicon:changed'
/** Terms of staff: what is compiled anew at each change stays small. */
const TERMS_MAX = 1000

export type ChangeTerm = { staffId: string; kind: TermView['kind']; language: TermView['language']; term: string; active: boolean; reason: string; requestId?: string; ip?: string }

/** Adds a term, or switches one on or off; audited. Throws `validation_failed` for one that can't be used. */
export async function changeTerm(tx: Tx, { staffId, kind, language, term, active, reason, requestId, ip }: ChangeTerm): Promise<TermView> {
  assertUsable(term)
  const [{ count } = { count: 0 }] = (await tx.sql.execute<{ count: number }>(sql`select count(*)::int as count from lexicon_terms`)).rows
  if (count >= TERMS_MAX) throw new AppError('conflict', `the lexicon takes ${TERMS_MAX} changes`)
  const values = { language, active, updatedBy: staffId, updatedAt: sql`app_now()` }
  await tx.sql.insert(lexiconTerms).values({ kind, term, ...values }).onConflictDoUpdate({ target: [lexiconTerms.kind, lexiconTerms.term], set: values })
  const changed = (await findTerms(tx.sql)).find((one) => one.kind === kind && one.term === term)!
  await appendAudit(tx, { actorKind: 'staff', actorId: staffId, act: 'lexicon.changed', targetType: 'lexicon', targetId: kind, reason, details: { term, active }, requestId, ip })
  tx.afterCommit((ctx) => ctx.valkey.broadcast(LEXICON_CHANNEL, kind))
  return changed
}

function assertUsable(term: string): void {
  try {
    writingsOf(term)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new AppError('validation_failed', error.message, { errors: [{ path: 'term', code: 'unusable', message: error.message }] })
  }
}
