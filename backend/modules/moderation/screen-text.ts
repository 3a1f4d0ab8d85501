import { compile, type Automaton } from './automaton.ts'
import { findContacts } from './find-contacts.ts'
import { ALPHABET, createLetters, readLetters, type Letters } from './letters.ts'
import { maySpell } from './spelled-numbers.ts'
import type { FlagKind, Screen, Span, Term } from './types.ts'

/** The screening by these terms: compiled once, then one pass a text. Throws a RangeError for a term that can't be used. */
export function createScreen(terms: readonly Term[]): Screen {
  return createReader(terms).screen
}

/** A term that stands in a text, and where in its letters. */
export type TermMatch = { kind: Term['kind']; term: string; start: number; end: number }
export type Reader = { screen: Screen; explain(text: string): TermMatch[] }

/** The screening, and which terms it found: for whoever cares for the lexicon. */
export function createReader(terms: readonly Term[]): Reader {
  const automaton = compile(terms)
  const letters = createLetters()
  const screen: Screen = (text) => {
    readLetters(text, letters)
    const spoken = findTerms(automaton, letters)
    const spans = letters.hasMarks || maySpell(text) ? findContacts(text) : undefined
    if (spoken === undefined && spans === undefined) return undefined
    const kinds = new Set(spoken)
    if (spans !== undefined) kinds.add('contact')
    return kinds.size === 0 ? undefined : { kinds: [...kinds], spans: spans ?? NOWHERE }
  }
  return {
    screen,
    explain(text) {
      readLetters(text, letters)
      return matchesIn(automaton, letters)
    },
  }
}

/** The kinds that count of what was found: what an exception covers doesn't. */
export function kindsOf(matches: readonly TermMatch[]): FlagKind[] {
  const found = matches.flatMap(({ kind, start, end }) => (kind === 'except' ? [] : [{ kind, start, end }]))
  const excepted = matches.filter(({ kind }) => kind === 'except').toSorted((a, b) => a.start - b.start)
  return [...new Set(leaveOut(found, excepted))]
}

// Like findTerms, which every message runs through and which therefore keeps nothing but kinds.
function matchesIn({ next, termAt, shorter, lengths, kinds, sources }: Automaton, { symbols, starts, ends, length }: Letters): TermMatch[] {
  const matches: TermMatch[] = []
  let state = 0
  for (let at = 0; at < length; at++) {
    state = next[state * ALPHABET + symbols[at]!]!
    if (ends[at] === 0) continue
    for (let ending = state; ending !== 0; ending = shorter[ending]!) {
      const term = termAt[ending]!
      if (term === -1) continue
      const start = at - lengths[term]! + 1
      if (starts[start] !== 0) matches.push({ kind: kinds[term]!, term: sources[term]!, start, end: at + 1 })
    }
  }
  return matches
}

const NOWHERE: readonly Span[] = []
type Match = Span & { kind: FlagKind }

function findTerms({ next, termAt, shorter, lengths, kinds }: Automaton, { symbols, starts, ends, length }: Letters): FlagKind[] | undefined {
  let found: Match[] | undefined
  let excepted: Span[] | undefined
  let state = 0
  for (let at = 0; at < length; at++) {
    state = next[state * ALPHABET + symbols[at]!]!
    if (ends[at] === 0) continue
    for (let ending = state; ending !== 0; ending = shorter[ending]!) {
      const term = termAt[ending]!
      if (term === -1) continue
      const start = at - lengths[term]! + 1
      if (starts[start] === 0) continue
      const kind = kinds[term]!
      if (kind === 'except') (excepted ??= []).push({ start, end: at + 1 })
      else (found ??= []).push({ start, end: at + 1, kind })
    }
  }
  if (found === undefined) return undefined
  return excepted === undefined ? found.map(({ kind }) => kind) : leaveOut(found, excepted)
}

// Both in the order of their starts, so one walk over each tells.
function leaveOut(found: readonly Match[], excepted: readonly Span[]): FlagKind[] {
  const covered = joined(excepted)
  let from = 0
  return found.toSorted((a, b) => a.start - b.start).flatMap(({ start, end, kind }) => {
    while (from < covered.length && covered[from]!.end <= start) from++
    return from < covered.length && covered[from]!.start < end ? [] : [kind]
  })
}

function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1)
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end)
    else all.push({ ...span })
  }
  return all
}
