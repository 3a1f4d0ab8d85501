import type { Queryable } from '../platform/database.ts'

const ASKS = new Set<PropertyKey>(['insert', 'update', 'delete', 'select', 'execute'])

/** The same handle, which counts its statements. Of a transaction its begin and its end are counted, not what is asked within. */
export function countStatements<T extends Queryable>(sql: T): { sql: T; count: () => number } {
  let count = 0
  const counted = new Proxy(sql, {
    get(target, name) {
      count += ASKS.has(name) ? 1 : name === 'transaction' ? 2 : 0
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value // a method of drizzle's
    },
  })
  return { sql: counted, count: () => count }
}
