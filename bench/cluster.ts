import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startCluster, type Cluster, type ClusterOptions } from '../backend/testing/cluster.ts'
import { discardPostgres, startPostgres } from '../backend/testing/servers/postgres.ts'
import { projectRoot } from '../backend/testing/servers/processes.ts'
import { findValkey, PROGRAM_VARIABLE } from '../backend/testing/servers/valkey-program.ts'
import { prepareTemplate } from '../backend/testing/template.ts'

export type BenchPostgres = { stopAtOnce(): Promise<void>; startAgain(): Promise<void> }

/** Runs `work` on a cluster as tests have it, with a Postgres of its own that really commits to disk. */
export async function withCluster<T>(options: ClusterOptions, work: (cluster: Cluster, postgres: BenchPostgres) => Promise<T>): Promise<T> {
  const folder = join(projectRoot, `.data/bench-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const dataDir = join(folder, 'postgres')
  let postgres = await startPostgres({ dataDir, durable: true, fresh: true })
  const control: BenchPostgres = {
    stopAtOnce: () => postgres.stop('immediate'),
    startAgain: async () => {
      postgres = await startPostgres({ dataDir, durable: true, port: postgres.port })
    },
  }
  const ends: (() => Promise<void>)[] = []
  try {
    await prepareTemplate(postgres)
    process.env['TEST_DATABASE_URL'] = postgres.url()
    process.env[PROGRAM_VARIABLE] = JSON.stringify(findValkey())
    process.env['NODE_COMPILE_CACHE'] ??= join(projectRoot, '.data/compile-cache')
    return await work(await startCluster({ after: (end) => void ends.push(end) }, options), control)
  } finally {
    for (const end of ends.toReversed()) await end()
    await postgres.stop()
    await discardPostgres(dataDir)
    rmSync(folder, { recursive: true, force: true })
  }
}
