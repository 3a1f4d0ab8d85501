import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectRoot } from '../servers/processes.ts'

export const MONITORING = join(projectRoot, 'docker/monitoring')

export type Rule = { alert?: string; record?: string; expr: string; for?: string; labels?: Record<string, string>; annotations?: Record<string, string> }

/** The rules of a file, in order. */
export function readRules(file: string): Rule[] {
  const { groups } = parse(readFileSync(join(MONITORING, file), 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export type Selector = { metric: string; labels: string[] }

const WORDS = new Set(['and', 'or', 'unless', 'by', 'on', 'without', 'ignoring', 'group_left', 'group_right', 'bool', 'inf', 'nan'])
const OFFSETS = /\boffset\s+\w+/g
const LISTS = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g

/** The metrics that an expression asks for, each with the labels that it asks by; and the labels that it groups by. */
export function readExpression(expression: string): { selectors: Selector[]; grouped: string[] } {
  const grouped = [...expression.matchAll(LISTS)].flatMap(([, list]) => list!.split(',').map((label) => label.trim()).filter(Boolean))
  const rest = expression.replaceAll(LISTS, ' ').replaceAll(OFFSETS, ' ')
  const selectors = [...rest.matchAll(/([a-zA-Z_:][\w:]*)(\s*\()?(?:\{((?:[^}"]|"[^"]*")*)\})?(?:\[[^\]]*\])?/g)].flatMap(([, word, call, matchers = '']) => {
    if (call !== undefined || WORDS.has(word!.toLowerCase())) return []
    return [{ metric: word!, labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1]!) }]
  })
  return { selectors, grouped }
}
