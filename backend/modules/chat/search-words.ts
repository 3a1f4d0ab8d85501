/** What is looked for: words as they stand in a text's vector, and those of the last word, which may go on. */
export type Words = { whole: readonly string[]; begun: readonly string[] }
/** A place in a text, in UTF-16 code units as Dart and JavaScript count: from `start` up to, not including, `end`. */
export type Highlight = { start: number; end: number }

const quoted = (word: string) => `'${word.replaceAll('\\', '\\\\').replaceAll('\'', '\'\'')}'`

const escaped = (word: string) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')

/** Splits what a person typed: the last word may be unfinished. Operators are text like any other. */
export function splitQuery(text: string): { whole: string[]; begun: string | undefined } {
  const whole = text.split(/\s+/u).filter((word) => word !== '')
  return { whole, begun: whole.pop() }
}

/** For `to_tsquery`: everything that was typed, each word quoted, so that nothing in it is an operator. */
export function exactQuery(text: string): string {
  const { whole, begun } = splitQuery(text)
  return [...whole.map(quoted), ...(begun === undefined ? [] : [`${quoted(begun)}:*`])].join(' & ')
}

/** For a cast to `tsquery`: the same words wherever they stand, as a chunk's words have no places. */
export function looseQuery({ whole, begun }: Words): string {
  return [...whole.map(quoted), ...begun.map((word) => `${quoted(word)}:*`)].join(' & ')
}

/** Where the words stand in a text, in order, without overlaps. */
export function highlightsOf(body: string, { whole, begun }: Words): Highlight[] {
  const parts = [...begun.map((word) => `${escaped(word)}[\\p{L}\\p{N}\\p{M}]*`), ...whole.map((word) => `${escaped(word)}(?![\\p{L}\\p{N}\\p{M}])`)]
  if (parts.length === 0) return []
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}\\p{M}])(?:${parts.join('|')})`, 'giu')
  return [...body.matchAll(pattern)].filter(([found]) => found !== '').map(({ 0: found, index }) => ({ start: index, end: index + found.length }))
}
