import type { Ctx } from '../../platform/ctx.ts'
import { DIGEST, PRIORITIES, type NewLetter, type Reach } from '../channels/index.ts'
import { languageOf } from '../identity/index.ts'
import { formatTime } from './format-values.ts'
import { definitionOf, NOTICES, type TemplateKey } from './notices.ts'
import { renderInForce } from './render-in-force.ts'
import { subjectOf, type NoticeFault } from './render-notice.ts'

/** What stands unread, the newest first: all of it is `total`. */
export type Unread = { total: number; items: readonly { title: string; template: string | null; createdAtMs: number }[] }

/** Stands for the titles, which are longer than a value may be, until the words are there: one character, so that nothing cuts it in half. */
const LIST = '\ue000'

/**
 * The letter of one day, and what of its words could not be shown. What is sensitive, or of a version that we don't know,
 * is counted and not named: mailboxes are read by others.
 */
export function digestLetter(world: Pick<Ctx, 'pool'>, userId: string, day: string, { total, items }: Unread, { language: theirs, timeZone }: Pick<Reach, 'language' | 'timeZone'>): { letter: NewLetter; faults: NoticeFault[] } {
  const language = languageOf(theirs)
  const lines = items.filter(({ title, template }) => title.trim() !== '' && mayShow(template))
    .map(({ title, createdAtMs }) => `• ${title.trim().replaceAll(/\s+/g, ' ')} (${formatTime(createdAtMs, language, timeZone)})`)
  const template = lines.length === 0 ? 'digest.counted' : 'digest.listed'
  const { email, faults } = renderInForce(world, template, language, { count: total, more: total - lines.length, list: LIST })
  const whole = (words: string) => words.replaceAll(LIST, () => lines.join('\n'))
  const { ttlSeconds } = definitionOf(template)
  const letter: NewLetter = {
    userId, channel: 'email', kind: DIGEST, template, dedupeKey: `${DIGEST}:${day}`, priority: PRIORITIES.indexOf('low'), ttlSeconds, subject: subjectOf(whole(email.subject)), text: whole(email.body),
  }
  return { letter, faults }
}

function mayShow(template: string | null): boolean {
  if (template === null || !isKey(template)) return false
  const { kind, sensitive } = definitionOf(template)
  return kind !== 'safety' && sensitive !== true
}

function isKey(template: string): template is TemplateKey {
  return Object.hasOwn(NOTICES, template)
}
