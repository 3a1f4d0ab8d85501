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

type Crowd = { perSecond: number; bytesEach: number; drops: number }

/**
 * 10,000 idle signed-in sockets on one replica, with their heartbeats: memory a socket, how quickly they are accepted, and
 * how many are lost while nothing happens; beside bare `ws` with the same clients.
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
      summary: `${SOCKETS} idle sockets: ${memory.toFixed(2)} × the memory of bare ws, accepted at ${acceptance.toFixed(2)} × its rate, ${own.drops} dropped in ${options.seconds} s`,
      ratios: [{ name: 'memory a socket to bare ws', value: memory, atMost: 1.7 }, { name: 'accepted a second to bare ws', value: acceptance, atLeast: 0.5 }],
      rows: [
        ['bare ws: memory a socket, accepted', `${kilobytes(raw.bytesEach)}, ${Math.round(raw.perSecond)}/s`],
        ['one replica: memory a socket, signed in and ready', `${kilobytes(own.bytesEach)}, ${Math.round(own.perSecond)}/s`],
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
  let drops = 0
  const startedAt = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let at = next++; at < SOCKETS; at = next++) {
      const socket = await connect(server.url, tokenOf(at))
      socket.on('close', () => drops++)
      sockets.push(socket)
    }
  }))
  const perSecond = SOCKETS / ((performance.now() - startedAt) / 1000)
  await pause(idleMs)
  const bytesEach = (residentBytes(server.pid) - before) / SOCKETS
  const lost = drops
  for (const socket of sockets) socket.terminate()
  return { perSecond, bytesEach, drops: lost }
}

function connect(url: string, token: string | undefined): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/realtime`, { perMessageDeflate: false, ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }) })
  socket.on('message', (data: Buffer) => {
    if (data.toString('latin1', 9, 14) === 'ready') resolve(socket)
  })
  socket.once('error', reject)
  socket.once('close', (code) => reject(new Error(`closed ${code} before it was ready`)))
  return promise
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
