import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { startBare } from './bare.ts'
import { makeCrowd } from './crowd.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers } from './servers.ts'

const SOCKETS = 10_000
/** Connecting at once: enough to keep the server busy, as a herd would. */
const AT_ONCE = 100
/** A process gives back what connecting took, as far as it will. */
const SETTLE_MS = 10_000

type Crowd = { perSecond: number; readyPerSecond: number; bytesEach: number; drops: number }

/**
 * 10,000 idle signed-in sockets on one replica, with their heartbeats: memory a socket, how quickly they are accepted (told
 * who they are) and ready (told how everything stands), and how many are lost while nothing happens; beside bare `ws` with the same clients.
 */
export async function benchSockets(options: BenchOptions): Promise<Figures> {
  const bare = await startBare('bare-server.ts')
  const raw = await gather(bare, () => undefined, SETTLE_MS)
  await bare.stop()
  const servers = await startBenchServers({ replicas: 1, profileDir: options.profileDir })
  try {
    const members = await makeCrowd(servers, SOCKETS)
    const own = await gather(servers.replicas[0]!, (at) => members[at]!.token, Math.max(SETTLE_MS, options.seconds * 1000))
    const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
    const memory = own.bytesEach / raw.bytesEach
    const acceptance = own.perSecond / raw.perSecond
    return {
      summary: `${SOCKETS} idle sockets: ${memory.toFixed(2)} × the memory of bare ws, accepted at ${acceptance.toFixed(2)} × its rate (ready at ${(own.readyPerSecond / raw.perSecond).toFixed(2)} ×), ${own.drops} dropped in ${options.seconds} s`,
      ratios: [{ name: 'memory a socket to bare ws', value: memory, atMost: 1.7 }, { name: 'accepted a second to bare ws', value: acceptance, atLeast: 0.5 }],
      rows: [
        ['bare ws: memory a socket, accepted', `${kilobytes(raw.bytesEach)}, ${Math.round(raw.perSecond)}/s`],
        ['one replica: memory a socket, accepted, ready', `${kilobytes(own.bytesEach)}, ${Math.round(own.perSecond)}/s, ${Math.round(own.readyPerSecond)}/s`],
        [`dropped in ${options.seconds} s`, String(own.drops)],
      ],
    }
  } finally {
    await servers.stop()
  }
}

async function gather(server: { url: string; pid: number }, tokenOf: (at: number) => string | undefined, idleMs: number): Promise<Crowd> {
  const before = residentBytes(server.pid)
  const sockets: WebSocket[] = []
  const readies: Promise<void>[] = []
  let drops = 0
  const startedAt = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let at = next++; at < SOCKETS; at = next++) {
      const { socket, accepted, ready } = connect(server.url, tokenOf(at))
      sockets.push(socket)
      readies.push(ready)
      await accepted
      socket.on('close', () => drops++)
    }
  }))
  const rate = () => SOCKETS / ((performance.now() - startedAt) / 1000)
  const perSecond = rate()
  await Promise.all(readies)
  const readyPerSecond = rate()
  await pause(idleMs)
  const bytesEach = (residentBytes(server.pid) - before) / SOCKETS
  const lost = drops
  for (const socket of sockets) socket.terminate()
  return { perSecond, readyPerSecond, bytesEach, drops: lost }
}

// The bare server's only greeting is `ready`; ours says `authenticated` first.
function connect(url: string, token: string | undefined): { socket: WebSocket; accepted: Promise<void>; ready: Promise<void> } {
  const accepted = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/realtime`, { perMessageDeflate: false, ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }) })
  socket.on('message', (data: Buffer) => {
    accepted.resolve()
    if (data.toString('latin1', 9, 14) === 'ready') ready.resolve()
  })
  const fail = (error: Error) => {
    accepted.reject(error)
    ready.reject(error)
  }
  socket.once('error', fail)
  socket.once('close', (code) => fail(new Error(`closed ${code} before it was ready`)))
  return { socket, accepted: accepted.promise, ready: ready.promise }
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
