import { randomInt } from 'node:crypto'
import { Writable } from 'node:stream'
import { Redis } from 'iovalkey'
import { createLog, type Log } from '../platform/log.ts'
import type { TestApp } from './app.ts'

/** What a person gives away, in words and numbers that stand nowhere by chance. */
export type Canary = { name: string; email: string; word: string; account: string; holder: string; phone(): string; phones: string[] }

export function newCanary(): Canary {
  const mark = String(randomInt(100_000, 1_000_000))
  const phones: string[] = []
  return {
    phones, name: `Kenari ${mark}`, email: `kenari.${mark}@surat.example`, word: `rahasiakenari${mark}`, account: `7310${mark}`, holder: `Pemilik ${Array.from(mark, (digit) => 'abcdefghij'[Number(digit)]).join('')}kenari`,
    phone() {
      phones.push(`+62811${mark}${String(phones.length).padStart(2, '0')}`)
      return phones.at(-1)!
    },
  }
}

/** A log that is kept, down to its finest level. */
export function keepLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: createLog({ level: 'trace', environment: 'test', destination }), lines }
}

/** What is looked for, under the name that a find is reported by. A number however it is written. */
function marksOf({ name, email, word, account, holder, phones }: Canary): Record<string, string[]> {
  return { name: [name], email: [email], text: [word], account: [account], holder: [holder], phone: phones.map((phone) => phone.slice(3)) }
}

/** Every column of the database in which a mark stands: `table.column: mark`. */
export async function findInDatabase(app: Pick<TestApp, 'query'>, canary: Canary): Promise<string[]> {
  const columns = await app.query<{ table: string; column: string; type: string }>(`
    select c.table_name as table, c.column_name as column, c.data_type as type from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema not in ('pg_catalog', 'information_schema') and t.table_type = 'BASE TABLE' and c.data_type in ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY', 'tsvector')
      and not exists (select from pg_inherits i where i.inhrelid = (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass) order by 1, 2`)
  const found: string[] = []
  for (const [mark, texts] of Object.entries(marksOf(canary))) {
    const rows = await app.query<{ place: string }>(columns.map(({ table, column, type }) => {
      const text = type === 'bytea' ? `encode("${column}", 'escape')` : `"${column}"::text`
      return `(select '${table}.${column}' as place from "${table}" where ${text} ilike any($1) limit 1)`
    }).join(' union all '), [texts.map((one) => `%${one}%`)])
    found.push(...rows.map(({ place }) => `${place}: ${mark}`))
  }
  return found.toSorted()
}

const READERS: Record<string, (valkey: Redis, key: string) => Promise<unknown>> = {
  string: (valkey, key) => valkey.get(key),
  hash: (valkey, key) => valkey.hgetall(key),
  list: (valkey, key) => valkey.lrange(key, 0, -1),
  set: (valkey, key) => valkey.smembers(key),
  zset: (valkey, key) => valkey.zrange(key, 0, -1),
  stream: (valkey, key) => valkey.xrange(key, '-', '+'),
}

/** Every key of Valkey in which, or in whose name, a mark stands; and how many were read. */
export async function findInValkey(url: string, canary: Canary): Promise<{ read: number; found: string[] }> {
  const valkey = new Redis(url)
  try {
    const keys = await valkey.keys('*')
    const texts = await Promise.all(keys.map(async (key) => {
      const reader = READERS[await valkey.type(key)]
      return { key, text: `${key} ${JSON.stringify(reader ? await reader(valkey, key) : '')}` }
    }))
    return { read: keys.length, found: texts.flatMap(({ key, text }) => findInText(text, canary).map((mark) => `${key}: ${mark}`)) }
  } finally {
    valkey.disconnect()
  }
}

/** Which marks stand in a text. */
export function findInText(text: string, canary: Canary): string[] {
  const small = text.toLowerCase()
  return Object.entries(marksOf(canary)).flatMap(([mark, texts]) => (texts.some((one) => small.includes(one.toLowerCase())) ? [mark] : []))
}
