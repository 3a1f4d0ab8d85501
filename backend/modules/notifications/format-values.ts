import type { Language } from '../identity/index.ts'
import { keepMade } from './keep-made.ts'
import type { NoticeDefinition, Variables, VariableType } from './notice-types.ts'

const TEXT_MOST = 1000
const DEFAULT_ZONE = 'Asia/Jakarta'
const LOCALES: Readonly<Record<Language, string>> = { id: 'id-ID', en: 'en-US' }

const rupiah = { id: new Intl.NumberFormat('id-ID', { maximumFractionDigits: 0 }), en: new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }) }
const clocks = keepMade<Intl.DateTimeFormat>(500)

/** The values that are there and of their type, as the language writes them; a count stays a number. What is missing here is missing. */
export function formatValues(definition: Pick<NoticeDefinition, 'variables'>, variables: Variables, language: Language, timeZone?: string): ReadonlyMap<string, string | number> {
  const values = new Map<string, string | number>()
  for (const [name, type] of Object.entries(definition.variables)) {
    const value = Object.hasOwn(variables, name) ? formatValue(variables[name], type, language, timeZone) : undefined
    if (value !== undefined) values.set(name, value)
  }
  return values
}

// Values come from rows and from people, whatever the types say of them.
function formatValue(value: unknown, type: VariableType, language: Language, timeZone?: string): string | number | undefined {
  if (type === 'text') return formatWords(value)
  if (type === 'time') return formatTime(value, language, timeZone)
  const number = numberOf(value)
  if (number === undefined || type === 'count') return number
  return formatMoney(number, language)
}

/** `Rp 50.000`, or `Rp 50,000` in English. */
export function formatMoney(amountIdr: number, language: Language): string {
  return `Rp ${rupiah[language].format(amountIdr)}`
}

// What turns the direction of a line or is no character at all would make words say something else.
function formatWords(value: unknown): string | undefined {
  if (typeof value !== 'string' && !Number.isFinite(value)) return undefined
  const words = String(value).toWellFormed().replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu, ' ').trim()
  return words === '' ? undefined : clip(words, TEXT_MOST)
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Day and time as a clock there shows it; undefined for what is no time. */
export function formatTime(value: unknown, language: Language, timeZone = DEFAULT_ZONE): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? undefined : clockOf(language, timeZone).format(at)
}

function clockOf(language: Language, timeZone: string): Intl.DateTimeFormat {
  return clocks(`${language} ${timeZone}`, () => makeClock(language, timeZone))
}

function makeClock(language: Language, timeZone: string): Intl.DateTimeFormat {
  const shape = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const
  try {
    return new Intl.DateTimeFormat(LOCALES[language], { ...shape, timeZone })
  } catch {
    return new Intl.DateTimeFormat(LOCALES[language], { ...shape, timeZone: DEFAULT_ZONE })
  }
}

const segments = new Intl.Segmenter('id')

/** At most `most` UTF-16 units, never half a character. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text
  let cut = ''
  for (const { segment } of segments.segment(text.slice(0, most))) {
    if (cut.length + segment.length >= most) break
    cut += segment
  }
  return `${cut.trimEnd()}…`
}
