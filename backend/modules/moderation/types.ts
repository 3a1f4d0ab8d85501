export const KINDS = ['crisis', 'contact'] as const
/** What the screening looks for: words of somebody in danger; ways to meet outside. */
export type FlagKind = (typeof KINDS)[number]
export const LANGUAGES = ['id', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

export type ShippedLexicon = Record<FlagKind, Record<Language, readonly string[]>> & { except: readonly string[] }
export type Term = { kind: FlagKind | 'except'; text: string }

/** What was found in a text: its kinds, and where (in UTF-16 code units, `end` not included) ways to reach somebody stand in it. */
export type Finding = { kinds: readonly FlagKind[]; spans: readonly Span[] }
export type Span = { start: number; end: number }
/** Pure, linear in the length of the text; undefined for what is ordinary. */
export type Screen = (text: string) => Finding | undefined
