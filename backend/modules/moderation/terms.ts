import type { Queryable } from '../../platform/database.ts'
import type { TermView } from './contract.ts'
import { SHIPPED } from './lexicon-data.ts'
import { lexiconTerms } from './tables.ts'
import { KINDS, LANGUAGES } from './types.ts'

/** Every term, shipped or of staff, switched on or off. */
export async function findTerms(handle: Queryable): Promise<TermView[]> {
  const rows = await handle.select().from(lexiconTerms)
  const terms = new Map(shippedTerms().map((term) => [`${term.kind} ${term.term}`, term]))
  for (const { kind, term, language, active, updatedAt, updatedBy } of rows) {
    const key = `${kind} ${term}`
    terms.set(key, { kind, language, term, active, shipped: terms.has(key), updatedAt: updatedAt.toISOString(), updatedBy })
  }
  return [...terms.values()]
}

/** The lexicon as it came with this version of the service. */
export function shippedTerms(): TermView[] {
  const shipped = { active: true, shipped: true, updatedAt: null, updatedBy: null } as const
  return [
    ...KINDS.flatMap((kind) => LANGUAGES.flatMap((language) => SHIPPED[kind][language].map((term) => ({ kind, language, term, ...shipped })))),
    ...SHIPPED.except.map((term) => ({ kind: 'except' as const, language: 'id' as const, term, ...shipped })),
  ]
}
