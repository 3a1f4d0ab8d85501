import { DIGEST, PRIORITIES, type NewLetter, type Reach } from '../channels/index.ts'
import { languageOf, type Language } from '../identity/index.ts'
import { compileText } from './compile-text.ts'
import { formatTime } from './format-values.ts'
import { definitionOf, NOTICES, type TemplateKey } from './notices.ts'

/** What stands unread, the newest first: all of it is `total`. */
export type Unread = { total: number; items: readonly { title: string; template: string | null; createdAtMs: number }[] }

/** By the evening it is no news any more. */
const LIVES_SECONDS = 43_200

const WORDS: Readonly<Record<Language, { subject: string; intro: string; more: string; only: string; outro: string }>> = {
  id: {
    subject: '{count, plural, other {# kabar belum kamu baca}}',
    intro: 'Yang masuk ke kotak masukmu sejak ringkasan terakhir dan belum kamu baca:',
    more: '{count, plural, other {dan # lagi.}}',
    only: '{count, plural, other {Ada # kabar di kotak masukmu yang belum kamu baca.}}',
    outro: 'Buka aplikasi halobestie untuk membacanya.',
  },
  en: {
    subject: '{count, plural, one {# notice you haven’t read} other {# notices you haven’t read}}',
    intro: 'What came to your inbox since the last summary, and you haven’t read:',
    more: '{count, plural, one {and # more.} other {and # more.}}',
    only: '{count, plural, one {There is # notice in your inbox that you haven’t read.} other {There are # notices in your inbox that you haven’t read.}}',
    outro: 'Open the halobestie app to read them.',
  },
}

/** The letter of one day. What is sensitive, or of a version that we don't know, is counted and not shown: mailboxes are read by others. */
export function digestLetter(userId: string, day: string, { total, items }: Unread, { language: theirs, timeZone }: Pick<Reach, 'language' | 'timeZone'>): NewLetter {
  const language = languageOf(theirs)
  const words = WORDS[language]
  const lines = items.filter(({ title, template }) => title.trim() !== '' && mayShow(template))
    .map(({ title, createdAtMs }) => `• ${title.trim().replaceAll(/\s+/g, ' ')} (${formatTime(createdAtMs, language, timeZone)})`)
  const left = total - lines.length
  const paragraphs = lines.length === 0
    ? [count(words.only, language, total)]
    : [words.intro, lines.join('\n'), ...(left > 0 ? [count(words.more, language, left)] : [])]
  return {
    userId, channel: 'email', kind: DIGEST, template: DIGEST, dedupeKey: `${DIGEST}:${day}`, priority: PRIORITIES.indexOf('low'), ttlSeconds: LIVES_SECONDS,
    subject: count(words.subject, language, total), text: [...paragraphs, words.outro].join('\n\n'),
  }
}

function mayShow(template: string | null): boolean {
  if (template === null || !isKey(template)) return false
  const { kind, sensitive } = definitionOf(template)
  return kind !== 'safety' && sensitive !== true
}

function isKey(template: string): template is TemplateKey {
  return Object.hasOwn(NOTICES, template)
}

function count(text: string, language: Language, value: number): string {
  const compiled = compileText(text, language)
  if ('fault' in compiled) throw new Error(`the words of the digest: ${compiled.fault.reason}`)
  return String(compiled.message.format({ count: value }))
}
