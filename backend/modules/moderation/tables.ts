import { boolean, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { FlagKind, Language } from './types.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const lexiconTerms = pgTable('lexicon_terms', {
  kind: text('kind').$type<FlagKind | 'except'>().notNull(),
  term: text('term').notNull(),
  language: text('language').$type<Language>().notNull(),
  active: boolean('active').notNull(),
  updatedBy: uuid('updated_by').notNull(),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
}, (table) => [primaryKey({ columns: [table.kind, table.term] })])
