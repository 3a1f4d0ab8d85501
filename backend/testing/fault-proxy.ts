import { once } from 'node:events'
import { createServer, Socket, type Server } from 'node:net'
import type { Test } from 'tap'
import { carry, openLane, type Lane, type Shape, type Stream } from './fault-stream.ts'
import { chooseSeed, createRandom } from './random.ts'
import { errorCode, freePort } from './servers/processes.ts'

export type { Shape } from './fault-stream.ts'
export type Direction = 'toServer' | 'toClient'

/**
 * A TCP way to one of our own servers that does on purpose what networks do. Everything is switched while it runs and
 * holds for open connections as well, unless it says otherwise.
 */
export type FaultProxy = {
  /** Of 127.0.0.1; the same for the proxy's life. */
  readonly port: number
  readonly seed: number
  /** Connections that somebody still has. */
  connections(): number
  /**
   * All faults end; from now on it carries to this port of 127.0.0.1. Connections that lost something are reset, as by a
   * host that has forgotten them; those that lost nothing go on.
   */
  open(targetPort?: number): void
  /** Slows what passes; `{}` ends it. */
  shape(shape: Shape, direction?: Direction): void
  /** New connections are accepted, nothing passes, nobody is told of an end. With `holds` nothing is lost: a short blackhole. */
  blackhole(options?: { direction?: Direction; holds?: boolean }): void
  /** Whoever is connected has lost the other side without a word, for good; new connections work. */
  halfOpen(): void
  /** A real RST to both sides once so many bytes have passed that way on a connection; undefined ends it. */
  resetAfter(bytes: number | undefined, direction?: Direction): void
  /** Changes the bytes that pass that way; undefined ends it. */
  rewrite(change: ((data: Buffer) => Buffer) | undefined, direction: Direction): void
  /** A real RST for every open connection; new ones work. */
  reset(): void
  /** New connections are refused by the system; open ones stay. */
  refuse(): void
  /** `reset` and `refuse`: a server that is not there. */
  cut(): void
  stop(): void
}

/** `dial` is there while the server has not heard of the connection. */
type Link = { near: Socket; far: Socket; up: Stream; down: Stream; dial: (() => void) | undefined }

const REBIND_MS = 20

/** A proxy that ends with the test; its seed is in the output where randomness was used. */
export async function startFaultProxy(t: Pick<Test, 'after' | 'comment'>, targetPort = 0, options: { seed?: number } = {}): Promise<FaultProxy> {
  const proxy = await createFaultProxy(targetPort, { ...options, tell: (line) => t.comment(line) })
  t.after(() => proxy.stop())
  return proxy
}

/** The same without a test; `tell` hears of the seed when it first decides something. */
export async function createFaultProxy(targetPort = 0, options: { seed?: number; tell?: (line: string) => void } = {}): Promise<FaultProxy> {
  const random = createRandom(options.seed ?? chooseSeed())
  const lanes: Record<Direction, Lane> = { toServer: openLane(), toClient: openLane() }
  const links = new Set<Link>()
  let target = targetPort
  let isRefusing = false
  let isStopped = false
  let isTold = false

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = new Socket({ allowHalfOpen: true }).setNoDelay(true)
    const reset = () => {
      links.delete(link)
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    const link: Link = {
      near, far,
      up: carry(near, far, () => lanes.toServer, random, reset),
      down: carry(far, near, () => lanes.toClient, random, reset),
      dial() {
        link.dial = undefined
        far.connect({ port: target, host: '127.0.0.1' })
      },
    }
    links.add(link)
    // Where nothing passes, the server doesn't hear of a new connection either.
    if (lanes.toServer.blocked === 'no') link.dial?.()
    for (const [here, there, lane, stream] of [[near, far, lanes.toServer, link.up], [far, near, lanes.toClient, link.down]] as const) {
      here.on('error', (error) => {
        // A reset travels like anything else: where nothing passes, nobody hears of it.
        const isHeard = lane.blocked === 'no' && !stream.hasLost()
        if (isHeard && (errorCode(error) === 'ECONNRESET' || here === far)) there.resetAndDestroy()
      })
      here.on('close', () => {
        if (there.destroyed) links.delete(link)
      })
    }
  })
  const everyLink = (act: (link: Link) => void) => {
    for (const link of links) act(link)
  }
  const resetLink = (link: Link) => {
    links.delete(link)
    link.near.resetAndDestroy()
    link.far.resetAndDestroy()
  }
  const update = () => everyLink(({ up, down }) => {
    up.update()
    down.update()
  })
  const lanesOf = (direction: Direction | undefined): Lane[] => (direction ? [lanes[direction]] : [lanes.toServer, lanes.toClient])

  const port = await freePort()
  await listen(server, port)
  const proxy: FaultProxy = {
    port,
    seed: random.seed,
    connections: () => links.size,
    open(next = target) {
      target = next
      for (const lane of lanesOf(undefined)) Object.assign(lane, openLane())
      everyLink((link) => {
        const isGivenUp = link.dial !== undefined && link.up.hasEnded()
        if (isGivenUp || link.up.hasLost() || link.down.hasLost() || link.near.destroyed || link.far.destroyed) resetLink(link)
        else link.dial?.()
      })
      update()
      const wasRefusing = isRefusing
      isRefusing = false
      if (wasRefusing) listenAgain()
    },
    shape(shape, direction) {
      if (shape.jitterMs && !isTold) {
        isTold = true
        options.tell?.(`fault proxy: SEED=${random.seed}`)
      }
      for (const lane of lanesOf(direction)) lane.shape = shape
    },
    blackhole({ direction, holds = false } = {}) {
      for (const lane of lanesOf(direction)) lane.blocked = holds ? 'hold' : 'lose'
      update()
    },
    halfOpen: () => everyLink(({ up, down }) => {
      up.kill()
      down.kill()
    }),
    resetAfter(bytes, direction) {
      for (const lane of lanesOf(direction)) lane.resetAfterBytes = bytes
    },
    rewrite(change, direction) {
      lanes[direction].rewrite = change
    },
    reset: () => everyLink(resetLink),
    refuse() {
      if (!isRefusing) server.close()
      isRefusing = true
    },
    cut() {
      proxy.refuse()
      proxy.reset()
    },
    stop() {
      isStopped = true
      server.close()
      proxy.reset()
    },
  }
  // Closing is done at once, but told later; until then the server cannot listen anew.
  const listenAgain = () => {
    if (isStopped || isRefusing || server.listening) return
    server.once('error', () => setTimeout(listenAgain, REBIND_MS))
    try {
      server.listen({ port, host: '127.0.0.1' }, () => server.removeAllListeners('error'))
    } catch {
      setTimeout(listenAgain, REBIND_MS)
    }
  }
  return proxy
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
}

/** The URL of a server by way of a proxy, which is opened to it. */
export function by(way: FaultProxy | undefined, url: string): string {
  if (!way) return url
  const changed = new URL(url)
  way.open(Number(changed.port))
  changed.port = String(way.port)
  return changed.href
}
