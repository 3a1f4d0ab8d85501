import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { columnOf, rowsOf, type Subject } from './rows-of.ts'
import { isPersonal, type PersonalTable, type PrivacyMap } from './map.ts'

/** Deletes and changes a person's rows as the map says, all tables in one statement. Repeated, it does what is left to do. */
export async function applyErasure(tx: Tx, map: PrivacyMap, subject: Subject): Promise<void> {
  const steps = Object.entries(map).flatMap(([name, table]) => (isPersonal(table) ? stepOf(map, name, table, subject) : []))
  const parts = steps.map((step, index) => sql`${sql.identifier(`step_${index}`)} as (${step})`)
  await tx.sql.execute(sql`with ${sql.join(parts, sql`, `)} select 1`)
}

function stepOf(map: PrivacyMap, name: string, { erasure }: PersonalTable, subject: Subject): SQL[] {
  const theirs = rowsOf(map, name, subject, 'all')
  if (erasure === 'delete') return [sql`delete from ${sql.identifier(name)} where ${theirs}`]
  const values = Object.entries(erasure.set ?? {})
  if (values.length === 0 || (erasure.onlyFor !== undefined && erasure.onlyFor !== subject.kind)) return []
  const set = sql.join(values.map(([column, value]) => sql`${sql.identifier(column)} = ${value === null ? sql`null` : sql.raw(`'${value}'`)}`), sql`, `)
  // What is so already is not written again.
  const differs = sql.join(values.map(([column, value]) => sql`${columnOf(name, column)} is distinct from ${value === null ? sql`null` : sql.raw(`'${value}'`)}`), sql` or `)
  return [sql`update ${sql.identifier(name)} set ${set} where ${theirs} and (${differs})`]
}
