import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { onDatabase } from '../backup/restore.ts'

const ROWS_AT_ONCE = 20_000
const ROW_BYTES = 512
export const CONVERSATION = '01900000-0000-7000-8000-000000000001'
export const PERSON = '01900000-0000-7000-8000-000000000002'

/** Fills a migrated database with about so many megabytes of messages that don't compress well, and a person in it. */
export async function fill(url: string, megabytes: number): Promise<void> {
  await onDatabase(url, async (client) => {
    await client.query(`insert into users (id, kind, phone_hash, phone_prefix, display_name) values ($1, 'customer', '\\x01', '+6281', 'Ani')`, [PERSON])
    await client.query(`insert into conversations (id, writable_until) values ($1, app_now() + interval '1 day')`, [CONVERSATION])
    const rows = Math.ceil(megabytes * 1024 * 1024 / ROW_BYTES)
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      await client.query(`
        insert into messages (conversation_id, seq, id, client_id, sender_id, body)
        select $1, 1000000 + n, gen_random_uuid(), gen_random_uuid(), $2, (select string_agg(md5(random()::text || n || part), '') from generate_series(1, 12) part)
        from generate_series($3::int, $4::int) n`, [CONVERSATION, PERSON, from + 1, Math.min(rows, from + ROWS_AT_ONCE)])
    }
    await client.query('analyze')
  })
}

/** A hash of every row of every table, by table: two databases with the same ones hold the same. */
export async function digestOf(url: string): Promise<Map<string, string>> {
  return onDatabase(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(`select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> 'schema_migrations' order by 1`)
    const digests = new Map<string, string>()
    for (const { name } of tables) {
      // A sum of hashes: the order of rows is nobody's business, and nothing has to be sorted.
      const { rows: [row] } = await client.query<{ digest: string }>(`select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as digest from ${name} t`)
      digests.set(name, row!.digest)
    }
    return digests
  })
}

export type Acked = { seq: number; at: number }
export type Writer = { acked: Acked[]; stop: () => Promise<void> }

/** Writes a message with its money again and again, each in a transaction, and remembers what was acked when. Ends by itself when the server is gone. */
export function startWriter(url: string): Writer {
  const acked: Acked[] = []
  const stopping = new AbortController()
  const run = async () => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => stopping.abort()) // the server is gone
    await client.connect()
    try {
      for (let seq = 1; !stopping.signal.aborted; seq++) {
        await client.query('begin')
        await client.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) values ($1, $2, gen_random_uuid(), gen_random_uuid(), $3, 'said')`, [CONVERSATION, seq, PERSON])
        const id = randomUUID()
        await client.query(`insert into ledger_transactions (id, key, flow) values ($1, 'drill:' || $2::text, 'payment')`, [id, seq])
        await client.query(`insert into ledger_entries (transaction_id, account, amount_idr) values ($1, 'provider_clearing', -1000), ($1, 'platform_revenue', 1000)`, [id])
        await client.query('commit')
        acked.push({ seq, at: Date.now() })
        await sleep(10)
      }
    } catch {
      // The server was killed under it: what was acked is what counts.
    } finally {
      await client.end().catch(() => {}) // gone with the server
    }
  }
  const running = run()
  running.catch(() => {}) // told by stop()
  return {
    acked,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** What is there of what the writer wrote: the last seq, how many, and what the ledger sums to. */
export async function findWritten(url: string): Promise<{ last: number; count: number; payloadRows: number; ledgerRows: number; sumIdr: number }> {
  return onDatabase(url, async (client) => {
    const { rows: [row] } = await client.query(`
      select coalesce(max(seq) filter (where seq < 1000000), 0)::int as last, count(*) filter (where seq < 1000000)::int as count, count(*) filter (where seq >= 1000000)::int as "payloadRows",
        (select count(*) from ledger_transactions)::int as "ledgerRows", (select coalesce(sum(amount_idr), 0) from ledger_entries)::int as "sumIdr" from messages`)
    return row
  })
}
