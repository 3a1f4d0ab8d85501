import type { Socket } from 'node:net'
import type { Random } from './random.ts'

/** What a direction does to what it carries; all of it can be changed while it runs. */
export type Shape = {
  /** Every byte comes so much later. */
  latencyMs?: number
  /** Up to so much more, drawn anew for each chunk; the order is kept, as TCP keeps it. */
  jitterMs?: number
  bytesPerSecond?: number
}

/** One direction of the proxy, as all its connections see it. */
export type Lane = {
  shape: Shape
  /** Nothing passes: `lose` what comes, or `hold` it as a sender's TCP does while it hopes. */
  blocked: 'no' | 'lose' | 'hold'
  /** Connections are reset once so many bytes have passed this way. */
  resetAfterBytes: number | undefined
  /** Changes what passes; the same length where the protocol counts bytes. */
  rewrite: ((data: Buffer) => Buffer) | undefined
}

export const openLane = (): Lane => ({ shape: {}, blocked: 'no', resetAfterBytes: undefined, rewrite: undefined })

/** Beyond this the sender is made to wait, as by a full window. */
const QUEUED_MAX = 1024 * 1024

type Chunk = { data: Buffer; dueAtMs: number }

/** One direction of one connection. */
export type Stream = {
  /** True once something was lost: such a connection is never whole again. */
  hasLost(): boolean
  /** True once the sender has ended, whether or not that has passed. */
  hasEnded(): boolean
  /** Nothing passes any more, for good, and nobody is told. */
  kill(): void
  /** Looks at its lane again. */
  update(): void
}

/**
 * Carries what `from` sends to `to`, as the lane says. A FIN is carried as a FIN behind what was sent before it, unless
 * the lane is blocked: then nobody is told.
 */
export function carry(from: Socket, to: Socket, lane: () => Lane, random: Random, reset: () => void): Stream {
  let queue: Chunk[] = []
  let queuedBytes = 0
  let passedBytes = 0
  let freeAtMs = 0
  let isDead = false
  let hasLost = false
  let hasEnded = false
  let timer: NodeJS.Timeout | undefined

  const dueAt = (data: Buffer): number => {
    const { latencyMs = 0, jitterMs = 0, bytesPerSecond } = lane().shape
    const now = performance.now()
    const arrivesAtMs = now + latencyMs + (jitterMs > 0 ? random.next() * jitterMs : 0)
    freeAtMs = Math.max(freeAtMs, arrivesAtMs) + (bytesPerSecond ? (data.length / bytesPerSecond) * 1000 : 0)
    return freeAtMs
  }
  // Answers whether more may follow.
  const write = (data: Buffer): boolean => {
    const limit = lane().resetAfterBytes
    if (limit !== undefined && passedBytes + data.length > limit) {
      const rest = data.subarray(0, Math.max(0, limit - passedBytes))
      isDead = true
      // The reset overtakes nothing: what passed before it arrives.
      if (rest.length > 0) to.write(rest, reset)
      else reset()
      return false
    }
    passedBytes += data.length
    to.write(data)
    return true
  }
  const pump = () => {
    clearTimeout(timer)
    timer = undefined
    if (isDead || lane().blocked === 'hold') return throttle()
    const now = performance.now()
    while (queue.length > 0 && queue[0]!.dueAtMs <= now) {
      const { data } = queue.shift()!
      queuedBytes -= data.length
      if (!write(data)) return
    }
    throttle()
    if (queue.length > 0) timer = setTimeout(pump, Math.max(0, queue[0]!.dueAtMs - performance.now()))
    else if (hasEnded && lane().blocked === 'no') to.end()
  }
  const throttle = () => {
    const isFull = queuedBytes > QUEUED_MAX || to.writableNeedDrain
    if (isFull && !isDead) from.pause()
    else if (from.isPaused()) from.resume()
  }
  from.on('data', (data: Buffer) => {
    if (isDead || lane().blocked === 'lose') {
      hasLost = true
      return
    }
    const changed = lane().rewrite?.(data) ?? data
    queuedBytes += changed.length
    queue.push({ data: changed, dueAtMs: dueAt(changed) })
    pump()
  })
  from.on('end', () => {
    hasEnded = true
    if (isDead || lane().blocked === 'lose') hasLost = true
    else pump()
  })
  to.on('drain', throttle)
  to.on('close', () => {
    clearTimeout(timer)
    queue = []
  })

  return {
    hasLost: () => hasLost,
    hasEnded: () => hasEnded,
    kill() {
      isDead = true
      hasLost = true
      queue = []
      clearTimeout(timer)
      // It goes on taking: a network that swallows everything acknowledges nothing, but the sender's buffers hide that too.
      if (from.isPaused()) from.resume()
    },
    update() {
      if (lane().blocked === 'lose' && queue.length > 0) {
        hasLost = true
        queue = []
        queuedBytes = 0
      }
      pump()
      throttle()
    },
  }
}
