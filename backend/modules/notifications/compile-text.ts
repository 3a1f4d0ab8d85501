import { IntlMessageFormat } from 'intl-messageformat'
import type { Language } from '../identity/index.ts'
import { keepMade } from './keep-made.ts'
import type { NoticeDefinition, VariableType } from './notice-types.ts'

/** Why a text can’t be shown; `variable` where one is to blame. */
export type TextFault = { reason: 'syntax' | 'unknown_variable' | 'wrong_type' | 'missing_variable' | 'empty'; variable?: string }

type Use = { name: string; as: 'word' | 'number' | 'time' }
/** `words`: of a text that names nothing, it is always the same. */
type Compiled = { message: IntlMessageFormat; uses: readonly Use[]; words?: string } | { fault: TextFault }
/** What we read of a node of the parser, which is no dependency of ours. */
type Node = { type: number; value?: string; options?: Record<string, { value: Node[] }>; children?: Node[] }

/** The kinds of nodes, as the parser numbers them. */
const [LITERAL, ARGUMENT, NUMBER, DATE, TIME, SELECT, PLURAL] = [0, 1, 2, 3, 4, 5, 6] as const
/** Previews bring texts that are seen once. */
const kept = keepMade<Compiled>(2000)

/** Parsed once. Tags are words like any other, so nothing in a text is markup. */
export function compileText(text: string, language: Language): Compiled {
  return kept(`${language} ${text}`, () => compile(text, language))
}

function compile(text: string, language: Language): Compiled {
  try {
    const message = new IntlMessageFormat(text, language, undefined, { ignoreTag: true })
    const [uses, literals] = [[] as Use[], [] as string[]]
    walk(message.getAst(), uses, literals)
    // A brace that is left in the words looks like a variable that was not filled in.
    if (literals.some((literal) => /[{}]/.test(literal))) return { fault: { reason: 'syntax' } }
    return uses.length > 0 ? { message, uses } : { message, uses, words: String(message.format()) }
  } catch {
    return { fault: { reason: 'syntax' } }
  }
}

function walk(nodes: readonly Node[], uses: Use[], literals: string[]): void {
  for (const { type, value = '', options = {}, children = [] } of nodes) {
    if (type === LITERAL) literals.push(value)
    else if (type === NUMBER || type === PLURAL) uses.push({ name: value, as: 'number' })
    else if (type === DATE || type === TIME) uses.push({ name: value, as: 'time' })
    else if (type === ARGUMENT || type === SELECT) uses.push({ name: value, as: 'word' })
    for (const option of Object.values(options)) walk(option.value, uses, literals)
    walk(children, uses, literals)
  }
}

/**
 * What is wrong with a text of this notice whatever the values are: for those who write one. Nothing: it can be shown
 * wherever its variables are there.
 */
export function checkText(definition: Pick<NoticeDefinition, 'variables'>, text: string, language: Language): TextFault[] {
  const compiled = compileText(text, language)
  if ('fault' in compiled) return [compiled.fault]
  if (text.trim() === '') return [{ reason: 'empty' }]
  return compiled.uses.flatMap(({ name, as }): TextFault[] => {
    if (!Object.hasOwn(definition.variables, name)) return [{ reason: 'unknown_variable', variable: name }]
    return fits(definition.variables[name]!, as) ? [] : [{ reason: 'wrong_type', variable: name }]
  })
}

// Money and times are words by then, as the language and the person's time zone write them.
function fits(type: VariableType, as: Use['as']): boolean {
  return as === 'word' || (as === 'number' && type === 'count')
}

/** The variables that a text names, each once. */
export function variablesIn(text: string, language: Language): string[] {
  const compiled = compileText(text, language)
  return 'fault' in compiled ? [] : [...new Set(compiled.uses.map(({ name }) => name))]
}
