import type { Language } from '../identity/index.ts'
import { IntlMessageFormat } from 'intl-messageformat'

type Nodes = ReturnType<IntlMessageFormat['getAst']>
/** Where an ICU message can't be read (lines and columns from 1), and the parser's word for why, like MISSING_OTHER_CLAUSE. */
export type Stumble = { code: string; line: number; column: number }

/** For whoever writes a message: where it breaks off, and the cases of its plurals that this language never uses. */
export function readMessage(text: string, language: Language): { stumble?: Stumble; idleCases: string[] } {
  try {
    return { idleCases: [...new Set(idleCases(new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).getAst(), language))] }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const start = (error as { location?: { start?: { line: number; column: number } } }).location?.start // what the parser adds to its errors
    return { stumble: { code: error.message, line: start?.line ?? 1, column: start?.column ?? 1 }, idleCases: [] }
  }
}

function idleCases(nodes: Nodes, language: Language): string[] {
  return nodes.flatMap((node) => {
    if (!('options' in node)) return []
    const nested = Object.values(node.options).flatMap((option) => idleCases(option.value, language))
    if (!('pluralType' in node)) return nested
    const used: readonly string[] = new Intl.PluralRules(language, { type: node.pluralType ?? 'cardinal' }).resolvedOptions().pluralCategories
    return [...Object.keys(node.options).filter((one) => !one.startsWith('=') && !used.includes(one)), ...nested]
  })
}
