import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const HEAD_END = Buffer.from('\r\n\r\n')
/** An answer that takes longer is of no use to whoever asked. */
const USEFUL_MS = 1000
/** Whoever asked has gone. */
const PATIENCE_MS = 5000
const CONNECTIONS_MOST = 4000
const TICK_MS = 5

/** What became of requests: `good` are 200 within a second. Rates are per second; times in ms. */
export type OpenLoad = { asked: number; good: number; late: number; refused: number; failed: number; unasked: number; goodP50: number; goodP99: number; refusedP99: number }

type Line = { socket: Socket; askedAtMs: number | undefined; rest: Buffer }

/**
 * Asks for a path `perSecond` times, whether answers come or not, as people do who know nothing of one another: each
 * request takes a connection that is free, or a new one; who has no answer in five seconds hangs up.
 */
export async function openLoad(url: string, request: Buffer, perSecond: number, seconds: number): Promise<OpenLoad> {
  const { hostname, port } = new URL(url)
  const idle: Line[] = []
  const all = new Set<Line>()
  const goodMs: number[] = []
  const refusedMs: number[] = []
  const counts = { asked: 0, good: 0, late: 0, refused: 0, failed: 0, unasked: 0 }
  const end = (line: Line) => {
    if (!all.delete(line)) return
    if (line.askedAtMs !== undefined) counts.failed++
    line.socket.destroy()
  }
  const answered = (line: Line, status: string, isOver: boolean) => {
    const tookMs = performance.now() - line.askedAtMs!
    line.askedAtMs = undefined
    if (status === '503' || status === '429') {
      counts.refused++
      refusedMs.push(tookMs)
    } else if (status !== '200') counts.failed++
    else if (tookMs > USEFUL_MS) counts.late++
    else {
      counts.good++
      goodMs.push(tookMs)
    }
    if (isOver) end(line)
    else idle.push(line)
  }
  const read = (line: Line, data: Buffer) => {
    line.rest = line.rest.length === 0 ? data : Buffer.concat([line.rest, data])
    const headEnd = line.rest.indexOf(HEAD_END)
    if (headEnd < 0 || line.askedAtMs === undefined) return
    const head = line.rest.toString('latin1', 0, headEnd)
    const size = headEnd + HEAD_END.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (line.rest.length < size) return
    line.rest = line.rest.subarray(size)
    answered(line, head.slice(9, 12), /connection: close/i.test(head))
  }
  const open = (): Line => {
    const line: Line = { socket: connect({ host: hostname, port: Number(port), noDelay: true }), askedAtMs: undefined, rest: Buffer.alloc(0) }
    line.socket.on('error', () => end(line))
    line.socket.on('close', () => end(line))
    line.socket.on('data', (data) => read(line, data))
    all.add(line)
    return line
  }
  const startedAt = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const now = performance.now()
    for (const until = ((now - startedAt) / 1000) * perSecond; due < until; due++) {
      let line = idle.pop()
      while (line !== undefined && !all.has(line)) line = idle.pop()
      if (line === undefined && all.size >= CONNECTIONS_MOST) {
        counts.unasked++
        continue
      }
      line ??= open()
      line.askedAtMs = now
      counts.asked++
      line.socket.write(request)
    }
    for (const line of all) if (line.askedAtMs !== undefined && now - line.askedAtMs > PATIENCE_MS) end(line)
  }, TICK_MS)
  await pause(seconds * 1000)
  clearInterval(timer)
  const took = (performance.now() - startedAt) / 1000
  const rates = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / took])) as typeof counts // key for key
  for (const line of all) {
    line.askedAtMs = undefined
    end(line)
  }
  return { ...rates, goodP50: at(goodMs, 0.5), goodP99: at(goodMs, 0.99), refusedP99: at(refusedMs, 0.99) }
}

function at(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** A request that has its answer from Postgres: a person's own profile. */
export function ownProfile(url: string, token: string): Buffer {
  return Buffer.from(`GET /api/v1/me HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
}
