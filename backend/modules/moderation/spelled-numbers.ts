import type { Span } from './types.ts'

const WORDS = new Map(Object.entries({
  nol: '0', kosong: '0', zero: '0', oh: '0', satu: '1', one: '1', dua: '2', two: '2', tiga: '3', three: '3', empat: '4', four: '4', lima: '5', five: '5',
  enam: '6', six: '6', tujuh: '7', seven: '7', delapan: '8', lapan: '8', eight: '8', sembilan: '9', nine: '9',
}))
/** A mobile number begins with a zero or has an eight near its begin: one of the two stands there in words. */
const HINT = /lapan|eight|nol|kosong|zero/i
const TOKEN = /[a-z]+|\d/gi
const GAP = /^[\s.,\-–()/_]*$/
const GAP_MAX = 3
const DIGITS_LEAST = 10
const DIGITS_MOST = 14
/** Fewer words among the digits are no number in words: the digits alone are looked at elsewhere. */
const WORDS_LEAST = 3

type Token = Span & { digit: string; isWord: boolean }

/** Whether a text may spell a phone number: asked of every message, so it is one look. */
export const maySpell = (text: string): boolean => HINT.test(text)

/** Where mobile numbers are spelled in Indonesian or English words, mixed with digits or not. Linear. */
export function findSpelled(text: string): Span[] {
  const spans: Span[] = []
  let run: Token[] = []
  const close = () => {
    const span = run.length < DIGITS_LEAST ? undefined : mobileIn(run)
    if (span) spans.push(span)
    run = []
  }
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    const isWord = token.length > 1
    const digit = isWord ? WORDS.get(token.toLowerCase()) : /\d/.test(token) ? token : undefined
    const gap = text.slice(run.at(-1)?.end ?? match.index, match.index)
    if (digit === undefined || gap.length > GAP_MAX || !GAP.test(gap)) close()
    if (digit !== undefined) run.push({ start: match.index, end: match.index + token.length, digit, isWord })
  }
  close()
  return spans
}

// "kode dua, nol delapan satu …": the number may begin behind another digit.
function mobileIn(run: readonly Token[]): Span | undefined {
  const digits = run.map((token) => token.digit).join('')
  const found = /(?:08[1-9]|628[1-9]|8[1-9])/.exec(digits)
  if (!found) return undefined
  const tokens = run.slice(found.index, found.index + DIGITS_MOST)
  if (tokens.length < DIGITS_LEAST || tokens.filter((token) => token.isWord).length < WORDS_LEAST) return undefined
  return { start: tokens[0]!.start, end: tokens.at(-1)!.end }
}
