import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { customer } from '../backend/testing/people.ts'
import { openSocket } from '../backend/testing/socket.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { getLoad } from './http-load.ts'
import { openLoad, ownProfile } from './open-load.ts'
import { startBenchServers } from './servers.ts'

const TIMES = 3
const PROBE_MS = 250

/**
 * Three times what one replica can do, asked by people who don't wait for one another: how much of its peak it still
 * answers within a second, how fast it refuses the rest, and whether probes, a socket and its memory bear it.
 */
export async function benchOverload(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 1, settings: { userRequests: 1_000_000, anonymousRequests: 1_000_000 } })
  try {
    const [replica] = servers.replicas as [(typeof servers.replicas)[number]]
    const who = await customer({ replicas: servers.replicas, query: async () => [] })
    const request = ownProfile(replica.url, who.token)
    const peak = await getLoad(replica.url, '/api/v1/me', options.seconds, { authorization: `Bearer ${who.token}` })
    const socket = await openSocket(replica.url, { token: who.token })
    await socket.next('ready')
    const watched = watch(replica, socket)
    const load = await openLoad(replica.url, request, peak * TIMES, options.seconds)
    const { probeMs, failedProbes, heartbeatMs, rssMost } = await watched.stop()
    await pause(1000)
    const after = await openLoad(replica.url, request, peak * 0.4, Math.min(options.seconds, 5))
    const isOpen = socket.isOpen()
    await socket.close()
    const perSecond = (count: number) => `${Math.round(count)}/s`
    return {
      summary: `${Math.round((load.good / peak) * 100)} % of the peak (${perSecond(peak)}) at ${TIMES} times as much; the rest refused in p99 ${load.refusedP99.toFixed(0)} ms`,
      ratios: [
        { name: 'goodput at three times the capacity to the peak', value: load.good / peak, atLeast: 0.8 },
        { name: 'answered or refused within time, of what was asked', value: (load.good + load.refused) / load.asked, atLeast: 0.95 },
      ],
      rows: [
        ['peak, 64 connections one request after the other', perSecond(peak)],
        ['asked / could not be asked (the generator has 4,000 connections)', `${perSecond(load.asked)} / ${perSecond(load.unasked)}`],
        ['answered within 1 s, p50 / p99', `${perSecond(load.good)}, ${load.goodP50.toFixed(0)} / ${load.goodP99.toFixed(0)} ms`],
        ['answered later / failed or given up after 5 s', `${perSecond(load.late)} / ${perSecond(load.failed)}`],
        ['refused, p99', `${perSecond(load.refused)}, ${load.refusedP99.toFixed(0)} ms`],
        ['GET /health meanwhile: slowest, failed', `${probeMs.toFixed(0)} ms, ${failedProbes}`],
        ['an open socket meanwhile: slowest heartbeat, still open', `${heartbeatMs.toFixed(0)} ms, ${isOpen ? 'yes' : 'NO'}`],
        ['most memory of the replica', `${Math.round(rssMost / 1024)} MiB`],
        ['a second later at 40 %: answered within 1 s, refused', `${perSecond(after.good)} of ${perSecond(after.asked)}, ${perSecond(after.refused)}`],
      ],
    }
  } finally {
    await servers.stop()
  }
}

function watch(replica: { url: string; pid: number }, socket: Awaited<ReturnType<typeof openSocket>>) {
  const seen = { probeMs: 0, failedProbes: 0, heartbeatMs: 0, rssMost: 0 }
  const over = new AbortController()
  const running = (async () => {
    while (!over.signal.aborted) {
      const startedAt = performance.now()
      socket.send({ type: 'heartbeat' })
      await Promise.all([
        fetch(`${replica.url}/health`, { signal: AbortSignal.timeout(10_000) }).then((answer) => answer.ok, () => false).then((isOk) => {
          if (!isOk) seen.failedProbes++
          seen.probeMs = Math.max(seen.probeMs, performance.now() - startedAt)
        }),
        socket.next('heartbeat', { withinMs: 30_000 }).then(() => (seen.heartbeatMs = Math.max(seen.heartbeatMs, performance.now() - startedAt))),
      ])
      seen.rssMost = Math.max(seen.rssMost, rssKib(replica.pid))
      await pause(PROBE_MS)
    }
  })()
  return {
    async stop() {
      over.abort()
      await running
      return seen
    },
  }
}

/** Resident memory in KiB; 0 where the system does not tell. */
export function rssKib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
