import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** Migrations up to this one say nothing about older code, and are taken to need their own. */
const LAST_SILENT = 46

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/
const EXPAND = /^-- expand$/
const CONTRACT = /^-- contract: needs code that knows (\d{4})$/

export type Migration = {
  version: number
  name: string
  sql: string
  checksum: string
  transactional: boolean
  /** What it does to code that is older: adds to what that code sees, or takes something away. Undefined where nobody said. */
  kind?: 'expand' | 'contract'
  /** The newest migration that code has to know to work once this one is applied; 0 for any code. */
  needs: number
}

/** Migrations or the database's record of them can't be used; the message is one line for people. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

/** `0046_control_safety_lists` */
export function label(migration: { version: number; name: string }): string {
  return `${digitsOf(migration.version)}_${migration.name}`
}

/** `0046` */
export function digitsOf(version: number): string {
  return String(version).padStart(4, '0')
}

/** The migrations of a folder in order; throws MigrationError on a gap, a duplicate, a strange name or a header that is missing. */
export function readMigrations(dir: string = MIGRATIONS): Migration[] {
  return readdirSync(dir).filter((name) => name.endsWith('.sql')).toSorted().map((file, index) => {
    const [, digits, name] = FILE.exec(file) ?? []
    if (!digits || !name) throw new MigrationError(`migrations/${file}: the name must be NNNN_what_it_does.sql`)
    if (Number(digits) !== index + 1) throw new MigrationError(`migrations/${file}: number ${digitsOf(index + 1)} was expected here`)
    const sql = readFileSync(join(dir, file), 'utf8').replaceAll('\r\n', '\n')
    return { version: index + 1, name, sql, checksum: createHash('sha256').update(sql).digest('hex'), ...readHeader(file, index + 1, sql) }
  })
}

function readHeader(file: string, version: number, sql: string): Pick<Migration, 'transactional' | 'kind' | 'needs'> {
  const body = sql.search(/^(?!--)/m)
  const lines = (body === -1 ? sql : sql.slice(0, body)).split('\n').map((line) => line.trimEnd())
  const transactional = lines[0] !== '-- no-transaction'
  const contracts = lines.flatMap((line) => CONTRACT.exec(line)?.[1] ?? [])
  const said = contracts.length + lines.filter((line) => EXPAND.test(line)).length
  if (said === 0 && version <= LAST_SILENT) return { transactional, needs: version }
  if (said !== 1) throw new MigrationError(`migrations/${file}: the comment at its top must say either "-- expand" or "-- contract: needs code that knows NNNN"`)
  if (contracts[0] === undefined) return { transactional, kind: 'expand', needs: 0 }
  const needs = Number(contracts[0])
  if (needs > version) throw new MigrationError(`migrations/${file}: no code knows ${contracts[0]} before it knows this one`)
  return { transactional, kind: 'contract', needs }
}

/** The number of the newest migration of a folder; 0 where there is none. */
export function newestIn(dir: string): number {
  return Math.max(0, ...readdirSync(dir).map((file) => Number(FILE.exec(file)?.[1] ?? 0)))
}

/** `expand` or `contract, needs code that knows 0047`, for people; empty where the migration says nothing. */
export function meaningOf(migration: Migration): string {
  if (migration.kind === undefined) return ''
  return migration.kind === 'expand' ? 'expand' : `contract, needs code that knows ${digitsOf(migration.needs)}`
}
