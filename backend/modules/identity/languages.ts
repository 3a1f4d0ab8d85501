import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Language } from './contract.ts'

/** The language to write to somebody in: Indonesian where it is theirs (`id`, `id-ID`), else English. */
export function languageOf(language: string): Language {
  return language.split('-')[0] === 'id' ? 'id' : 'en'
}

/** The same as a condition. */
export function isIndonesian(language: SQL): SQL {
  return sql`(split_part(${language}, '-', 1) = 'id')`
}
