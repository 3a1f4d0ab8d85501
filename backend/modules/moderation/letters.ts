/** Letters of a text as the lexicon compares them: `i` and `l` are one, a run of one letter is one letter. */
export const ALPHABET = 26

export type Letters = {
  length: number
  /** The letters, 0–25. */
  symbols: Uint8Array
  /** 1 where a word may begin with this letter, or end with it. */
  starts: Uint8Array
  ends: Uint8Array
  /** Whether the text has a digit, `@`, `/` or `w.`: without one nobody can be reached by it. */
  hasMarks: boolean
}

const NONE = -1
const SKIPPED = -2
const A = 97
const W = 22

/** Digits stand for letters anywhere; marks inside of words only: `d!ri` is one word, `diri!` ends one. */
const DIGIT = 32
const MARK = 64
const SYMBOL = 31
const SLASH = 47
const DOT = 46
const AT = 64
const DOLLAR = 36
/** What an ASCII character is read as. */
const ASCII = asciiTable()
/** Letters of other scripts that look like Latin ones. */
const LOOKALIKES = lookalikes({ а: 'a', в: 'b', е: 'e', ё: 'e', к: 'k', м: 'm', н: 'h', о: 'o', р: 'p', с: 'c', т: 't', у: 'y', х: 'x', і: 'i', ї: 'i', ѕ: 's', ј: 'j', ԁ: 'd', ɡ: 'g', α: 'a', ε: 'e', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', ı: 'i', ł: 'i', ø: 'o', ð: 'd' })

export function createLetters(capacity = 4096): Letters {
  return { length: 0, symbols: new Uint8Array(capacity), starts: new Uint8Array(capacity), ends: new Uint8Array(capacity), hasMarks: false }
}

/** Reads a text into `letters`, which is used again and again. One pass, linear; whatever is no letter parts words and is otherwise left out. */
export function readLetters(text: string, letters: Letters): void {
  const plain = WIDE.test(text) ? text.normalize('NFKD').toLowerCase() : text
  if (plain.length > letters.symbols.length) grow(letters, plain.length)
  const { symbols, starts, ends } = letters
  let length = 0
  let hasMarks = false
  let last = NONE
  let isNewWord = true
  for (let at = 0; at < plain.length; at++) {
    const code = plain.charCodeAt(at)
    let symbol = code < 128 ? ASCII[code]! : wide(code)
    if (symbol > SYMBOL) {
      hasMarks ||= symbol < MARK || code === AT
      symbol = symbol < MARK || isInside(plain, at, code) ? symbol & SYMBOL : NONE
    }
    if (symbol === SKIPPED) continue
    if (symbol === NONE) {
      if (code === SLASH || (code === DOT && last === W)) hasMarks = true
      if (length > 0) ends[length - 1] = 1
      isNewWord = true
    } else if (symbol === last) {
      // A run may reach over words: "mau uang" ends one and begins one with the same letter.
      if (isNewWord) starts[length - 1] = 1
      isNewWord = false
    } else {
      symbols[length] = symbol
      starts[length] = Number(isNewWord)
      ends[length] = 0
      length++
      last = symbol
      isNewWord = false
    }
  }
  if (length > 0) ends[length - 1] = 1
  letters.length = length
  letters.hasMarks = hasMarks
}

function isInside(text: string, at: number, code: number): boolean {
  const next = at + 1 < text.length ? text.charCodeAt(at + 1) : 0
  if (!isWordCode(next)) return false
  // "@ku" and "$ikat" may begin a word; an exclamation mark never does.
  return code === AT || code === DOLLAR || (at > 0 && isWordCode(text.charCodeAt(at - 1)))
}

function isWordCode(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= A && code <= 122)
}

const WIDE = /[^\0-\x7f]/

function wide(code: number): number {
  // Combining marks, soft hyphens, joiners, zero widths and variation selectors are nothing to the reader.
  if ((code >= 0x300 && code <= 0x36f) || code === 0xad || (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || (code >= 0xfe00 && code <= 0xfe0f) || code === 0xfeff) return SKIPPED
  return LOOKALIKES.get(code) ?? NONE
}

function grow(letters: Letters, length: number): void {
  letters.symbols = new Uint8Array(length)
  letters.starts = new Uint8Array(length)
  letters.ends = new Uint8Array(length)
}

function letterOf(character: string): number {
  const code = character.charCodeAt(0)
  return character === 'l' ? 105 - A : code - A
}

function asciiTable(): Int8Array {
  const table = new Int8Array(128).fill(NONE)
  for (let code = A; code <= 122; code++) {
    table[code] = letterOf(String.fromCharCode(code))
    table[code - 32] = table[code]!
  }
  const digits = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 6: 'g', 7: 't', 8: 'b', 9: 'g' }
  for (const [digit, letter] of Object.entries(digits)) table[digit.charCodeAt(0)] = letterOf(letter) | DIGIT
  const marks = { '@': 'a', '$': 's', '!': 'i', '|': 'i', '+': 't' }
  for (const [mark, letter] of Object.entries(marks)) table[mark.charCodeAt(0)] = letterOf(letter) | MARK
  // "don't" is "dont".
  table["'".charCodeAt(0)] = SKIPPED
  return table
}

function lookalikes(letters: Record<string, string>): Map<number, number> {
  return new Map(Object.entries(letters).map(([character, letter]) => [character.charCodeAt(0), letterOf(letter)]))
}
