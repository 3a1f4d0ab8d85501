import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { customer } from '../backend/testing/people.ts'
import { openSocket } from '../backend/testing/socket.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { getLoad } from './http-load.ts'
import { openLoad, ownProfile } from './open-load.ts'
import { rssKib } from './overload.ts'
import { startBenchServers } from './servers.ts'

const SHARE = 0.4
const PEAK_SECONDS = 5
/** Caches fill and the compiler works at first: what is measured begins after this share of the time. */
const WARM_SHARE = 0.3
const SAMPLES = 60
const SOCKETS = 50

type Sample = { atMs: number; rss: number; descriptors: number }

/**
 * 40 % of what a replica can do, for as long as `--seconds` says (1800 is the drill of half an hour), while sockets come
 * and go: memory and descriptors may not grow. A sample is the least memory of its stretch: between two collections it saws.
 */
export async function benchSoak(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 1, settings: { userRequests: 1_000_000, anonymousRequests: 1_000_000 } })
  try {
    const [replica] = servers.replicas as [(typeof servers.replicas)[number]]
    const who = await customer({ replicas: servers.replicas, query: async () => [] })
    const peak = await getLoad(replica.url, '/api/v1/me', PEAK_SECONDS, { authorization: `Bearer ${who.token}` })
    const samples: Sample[] = []
    const over = new AbortController()
    const sampling = (async () => {
      const everyMs = (options.seconds * 1000) / SAMPLES
      while (!over.signal.aborted) {
        let rss = Number.POSITIVE_INFINITY
        for (const until = performance.now() + everyMs; performance.now() < until && !over.signal.aborted; await pause(100)) rss = Math.min(rss, rssKib(replica.pid))
        samples.push({ atMs: performance.now(), rss, descriptors: readdirSync(`/proc/${replica.pid}/fd`).length })
      }
    })()
    const comings = (async () => {
      while (!over.signal.aborted) {
        const socket = await openSocket(replica.url, { token: who.token }).catch(() => undefined)
        if (socket) {
          await socket.next('ready').catch(() => undefined)
          await socket.close()
        }
        await pause(1000 / SOCKETS)
      }
    })()
    const load = await openLoad(replica.url, ownProfile(replica.url, who.token), peak * SHARE, options.seconds)
    over.abort()
    await Promise.all([sampling, comings])
    const kept = samples.slice(Math.floor(samples.length * WARM_SHARE), -1)
    const [first, last] = [kept[0]!, kept.at(-1)!]
    const perTenMinutes = (slope(kept.map(({ atMs, rss }) => [atMs, rss])) * 600_000) / average(kept.map(({ rss }) => rss))
    const descriptors = slope(kept.map(({ atMs, descriptors: open }) => [atMs, open])) * (last.atMs - first.atMs)
    return {
      summary: `memory ${(perTenMinutes * 100).toFixed(2)} % per 10 min, descriptors ${descriptors.toFixed(1)} over ${Math.round((last.atMs - first.atMs) / 1000)} s, at ${Math.round(peak * SHARE)}/s`,
      ratios: [
        { name: 'memory after ten minutes to memory before', value: 1 + perTenMinutes, atMost: 1.01 },
        { name: 'descriptors at the end to those at the beginning', value: last.descriptors / first.descriptors, atMost: 1.1 },
        { name: 'answered within 1 s, of what was asked', value: load.good / load.asked, atLeast: 0.999 },
      ],
      rows: [
        ['peak, and what was asked', `${Math.round(peak)}/s, ${Math.round(load.asked)}/s`],
        ['memory at the beginning and the end of what was measured', `${Math.round(first.rss / 1024)} / ${Math.round(last.rss / 1024)} MiB`],
        ['descriptors', `${first.descriptors} / ${last.descriptors}`],
        ['p50 / p99', `${load.goodP50.toFixed(1)} / ${load.goodP99.toFixed(1)} ms`],
        ['failed, late, refused', `${load.failed.toFixed(2)}/s, ${load.late.toFixed(2)}/s, ${load.refused.toFixed(2)}/s`],
      ],
    }
  } finally {
    await servers.stop()
  }
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The least squares' line: how much of the second for one of the first. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const [middleX, middleY] = [average(points.map(([x]) => x)), average(points.map(([, y]) => y))]
  const [above, below] = points.reduce(([sum, square], [x, y]) => [sum + (x - middleX) * (y - middleY), square + (x - middleX) ** 2], [0, 0])
  return above / below
}
