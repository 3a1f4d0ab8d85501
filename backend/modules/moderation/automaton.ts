import { ALPHABET, createLetters, readLetters, type Letters } from './letters.ts'
import type { FlagKind, Term } from './types.ts'

/** All terms in one: a table of transitions, so that a letter of a text costs one look whatever the lexicon. */
export type Automaton = {
  /** `next[state * ALPHABET + letter]`. */
  next: Int32Array
  /** The term that ends in a state, or -1; and the state of the next shorter one that ends there too, or 0. */
  termAt: Int32Array
  shorter: Int32Array
  lengths: Int32Array
  kinds: readonly (FlagKind | 'except')[]
  /** The terms as they were written, each beside its kind and length. */
  sources: readonly string[]
}

/** Shorter ones would be found in everything. */
export const LEAST_LETTERS = 4
const PARTICLES = ['', 'ku', 'mu', 'nya', 'lah', 'kah']
/** What the alternatives of one term may come to. */
const WRITINGS_MAX = 400

/** Compiles the terms (Aho and Corasick's automaton, as a full table). Throws a RangeError for a term that can't be used. */
export function compile(terms: readonly Term[]): Automaton {
  const words = new Map<string, Term>()
  for (const term of terms) for (const word of writingsOf(term.text)) words.set(`${term.kind}:${word}`, term)
  const trie: Trie = { next: [Array.from({ length: ALPHABET }, () => 0)], termAt: [-1] }
  const kinds: Term['kind'][] = []
  const lengths: number[] = []
  const sources: string[] = []
  for (const [key, { kind, text }] of words) {
    const word = key.slice(kind.length + 1)
    addWord(trie, word, () => {
      kinds.push(kind)
      lengths.push(word.length)
      sources.push(text)
      return kinds.length - 1
    }, (at) => kinds[at] === 'except')
  }
  return { ...link(trie), lengths: Int32Array.from(lengths), kinds, sources }
}

/** Every writing of a term, in the letters that are compared. Throws a RangeError where it has too many or too few letters. */
export function writingsOf(text: string): string[] {
  const hasParticles = text.endsWith('~')
  const spelled = expand(text.replaceAll('~', ''))
  const all = spelled.flatMap((one) => (hasParticles ? PARTICLES : ['']).map((particle) => lettersOf(one + particle)))
  if (all.length > WRITINGS_MAX) throw new RangeError(`a term has at most ${WRITINGS_MAX} writings`)
  if (all.some((word) => word.length < LEAST_LETTERS)) throw new RangeError(`a term has at least ${LEAST_LETTERS} letters`)
  return [...new Set(all)]
}

function expand(text: string): string[] {
  let spelled = ['']
  for (const [, plain, alternatives] of text.matchAll(/([^{}]+)|\{([^{}]*)\}/g)) {
    const parts = plain === undefined ? alternatives!.split('|') : [plain]
    spelled = spelled.flatMap((before) => parts.map((part) => before + part))
    if (spelled.length > WRITINGS_MAX) throw new RangeError(`a term has at most ${WRITINGS_MAX} writings`)
  }
  return spelled
}

const scratch: Letters = createLetters(256)

function lettersOf(text: string): string {
  readLetters(text, scratch)
  return String.fromCharCode(...scratch.symbols.subarray(0, scratch.length))
}

type Trie = { next: number[][]; termAt: number[] }

function addWord(trie: Trie, word: string, add: () => number, isException: (term: number) => boolean): void {
  let state = 0
  for (const letter of word) {
    const row = trie.next[state]!
    const symbol = letter.charCodeAt(0)
    if (row[symbol] === 0) {
      row[symbol] = trie.next.length
      trie.next.push(Array.from({ length: ALPHABET }, () => 0))
      trie.termAt.push(-1)
    }
    state = row[symbol]!
  }
  const known = trie.termAt[state]!
  // What is excepted is so whatever else it is.
  if (known === -1 || !isException(known)) trie.termAt[state] = add()
}

function link({ next: rows, termAt }: Trie): Pick<Automaton, 'next' | 'termAt' | 'shorter'> {
  const next = new Int32Array(rows.length * ALPHABET)
  const shorter = new Int32Array(rows.length)
  const fallback = new Int32Array(rows.length)
  const queue = [0]
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!
    for (let symbol = 0; symbol < ALPHABET; symbol++) {
      const child = rows[state]![symbol]!
      const missed = state === 0 ? 0 : next[fallback[state]! * ALPHABET + symbol]!
      next[state * ALPHABET + symbol] = child === 0 ? missed : child
      if (child === 0) continue
      fallback[child] = missed
      shorter[child] = termAt[missed] === -1 ? shorter[missed]! : missed
      queue.push(child)
    }
  }
  return { next, termAt: Int32Array.from(termAt), shorter }
}
