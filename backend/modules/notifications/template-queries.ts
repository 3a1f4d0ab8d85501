import { and, asc, desc, eq, lt, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { LANGUAGES, type Language } from '../identity/index.ts'
import { channelsOf, knownKey, standardText, usableParts } from './check-template.ts'
import { exampleValues } from './example-values.ts'
import { definitionOf, TEMPLATE_KEYS, type TemplateKey } from './notices.ts'
import { renderNotice } from './render-notice.ts'
import { noticeFaults, noticeTemplates, type NoticeTemplate } from './tables.ts'
import type { TemplateHistory, TemplateList, TemplateView } from './template-contract.ts'
import { PARTS, writtenParts, type Part } from './template-parts.ts'

type Row = NoticeTemplate | undefined
const isCurrent = eq(noticeTemplates.isCurrent, true)

/** Every notice that people can be told, with what staff have written for it. Two statements, whatever there is. */
export async function listTemplates(handle: Queryable): Promise<TemplateList['items']> {
  const rows = await handle.select().from(noticeTemplates).where(isCurrent)
  const faults = await handle.select({ key: noticeFaults.key, count: sql<string>`sum(${noticeFaults.count})` }).from(noticeFaults).groupBy(noticeFaults.key)
  const countOf = new Map(faults.map(({ key, count }) => [key, Number(count)]))
  return TEMPLATE_KEYS.map((key) => {
    const of = (language: Language) => rows.find((row) => row.key === key && row.language === language)
    return {
      ...summaryOf(key, of), faults: countOf.get(key) ?? 0, languages: LANGUAGES.map((language) => stateOf(language, of(language))),
    }
  })
}

/** One notice: its texts in both languages, its variables with examples, what was missing. Throws `not_found` for a key that is none. */
export async function getTemplate(handle: Queryable, name: string): Promise<Omit<TemplateView, 'names'>> {
  const key = knownKey(name)
  const rows = await handle.select().from(noticeTemplates).where(and(eq(noticeTemplates.key, key), isCurrent))
  const missing = await handle.select().from(noticeFaults).where(eq(noticeFaults.key, key)).orderBy(desc(noticeFaults.lastAt), asc(noticeFaults.part), asc(noticeFaults.reason), asc(noticeFaults.variable)).limit(FAULTS_SHOWN)
  const of = (language: Language) => rows.find((row) => row.language === language)
  return {
    ...summaryOf(key, of), usable: usableParts(key), faults: missing.reduce((sum, { count }) => sum + count, 0),
    variables: Object.entries(exampleValues(key)).map(([variable, example]) => ({ name: variable, type: definitionOf(key).variables[variable]!, example })),
    languages: LANGUAGES.map((language) => {
      const row = of(language)
      return { ...stateOf(language, row), reason: row?.reason ?? null, written: every((part) => row?.[part]), standard: every((part) => standardText(key, language, part)) }
    }),
    missing: missing.map(({ key: _own, firstAt, lastAt, part, ...one }) => ({ ...one, part: part as Part, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() })), // only parts are ever written
  }
}

/** The versions of one language, newest first, each with the parts in which it differs from the one before. */
export async function listTemplateHistory(handle: Queryable, name: string, { language, limit, cursor }: { language: Language; limit: number; cursor?: number | undefined }): Promise<Omit<TemplateHistory, 'names'>> {
  const rows = await handle.select().from(noticeTemplates)
    .where(and(eq(noticeTemplates.key, knownKey(name)), eq(noticeTemplates.language, language), cursor === undefined ? undefined : lt(noticeTemplates.version, cursor)))
    .orderBy(desc(noticeTemplates.version)).limit(limit + 1)
  const items = rows.slice(0, limit).map((row, index) => ({
    version: row.version, isCurrent: row.isCurrent, parts: every((part) => row[part]), changed: PARTS.filter((part) => row[part] !== (rows[index + 1]?.[part] ?? null)),
    reason: row.reason, changedAt: row.createdAt.toISOString(), changedBy: row.changedBy,
  }))
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.version : null }
}

const FAULTS_SHOWN = 50

function summaryOf(key: TemplateKey, of: (language: Language) => Row) {
  const { kind, sensitive } = definitionOf(key)
  return { key, kind, channels: channelsOf(key), isSensitive: sensitive === true, titles: { id: titleOf(key, 'id', of('id')), en: titleOf(key, 'en', of('en')) } }
}

function stateOf(language: Language, row: Row) {
  return {
    language, version: row?.version ?? 0, isWritten: row !== undefined && Object.keys(writtenParts(row)).length > 0,
    changedAt: row?.createdAt.toISOString() ?? null, changedBy: row?.changedBy ?? null,
  }
}

function titleOf(key: TemplateKey, language: Language, row: Row): string {
  return renderNotice(key, language, exampleValues(key), { override: writtenParts(row ?? {}) }).title
}

function every(of: (part: Part) => string | null | undefined): Record<Part, string | null> {
  return Object.fromEntries(PARTS.map((part) => [part, of(part) ?? null])) as Record<Part, string | null> // the keys are all parts
}
