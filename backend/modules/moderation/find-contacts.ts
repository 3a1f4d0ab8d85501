import { findSpelled, maySpell } from './spelled-numbers.ts'
import type { Span } from './types.ts'

const DIGITS_LEAST = 10
const DIGITS_MOST = 14
/** Between two digits of one number; more than two such characters part numbers. */
const SEPARATORS = new Set(Array.from(' .-()/_', (mark) => mark.charCodeAt(0)))
const GAP_MAX = 2
const AT = 64
const PLUS = 43
const HANDLE_LEAST = 3
const LOCAL_MAX = 64
const DOMAIN_MAX = 253
// Each alternative begins with its own literal and ends with one run: no way back for the engine to try.
const LINK = /(?:https?:\/\/|www\.|(?<![\w.])(?:wa\.me|t\.me|line\.me|bit\.ly|telegram\.me|instagram\.com|facebook\.com|fb\.com|tiktok\.com|discord\.gg)\/)[^\s]+/gi

// Digits and marks as wide as East Asian letters: one for one, so every place stays where it is.
const WIDE = /[\uff01-\uff5e]/
const narrow = (text: string) => text.replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))

/** Where phone numbers (in words, too), mail addresses, handles and links stand. Linear; undefined where there are none. */
export function findContacts(written: string): Span[] | undefined {
  const text = WIDE.test(written) ? narrow(written) : written
  const spelled = maySpell(text) ? findSpelled(text) : []
  const marked = findMarked(text)
  return spelled.length === 0 ? marked : merge([...(marked ?? []), ...spelled])
}

function findMarked(text: string): Span[] | undefined {
  let spans: Span[] | undefined
  const add = (span: Span | undefined) => {
    if (span === undefined) return
    spans ??= []
    const last = spans.at(-1)
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end)
    else spans.push(span)
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || (code === PLUS && isDigit(text.charCodeAt(at + 1)))) {
      const { span, end } = readNumber(text, at)
      add(span)
      at = end - 1
    } else if (code === AT) {
      const span = readAddress(text, at)
      add(span)
      if (span !== undefined) at = span.end - 1
    }
  }
  if (!text.includes('/') && !/www\./i.test(text)) return spans
  const links = [...text.matchAll(LINK)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
  return links.length === 0 ? spans : merge([...(spans ?? []), ...links])
}

/** The text with each of these places covered. */
export function mask(text: string, spans: readonly Span[]): string {
  let masked = ''
  let from = 0
  for (const { start, end } of spans) {
    masked += `${text.slice(from, start)}•••`
    from = end
  }
  return masked + text.slice(from)
}

// Indonesian mobile numbers, however grouped; a date or a price in groups is none. Where none begins at this group of
// digits, one may begin at the next: "umur 12 0812 …". Reads little more than a number's digits, so all of it is linear.
function readNumber(text: string, start: number): { span: Span | undefined; end: number } {
  const from = text.charCodeAt(start) === PLUS ? start + 1 : start
  const groups: number[] = [0]
  let digits = ''
  let gap = 0
  let span: Span | undefined
  let firstEnd = from
  for (let at = from; gap <= GAP_MAX; at++) {
    const code = text.charCodeAt(at) // NaN behind the end
    if (isDigit(code)) {
      if (gap > 0) groups.push(0)
      groups[groups.length - 1]!++
      if (digits.length <= DIGITS_MOST) digits += text[at]!
      if (groups.length === 1) firstEnd = at + 1
      if (!isDigit(text.charCodeAt(at + 1)) && isMobile(digits, groups)) span = { start, end: at + 1 }
      gap = 0
    } else if (SEPARATORS.has(code) && digits.length <= DIGITS_MOST) gap++
    else break
  }
  return { span, end: span?.end ?? firstEnd }
}

function isMobile(digits: string, groups: readonly number[]): boolean {
  if (digits.length < DIGITS_LEAST || digits.length > DIGITS_MOST || !/^(?:08[1-9]|628[1-9]|8[1-9])/.test(digits)) return false
  const isDate = groups.length >= 3 && groups[0]! <= 2 && groups[1]! <= 2 && (groups[2] === 4 || groups[2] === 2)
  const isPrice = digits.startsWith('8') && groups.length > 1 && groups.slice(1).every((length) => length === 3)
  return !isDate && !isPrice
}

// name@example.com, or @name where a word begins.
function readAddress(text: string, at: number): Span | undefined {
  let start = at
  while (start > 0 && at - start < LOCAL_MAX && isLocal(text.charCodeAt(start - 1))) start--
  let end = at + 1
  while (end < text.length && end - at <= DOMAIN_MAX && isLocal(text.charCodeAt(end))) end++
  while (end > at + 1 && text.charCodeAt(end - 1) === 46) end--
  if (start < at) return text.slice(at, end).includes('.') ? { start, end } : undefined
  return end - at - 1 >= HANDLE_LEAST && isLetter(text.charCodeAt(at + 1)) ? { start: at, end } : undefined
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end)
    else merged.push({ ...span })
  }
  return merged
}

const isDigit = (code: number) => code >= 48 && code <= 57
const isLetter = (code: number) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isLocal = (code: number) => isLetter(code) || isDigit(code) || code === 46 || code === 95 || code === 45 || code === 37
