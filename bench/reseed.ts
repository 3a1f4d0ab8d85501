import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'iovalkey'
import { seedFromPostgres } from '../backend/modules/mitras/mirror-seed.ts'
import { chunked } from '../backend/modules/mitras/mirror-keys.ts'
import { testEnv } from '../backend/testing/env.ts'
import { createWorld } from '../backend/world.ts'
import { makeMitras } from './mitras.ts'
import { median, type BenchOptions, type Figures } from './figures.ts'
import { startBenchServers } from './servers.ts'

const MITRAS = 100_000
const ROUNDS = 5

/** 100,000 mitras into an empty mirror (read, written, compared), beside the same keys written raw in pipelines. */
export async function benchReseed(_options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0 })
  const world = createWorld(testEnv({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: servers.valkeyUrl }), { processMetrics: false })
  const client = new Redis(servers.valkeyUrl)
  try {
    const mitraIds = await makeMitras(servers, MITRAS)
    while (!world.ctx.valkey.isUp()) await pause(20)
    const raw: number[] = []
    const own: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await client.flushall()
      raw.push(await timed(() => writeRaw(client, mitraIds)))
      await client.flushall()
      own.push(await timed(async () => {
        if (!(await seedFromPostgres(world.ctx))) throw new Error('the mirror was not rebuilt')
      }))
      const online = await client.scard('mitras:online')
      if (online !== MITRAS) throw new Error(`${online} of ${MITRAS} mitras are in the mirror`)
    }
    const ratio = median(own) / median(raw)
    return {
      summary: `${MITRAS} mitras reseeded in ${ratio.toFixed(2)} × the time of raw pipelined writes`,
      ratios: [{ name: 'reseed to raw pipelined writes', value: ratio, atMost: 2 }],
      rows: [['raw pipelined writes', `${Math.round(median(raw))} ms`], ['read, written and compared', `${Math.round(median(own))} ms`]],
    }
  } finally {
    client.disconnect()
    await world.close()
    await servers.stop()
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** One SADD and two SETs a mitra, a thousand mitras a pipeline. */
async function writeRaw(client: Redis, mitraIds: readonly string[]): Promise<void> {
  const now = new Date().toISOString()
  for (const some of chunked(mitraIds)) {
    const pipeline = client.pipeline()
    for (const id of some) pipeline.sadd('raw:online', id).set(`raw:capacity:${id}`, '0').set(`raw:heartbeat:${id}`, now)
    await pipeline.exec()
  }
}
