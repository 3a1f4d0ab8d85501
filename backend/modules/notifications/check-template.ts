import { AppError } from '../../platform/errors.ts'
import { DIGEST, KINDS } from '../channels/index.ts'
import type { Language } from '../identity/index.ts'
import { checkText, variablesIn, type TextFault } from './compile-text.ts'
import { definitionOf, NOTICES, TEXTS, type TemplateKey } from './notices.ts'
import { readMessage } from './read-message.ts'
import { PARTS, type Part, type Parts } from './template-parts.ts'

/** About one part of a text: what is wrong or worth a look, as a code and in words; `variable` where it is about one. */
export type Remark = { part: Part; code: string; variable?: string; message: string }

/** Characters of the message as it is written, plurals and all. */
const MOST: Readonly<Record<Part, number>> = { title: 120, body: 1000, pushTitle: 120, pushBody: 500, emailSubject: 200, emailBody: 2000, sms: 320 }
const ONE_LINE: ReadonlySet<Part> = new Set(['title', 'pushTitle', 'emailSubject'])
const BODIES: ReadonlySet<Part> = new Set(['body', 'emailBody', 'sms'])
const BEYOND_THE_LOCK: ReadonlySet<Part> = new Set(['pushTitle', 'pushBody'])
/** Of the 4 KB of a push, with room for ids and for what is around it. */
const PUSH_BYTES = 3000
/** What turns the direction of a line says something else than it shows. */
const UNSEEN = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u

function isTemplateKey(key: string): key is TemplateKey {
  return Object.hasOwn(NOTICES, key)
}

/** Throws `not_found` for a key that is none. */
export function knownKey(key: string): TemplateKey {
  if (!isTemplateKey(key)) throw new AppError('not_found', 'There is no such template.')
  return key
}

/** The channels that a notice can go by: those of its kind, unless it names some of them itself. */
export function channelsOf(key: TemplateKey): ('inbox' | 'push' | 'email' | 'sms')[] {
  const { kind, channels } = definitionOf(key)
  return (['inbox', 'push', 'email', 'sms'] as const).filter((channel) => (kind === DIGEST || KINDS[kind][channel] !== 'never') && (channels?.includes(channel) ?? true))
}

/** The parts that people can come to read: the others fall to `title` and `body`, but for an SMS that goes alone. Of what is sensitive an SMS and the subject of an e-mail say what its push says. */
export function usableParts(key: TemplateKey): Part[] {
  const channels = channelsOf(key)
  const hasFrame = channels.some((channel) => channel !== 'sms')
  const of: Readonly<Record<Part, boolean>> = {
    title: hasFrame, body: hasFrame, pushTitle: channels.includes('push'), pushBody: channels.includes('push'),
    emailSubject: channels.includes('email') && definitionOf(key).sensitive !== true, emailBody: channels.includes('email'), sms: channels.includes('sms') && definitionOf(key).sensitive !== true,
  }
  return PARTS.filter((part) => of[part])
}

/** What the service says where staff say nothing in this part. */
export function standardText(key: TemplateKey, language: Language, part: Part): string | undefined {
  return TEXTS[language][key][part]
}

/** Judges what staff have written: `errors` keep it from being stored, `warnings` are worth a look. */
export function checkTemplate(key: TemplateKey, language: Language, parts: Parts): { errors: Remark[]; warnings: Remark[] } {
  const [errors, warnings]: [Remark[], Remark[]] = [[], []]
  const usable = usableParts(key)
  for (const part of PARTS) {
    const text = parts[part]
    if (text === undefined) continue
    if (!usable.includes(part)) errors.push({ part, code: 'not_sent', message: 'This notice never goes that way.' })
    if (text.length > MOST[part]) errors.push({ part, code: 'too_long', message: `It has ${text.length} characters; ${MOST[part]} are the most.` })
    if (UNSEEN.test(text) || !text.isWellFormed()) errors.push({ part, code: 'control_characters', message: 'It has characters that nobody can see.' })
    if (ONE_LINE.has(part) && text.includes('\n')) errors.push({ part, code: 'one_line', message: 'It is one line.' })
    errors.push(...checkText(definitionOf(key), text, language).map((fault) => remarkOf(fault, part, key, text, language)))
    errors.push(...beyondTheLock(key, part, text, language))
    errors.push(...unsaid(key, part, text, language))
    warnings.push(...doubtsAbout(key, part, text, language))
  }
  const push = { ...TEXTS[language][key], ...parts }
  const pushed = Buffer.byteLength((push.pushTitle ?? push.title) + (push.pushBody ?? push.body))
  if (usable.includes('pushBody') && pushed > PUSH_BYTES) errors.push({ part: parts.pushBody === undefined ? 'body' : 'pushBody', code: 'push_too_long', message: `Title and body of the push have ${pushed} bytes; ${PUSH_BYTES} are the most. Write a shorter text for the push.` })
  return { errors, warnings }
}

function remarkOf({ reason, variable }: TextFault, part: Part, key: TemplateKey, text: string, language: Language): Remark {
  const { variables } = definitionOf(key)
  if (variable === undefined) {
    const { stumble } = readMessage(text, language)
    return { part, code: reason, message: stumble ? `Line ${stumble.line}, column ${stumble.column}: ${say(stumble.code)}` : 'A brace stands where no variable is. Write \'{\' for one that is to be read.' }
  }
  if (reason === 'wrong_type') return { part, code: reason, variable, message: `{${variable}} is no ${variables[variable] === 'count' ? 'time' : 'number'}: write it as {${variable}}.` }
  return { part, code: reason, variable, message: `There is no {${variable}}; there is ${Object.keys(variables).map((one) => `{${one}}`).join(', ') || 'none'}.` }
}

/** Others read a locked screen: of what is sensitive nothing of the person may stand there. */
function beyondTheLock(key: TemplateKey, part: Part, text: string, language: Language): Remark[] {
  if (definitionOf(key).sensitive !== true || !BEYOND_THE_LOCK.has(part)) return []
  return variablesIn(text, language).map((variable) => ({ part, code: 'on_locked_screen', variable, message: `{${variable}} would be read on a locked screen.` }))
}

/** What nobody can use without it: it is not shown to them then, so it is not stored either. */
function unsaid(key: TemplateKey, part: Part, text: string, language: Language): Remark[] {
  if (!BODIES.has(part) || checkText(definitionOf(key), text, language).length > 0) return []
  const named = variablesIn(text, language)
  return (definitionOf(key).mustSay ?? []).filter((variable) => !named.includes(variable))
    .map((variable) => ({ part, code: 'variable_required', variable, message: `It must say {${variable}}: nobody can use it without.` }))
}

function doubtsAbout(key: TemplateKey, part: Part, text: string, language: Language): Remark[] {
  const own = variablesIn(text, language)
  const left = variablesIn(standardText(key, language, part) ?? '', language).filter((variable) => !own.includes(variable) && !definitionOf(key).mustSay?.includes(variable))
  return [
    ...left.map((variable) => ({ part, code: 'variable_left_out', variable, message: `The text of the service says {${variable}} here.` })),
    ...readMessage(text, language).idleCases.map((one) => ({ part, code: 'plural_idle', variable: one, message: `This language never uses the case “${one}” of a plural.` })),
  ]
}

const SAID: Readonly<Record<string, string>> = {
  MISSING_OTHER_CLAUSE: 'the case “other” is missing', EXPECT_ARGUMENT_CLOSING_BRACE: 'a } is missing', UNMATCHED_CLOSING_TAG: 'a tag is closed that was not opened',
  EMPTY_ARGUMENT: 'there is no name between { and }', MALFORMED_ARGUMENT: 'what stands between { and } can’t be read', EXPECT_ARGUMENT_TYPE: 'a kind is missing: plural, select, number, date or time',
  INVALID_ARGUMENT_TYPE: 'this kind is unknown: there are plural, select, number, date and time', EXPECT_SELECT_ARGUMENT_OPTIONS: 'the cases are missing', EXPECT_PLURAL_ARGUMENT_SELECTOR: 'the name of a case is missing',
  EXPECT_PLURAL_ARGUMENT_SELECTOR_FRAGMENT: 'the text of a case is missing: {…}', EXPECT_SELECT_ARGUMENT_SELECTOR_FRAGMENT: 'the text of a case is missing: {…}', DUPLICATE_PLURAL_ARGUMENT_SELECTOR: 'a case stands twice', DUPLICATE_SELECT_ARGUMENT_SELECTOR: 'a case stands twice',
}

function say(code: string): string {
  return SAID[code] ?? code.toLowerCase().replaceAll('_', ' ')
}
