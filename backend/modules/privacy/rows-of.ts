import { sql, type SQL } from '../../platform/drizzle.ts'
import { account, walletBegins } from '../ledger/index.ts'
import { columnsOf, isPersonal, type PersonalTable, type PrivacyMap } from './map.ts'

export type Subject = { id: string; kind: 'customer' | 'mitra'; phoneHash: Buffer; /** What is older may be of a former owner of the number. */ historyFrom: Date | null }

export const columnOf = (table: string, column: string): SQL => sql`${sql.identifier(table)}.${sql.identifier(column)}`

/** The condition that finds a person's rows of a table: all of them, or (`since`) those that are surely theirs. */
export function rowsOf(map: PrivacyMap, name: string, subject: Subject, which: 'all' | 'since'): SQL {
  const table = map[name]
  if (table === undefined || !isPersonal(table)) throw new Error(`${name} is not about persons`)
  const parts = [found(map, name, table, subject, which)]
  if (table.only !== undefined) parts.push(sql.raw(`(${table.only})`))
  if (which === 'since' && table.since !== undefined && subject.historyFrom !== null) {
    // What took the old owner's money away is a moment younger than the new history.
    const from = 'account' in table.rows ? walletBegins(subject.id) : sql`${subject.historyFrom.toISOString()}::timestamptz`
    parts.push(sql`${columnOf(name, table.since)} >= ${from}`)
  }
  return sql.join(parts, sql` and `)
}

function found(map: PrivacyMap, name: string, { rows }: PersonalTable, subject: Subject, which: 'all' | 'since'): SQL {
  if ('columns' in rows) return sql`(${sql.join(columnsOf(rows.columns).map((column) => sql`${columnOf(name, column)} = ${subject.id}`), sql` or `)})`
  if ('phoneHash' in rows) return sql`${columnOf(name, rows.phoneHash)} = ${subject.phoneHash}`
  if ('account' in rows) {
    const accounts = [account.wallet(subject.id), account.promo(subject.id), account.payable(subject.id)]
    return sql`${columnOf(name, rows.account)} = any(${sql.param(accounts)}::text[])`
  }
  return sql`${columnOf(name, rows.by)} in (select ${columnOf(rows.of, rows.key ?? 'id')} from ${sql.identifier(rows.of)} where ${rowsOf(map, rows.of, subject, which)})`
}
