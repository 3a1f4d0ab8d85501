import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { z } from 'zod'
import { splitStatements } from '../platform/sql-statements.ts'
import { projectRoot } from './servers/processes.ts'

export type Finding = { file: string; line: number; rule_name: string; message: string }

const Findings = z.array(z.object({ file: z.string(), line: z.number(), rule_name: z.string(), message: z.string() }))
/** Its exit code where there are findings. */
const FOUND = 1

/** What squawk finds in these files (paths from the project's folder), all in a transaction of their own or none of them. */
export function squawk(files: readonly string[], options: { inTransaction: boolean }): Finding[] {
  if (files.length === 0) return []
  const installed = createRequire(import.meta.url)('squawk-cli/js/index.js') as { getBinaryPath(): string } // it comes without types
  const args = ['--config', '.squawk.toml', '--reporter', 'json', options.inTransaction ? '--assume-in-transaction' : '--no-assume-in-transaction', ...files]
  return Findings.parse(JSON.parse(run(installed.getBinaryPath(), args)))
}

function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: projectRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === FOUND && 'stdout' in error) return String(error.stdout)
    throw error
  }
}

const NAME = String.raw`(?:only )?(?:if (?:not )?exists )?"?(\w+)"?`
const DROPPED_INDEX = new RegExp(`^drop index (?:concurrently )?${NAME}`)
const MADE_INDEX = new RegExp(`^create (?:unique )?index (?:concurrently )?${NAME}`)
const MADE_TABLE = new RegExp(`^create (?:unlogged )?table ${NAME}`)
const ALTERED_TABLE = new RegExp(`^alter table ${NAME}`)
const UNIQUE_INDEX = new RegExp(`^create unique index (?:concurrently )?(?:${NAME} )?on ${NAME}`)

/** What older code would notice, by what a statement begins with or has in it. */
const TAKES_AWAY: readonly [what: string, pattern: RegExp][] = [
  ['drops something', /^drop (?!index )/],
  ['drops a part of a table', /^alter table .*\bdrop (?!default\b|not null\b|identity\b|expression\b)/],
  ['renames something', /^alter .*\brename\b/],
  ['sets a column not null', /\bset not null\b/],
  ['changes the type of a column', /^alter table .*\balter (?:column )?\S+ (?:set data )?type\b/],
  ['drops a default', /\balter (?:column )?\S+ drop default\b/],
  ['takes rights away', /^revoke\b/],
  ['empties a table', /^(?:truncate|delete from)\b/],
  ['moves something to another schema', /\bset schema\b/],
]

/** The same in one action upon a table that was there before: what older code writes might be refused. */
const REFUSES: readonly [what: string, pattern: RegExp][] = [
  ['adds a constraint', /^add (?:constraint|check|unique|primary key|foreign key|exclude)\b/],
  ['adds a column that must be given', /^add (?!.*\b(?:default|generated)\b).*\bnot null\b/],
  ['adds a column that refuses values', /^add (?!constraint\b|unique\b|foreign\b).*\b(?:unique|references|check)\b/],
]

/** What a migration does that takes something away from code that is older; nothing is the only good answer for `-- expand`. */
export function findContractions(sql: string): string[] {
  const statements = splitStatements(sql).map(plain)
  const namesOf = (pattern: RegExp) => new Set(statements.flatMap((statement) => pattern.exec(statement)?.[1] ?? []))
  const [madeTables, madeIndexes] = [namesOf(MADE_TABLE), namesOf(MADE_INDEX)]
  return statements.flatMap((statement) => {
    const found = TAKES_AWAY.filter(([, pattern]) => pattern.test(statement)).map(([what]) => what)
    const dropped = DROPPED_INDEX.exec(statement)?.[1]
    if (dropped !== undefined && !madeIndexes.has(dropped)) found.push('drops an index')
    const altered = ALTERED_TABLE.exec(statement)?.[1]
    if (altered !== undefined && !madeTables.has(altered)) found.push(...actionsOf(statement).flatMap((action) => REFUSES.filter(([, pattern]) => pattern.test(action)).map(([what]) => what)))
    const unique = UNIQUE_INDEX.exec(statement)?.at(-1)
    if (unique !== undefined && !madeTables.has(unique)) found.push('adds a unique index')
    return found.map((what) => `${what}: ${statement.slice(0, 120)}`)
  })
}

/** `add column a int`, `drop column b` of an `alter table`: what its commas outside of parentheses part. */
function actionsOf(statement: string): string[] {
  let depth = 0
  const parted = statement.replace(ALTERED_TABLE, '').split('').map((sign) => {
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0
    return sign === ',' && depth === 0 ? '\n' : sign
  })
  return parted.join('').split('\n').map((action) => action.trim())
}

/** Lower case, one line, without comments, texts and bodies. */
function plain(statement: string): string {
  return statement
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').replaceAll(/(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|'(?:[^']|'')*'/g, `''`)
    .replaceAll(/\s+/g, ' ').trim().toLowerCase()
}

/** Indexes that a migration outside a transaction builds without dropping first what a cut-off build left: run again, it would fail or keep a broken one. */
export function findUnrepeatable(sql: string): string[] {
  const statements = splitStatements(sql).map(plain)
  return statements.flatMap((statement, at) => {
    const name = MADE_INDEX.exec(statement)?.[1]
    if (name !== undefined) return statements[at - 1] === `drop index concurrently if exists ${name}` ? [] : [`not dropped right before it is built: ${name}`]
    return /^(?:create table|alter table .*\badd column) (?!if not exists)/.test(statement) ? [`without "if not exists": ${statement.slice(0, 80)}`] : []
  })
}
