import type { Language } from '../identity/index.ts'
import { checkText, compileText, type TextFault } from './compile-text.ts'
import { clip, formatValues } from './format-values.ts'
import { GENERAL, SILENT } from './general-texts.ts'
import type { NoticeDefinition, NoticeTexts, Variables } from './notice-types.ts'
import { definitionOf, TEXTS, type TemplateKey } from './notices.ts'
import { toBasic } from './sms-segments.ts'

/** A text that could not be shown, and what was shown instead is somebody else’s of the order below. */
export type NoticeFault = TextFault & { template: string; language: Language; by: 'staff' | 'built_in'; /** Of staff's words; 0 of the built-in ones. */ version: number; field: keyof NoticeTexts }

export type Words = { title: string; body: string }
export type Rendered = Words & { push: Words; email: { subject: string; body: string }; sms: string; faults: NoticeFault[] }

type Source = { language: Language; texts: NoticeTexts; /** Which of them staff wrote. */ written: Partial<NoticeTexts> }
export type RenderOptions = { /** Staff's words in that language, in place of the built-in ones. */ override?: Partial<NoticeTexts> | undefined; /** Of those words. */ version?: number | undefined; timeZone?: string | undefined }

const [TITLE_MOST, BODY_MOST, SUBJECT_MOST, SMS_MOST] = [120, 2000, 200, 320]
const BODIES: ReadonlySet<keyof NoticeTexts> = new Set(['body', 'emailBody', 'sms'])

/**
 * The words of a notice for one person. Where staff's words can't be shown the built-in ones are, then the Indonesian
 * ones, then the kind's general words; the title and body of a part always come from the same. Never throws, and never
 * shows a variable that was not filled in; what was wrong stands in `faults`.
 */
export function renderNotice(key: TemplateKey, language: Language, variables: Variables = {}, { override, version = 0, timeZone }: RenderOptions = {}): Rendered {
  const definition = definitionOf(key)
  const faults = new Map<string, NoticeFault>()
  const sources = sourcesOf(key, language, override)
  const { kind, sensitive } = definition
  const show = showerOf(definition, variables, timeZone)
  const unsaid = unsaidOf(definition, variables)

  /** The first source whose texts, all of them, can be shown. */
  function first(pick: (texts: NoticeTexts) => readonly (readonly [keyof NoticeTexts, string])[] | undefined): string[] | undefined {
    for (const source of sources) {
      const picked = pick(source.texts)
      if (!picked) continue
      const shown = picked.map(([field, text]) => {
        const said = show(text, source.language)
        const words = typeof said === 'string' && BODIES.has(field) ? unsaid(field, said) ?? said : said
        if (typeof words === 'string') return words
        const by = source.written[field] === undefined ? 'built_in' : 'staff'
        faults.set([by, source.language, field, words.reason, words.variable].join(' '), { ...words, template: key, language: source.language, by, version: by === 'staff' ? version : 0, field })
        return undefined
      })
      if (shown.every((words) => words !== undefined)) return shown
    }
    return undefined
  }

  const general = GENERAL[language][kind]
  const shown = wordsOf(first(({ title, body }) => [['title', title], ['body', body]])) ?? general
  // Words for a locked screen come whole, or not at all: half of them could be the half that others should not read.
  const push = wordsOf(first(({ pushTitle, pushBody, title, body }) => {
    if (sensitive) return pushTitle === undefined || pushBody === undefined ? undefined : [['pushTitle', pushTitle], ['pushBody', pushBody]]
    return [pushTitle === undefined ? ['title', title] : ['pushTitle', pushTitle], pushBody === undefined ? ['body', body] : ['pushBody', pushBody]]
  })) ?? (sensitive ? SILENT[language] : general)
  const email = wordsOf(first(({ emailSubject, emailBody, title, body }) => (
    [emailSubject === undefined ? ['title', title] : ['emailSubject', emailSubject], emailBody === undefined ? ['body', body] : ['emailBody', emailBody]]
  ))) ?? general
  const sms = first(({ sms: text }) => (text === undefined || sensitive ? undefined : [['sms', text]]))?.[0] ?? `${push.title}: ${push.body}`
  // A mail's subject is shown on locked screens too.
  const subject = subjectOf(sensitive ? push.body : email.title)
  return { ...shown, push, email: { subject, body: email.body }, sms: smsOf(sms), faults: [...faults.values()] }
}

/** Words of somebody's own instead of a template's, as they are; of a sensitive one the locked screen still shows the template's. */
export function sayPlainly(rendered: Rendered, own: Words, definition: Pick<NoticeDefinition, 'sensitive'>): Rendered {
  const words = wordsOf([own.title.trim(), own.body.trim()].filter((text) => text !== ''))
  if (!words) return rendered
  const push = definition.sensitive ? rendered.push : words
  return { ...words, push, email: { subject: subjectOf(definition.sensitive ? push.body : words.title), body: words.body }, sms: smsOf(`${push.title}: ${push.body}`), faults: [] }
}

function sourcesOf(key: TemplateKey, language: Language, override?: Partial<NoticeTexts>): Source[] {
  const texts = TEXTS[language][key]
  const written = given(override ?? {})
  return [
    ...(override ? [{ language, texts: { ...texts, ...written }, written }] : []),
    { language, texts, written: {} },
    ...(language === 'id' ? [] : [{ language: 'id' as const, texts: TEXTS.id[key], written: {} }]),
  ]
}

function given(override: Partial<NoticeTexts>): Partial<NoticeTexts> {
  return Object.fromEntries(Object.entries(override).filter(([, text]) => typeof text === 'string'))
}

/** Each text is shown once: the same words stand in several parts. */
function showerOf(definition: Pick<NoticeDefinition, 'variables'>, variables: Variables, timeZone?: string): (text: string, language: Language) => string | TextFault {
  const values = new Map<Language, ReadonlyMap<string, string | number>>()
  const shown = new Map<string, string | TextFault>()
  return (text, language) => {
    const known = shown.get(`${language} ${text}`)
    if (known !== undefined) return known
    const formatted = values.get(language) ?? formatValues(definition, variables, language, timeZone)
    values.set(language, formatted)
    const words = fill(definition, text, language, formatted)
    shown.set(`${language} ${text}`, words)
    return words
  }
}

function fill(definition: Pick<NoticeDefinition, 'variables'>, text: string, language: Language, values: ReadonlyMap<string, string | number>): string | TextFault {
  const [fault] = checkText(definition, text, language)
  if (fault) return fault
  const compiled = compileText(text, language)
  if ('fault' in compiled) return compiled.fault
  const missing = compiled.uses.find(({ name }) => !values.has(name))
  if (missing) return { reason: 'missing_variable', variable: missing.name }
  if (compiled.words !== undefined) return compiled.words.trim() === '' ? { reason: 'empty' } : compiled.words.trim()
  try {
    const words = String(compiled.message.format(Object.fromEntries(values))).trim()
    return words === '' ? { reason: 'empty' } : words
  } catch {
    return { reason: 'syntax' }
  }
}

/** Judges a body or an SMS as it would be shown: its end may be cut off, and a case of a plural may leave out what another says. */
function unsaidOf(definition: Pick<NoticeDefinition, 'variables' | 'mustSay'>, variables: Variables): (field: keyof NoticeTexts, words: string) => TextFault | undefined {
  const { mustSay = [] } = definition
  if (mustSay.length === 0) return () => undefined
  // Words are the same in every language.
  const values = formatValues(definition, variables, 'id')
  return (field, words) => {
    const shown = field === 'sms' ? smsOf(words) : clip(words, BODY_MOST)
    const says = (value: string) => [value, toBasic(value), toBasic(oneLine(value))].some((one) => shown.includes(one))
    const variable = mustSay.find((name) => !values.has(name) || !says(String(values.get(name))))
    return variable === undefined ? undefined : { reason: 'missing_variable', variable }
  }
}

/** One line of an e-mail’s. */
export function subjectOf(words: string): string {
  return clip(oneLine(words), SUBJECT_MOST)
}

// The dots of what is cut off become three.
function smsOf(words: string): string {
  return toBasic(clip(toBasic(oneLine(words)), SMS_MOST - 2))
}

function wordsOf(shown: readonly string[] | undefined): Words | undefined {
  const [title, body] = shown ?? []
  return title === undefined || body === undefined ? undefined : { title: clip(oneLine(title), TITLE_MOST), body: clip(body, BODY_MOST) }
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ')
}
