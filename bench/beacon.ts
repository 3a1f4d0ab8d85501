import { startBare } from './bare.ts'
import { median, type BenchOptions, type Figures } from './figures.ts'
import { getLoad } from './http-load.ts'
import { startBenchServers } from './servers.ts'

const PATH = '/api/v1/availability'
const ROUNDS = 3

/** The beacon that everybody polls, with its limits, headers and tag, beside a bare Fastify route with the same body. */
export async function benchBeacon(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 1, profileDir: options.profileDir })
  try {
    const { url } = servers.replicas[0]!
    const bare = await startBare('bare-route.ts', [await (await fetch(`${url}${PATH}`)).text()])
    try {
      const own: number[] = []
      const raw: number[] = []
      // In turns: whatever else the machine does meets both.
      for (let round = 0; round < ROUNDS; round++) {
        raw.push(await getLoad(bare.url, PATH, options.seconds / ROUNDS))
        own.push(await getLoad(url, PATH, options.seconds / ROUNDS))
      }
      const ratio = median(own) / median(raw)
      return {
        summary: `the beacon answers at ${ratio.toFixed(2)} × a bare Fastify route`,
        ratios: [{ name: 'beacon to a bare route', value: ratio, atLeast: 0.9 }],
        rows: [['bare route', `${Math.round(median(raw))}/s`], ['beacon', `${Math.round(median(own))}/s`]],
      }
    } finally {
      await bare.stop()
    }
  } finally {
    await servers.stop()
  }
}
