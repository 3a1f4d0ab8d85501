import type { Tx } from '../../platform/ctx.ts'
import { appendAudit } from '../audit/index.ts'
import { storeTerms, whyUnusable, type TermAct } from './change-term.ts'
import { termText, type ImportBody, type ImportReply } from './contract.ts'
import { findTerms } from './terms.ts'

/** Adds many terms at once, each line looked at by itself; all of the new ones are stored, or with one that is refused none. */
export async function importTerms(tx: Tx, { kind, language, lines, dryRun, ...act }: TermAct & ImportBody): Promise<ImportReply> {
  const known = new Set((await findTerms(tx.sql)).filter((one) => one.kind === kind && one.active).map(({ term }) => term))
  const items: ImportReply['items'] = []
  for (const [index, raw] of lines.entries()) {
    if (raw.trim() === '') continue
    const item = { line: index + 1, term: raw.trim().toLowerCase(), message: null }
    const read = termText.safeParse(raw)
    const message = read.success ? whyUnusable(read.data) : (read.error.issues[0]?.message ?? 'is no term')
    if (message !== undefined) items.push({ ...item, verdict: 'refused', message })
    else items.push({ ...item, verdict: known.has(item.term) ? 'known' : 'new' })
    known.add(item.term)
  }
  const fresh = items.filter(({ verdict }) => verdict === 'new')
  if (dryRun || fresh.length === 0 || items.some(({ verdict }) => verdict === 'refused')) return { items, stored: 0 }
  await storeTerms(tx, act, fresh.map(({ term }) => ({ kind, language, term, active: true })))
  await appendAudit(tx, {
    actorKind: 'staff', actorId: act.staffId, act: 'lexicon.imported', targetType: 'lexicon', targetId: kind, reason: act.reason,
    details: { terms: fresh.length, language }, requestId: act.requestId, ip: act.ip,
  })
  return { items, stored: fresh.length }
}
