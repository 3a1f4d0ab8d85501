import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { transact } from '../backend/platform/database.ts'
import { sql } from '../backend/platform/drizzle.ts'
import { reaction, writeOutbox, type OutboxEntry } from '../backend/platform/outbox.ts'
import { startBackground, type Background } from '../backend/testing/background.ts'
import { eventually } from '../backend/testing/wait.ts'
import { withCluster } from './cluster.ts'
import type { Figures } from './figures.ts'

const ROWS = 20_000
const WRITERS = 40
const OF_A_COMMIT = 50
const PATIENCE = { timeoutMs: 300_000 }

/** Check 33: 20,000 rows of writers that commit out of order, on two replicas, with Valkey and then without: none skipped, none twice. */
export async function benchOutbox(): Promise<Figures> {
  return withCluster({ replicas: 0 }, async () => {
    const rows: [string, string][] = []
    for (const how of ['with Valkey', 'Valkey stopped'] as const) {
      const ends: (() => Promise<void>)[] = []
      try {
        const app = await startBackground({ after: (end) => void ends.push(end) }, { replicas: 2, reactions: [noting], settings: { sweepMs: 50 }, started: false })
        await app.query('create table effects (id uuid not null); grant all on effects to public')
        for (const replica of app.replicas) replica.start()
        if (how === 'Valkey stopped') await app.valkey.stop()
        rows.push([`${ROWS} rows, ${how}`, await prove(app)])
      } finally {
        for (const end of ends.toReversed()) await end()
      }
    }
    return { summary: `${ROWS} rows out of order, twice: each ran once`, rows }
  })
}

/** Written down each time it runs: twice for one id is a double effect. */
const noting = reaction({
  topic: 'bench.note', payload: z.object({ id: z.uuid() }),
  run: async (ctx, { id }) => void await ctx.sql.execute(sql`insert into effects (id) values (${id})`),
})

async function prove(app: Background): Promise<string> {
  const startedAt = performance.now()
  const written = new Set<string>()
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
    for (let at = 0; at < ROWS / WRITERS; at += OF_A_COMMIT) {
      const entries: OutboxEntry[] = Array.from({ length: OF_A_COMMIT }, () => ({ topic: 'bench.note', payload: { id: randomUUID() } }))
      await transact(app.replicas[writer % app.replicas.length]!.ctx, async (tx) => {
        await writeOutbox(tx, entries)
        // Rows with older ids become visible after rows with newer ones.
        await tx.sql.execute(sql`select pg_sleep(${(writer % 5) / 100})`)
      })
      for (const entry of entries) written.add(entry.payload['id']!)
    }
  }))
  const writtenMs = performance.now() - startedAt
  await eventually(async () => (await app.query('select 1 from outbox where done_at is null limit 1')).length === 0, 'all is done', PATIENCE)
  const doneMs = performance.now() - startedAt
  const ran = (await app.query<{ id: string }>('select id from effects')).map(({ id }) => id)
  const [parked] = await app.query<{ n: string }>('select count(*) as n from outbox where parked_at is not null or attempts <> 1')
  if (ran.length !== ROWS || new Set(ran).size !== ROWS || !ran.every((id) => written.has(id))) throw new Error(`${ran.length} effects of ${new Set(ran).size} rows, ${ROWS} were written`)
  const by = (await app.ctx.metrics.outboxDone.get()).values.concat((await app.replicas[1]!.ctx.metrics.outboxDone.get()).values)
  const jobs = by.filter(({ labels }) => labels['by'] === 'job').reduce((sum, { value }) => sum + value, 0)
  return `each once; written in ${(writtenMs / 1000).toFixed(1)} s, done after ${(doneMs / 1000).toFixed(1)} s (${Math.round(ROWS / (doneMs / 1000))}/s), ${jobs} by jobs, the others by sweeps, ${parked!.n} tried again`
}
