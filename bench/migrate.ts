import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { digitsOf } from '../backend/platform/migration-files.ts'
import { migrateUp, MIGRATIONS, SCHEMA_RANGE } from '../backend/platform/migrations.ts'
import { APP_ROLE } from '../backend/testing/template.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers } from './servers.ts'

const WRITERS = 8
const READER_SECONDS = 4
const ROWS = 300_000

/** A migration of a table that is written to all the time, while somebody reads it for seconds at a stretch: how long a write stands still. */
export async function benchMigrate({ seconds }: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0 })
  const dir = mkdtempSync(join(tmpdir(), 'halobestie-migrate-'))
  try {
    for (const file of readdirSync(MIGRATIONS)) copyFileSync(join(MIGRATIONS, file), join(dir, file))
    await servers.owner.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) select '01900000-0000-7000-8000-000000000001', n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'said' from generate_series(1, ${ROWS}) n`)
    const load = startLoad(servers.databaseUrl)
    await sleep(seconds * 500)
    const before = load.longestMs()
    const [next, then] = [digitsOf(SCHEMA_RANGE.max + 1), digitsOf(SCHEMA_RANGE.max + 2)]
    writeFileSync(join(dir, `${next}_bench.sql`), `-- expand\nalter table messages add column flags jsonb;\nalter table messages add column mood integer not null default 0;\n`)
    writeFileSync(join(dir, `${then}_bench_index.sql`), '-- no-transaction\n-- expand\ndrop index concurrently if exists bench_ledger;\ncreate index concurrently bench_ledger on ledger_entries (amount_idr);\n')
    const lines: string[] = []
    const startedMs = performance.now()
    await migrateUp({ url: servers.ownerUrl, appRole: APP_ROLE, dir, log: (line) => void lines.push(line) })
    const tookMs = performance.now() - startedMs
    const { writes, failed } = await load.stop()
    const longest = load.longestMs()
    return {
      summary: `the longest write took ${Math.round(longest)} ms while a table of ${ROWS} rows was migrated (${Math.round(before)} ms before), ${failed} failed`,
      ratios: [{ name: 'the longest write, in seconds', value: longest / 1000, atMost: 1 }],
      rows: [
        ['writes', `${writes} by ${WRITERS} at once, ${failed} failed`], ['the longest before', `${before.toFixed(0)} ms`], ['the longest', `${longest.toFixed(0)} ms`],
        ['the migration', `${(tookMs / 1000).toFixed(1)} s, tried ${1 + lines.filter((line) => line.includes('trying again')).length} times, against a reader of ${READER_SECONDS} s at a stretch`],
      ],
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
    await servers.stop()
  }
}

function startLoad(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: WRITERS + 1 })
  const stopping = new AbortController()
  let [writes, failed, longestMs] = [0, 0, 0]
  const write = async (_: unknown, at: number) => {
    for (let seq = ROWS + 1 + at; !stopping.signal.aborted; seq += WRITERS) {
      const startedMs = performance.now()
      await pool.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) values ('01900000-0000-7000-8000-000000000001', $1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'said')`, [seq]).catch(() => failed++)
      longestMs = Math.max(longestMs, performance.now() - startedMs)
      writes++
      await sleep(5)
    }
  }
  const read = async () => {
    while (!stopping.signal.aborted) {
      const client = await pool.connect()
      await client.query('begin')
      await client.query('select count(*) from messages')
      await client.query(`select pg_sleep(${READER_SECONDS})`)
      await client.query('commit')
      client.release()
      await sleep(500)
    }
  }
  const running = Promise.all([read(), ...Array.from({ length: WRITERS }, write)])
  return {
    longestMs: () => longestMs,
    async stop() {
      stopping.abort()
      await running
      await pool.end()
      return { writes, failed }
    },
  }
}
