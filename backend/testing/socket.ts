import { once } from 'node:events'
import { WebSocket, type ClientOptions } from 'ws'
import type { Person } from './people.ts'
import { PATIENCE_MS } from './wait.ts'

/** A frame as received; its fields are what a test finds out. */
export type ReceivedFrame = { type: string } & Record<string, ReturnType<typeof JSON.parse>>
export type Closed = { code: number; reason: string }

export type TestSocket = {
  /** Everything received so far, in order. */
  frames: ReceivedFrame[]
  send(frame: Record<string, unknown> | string): void
  /**
   * The next frame of this type (that `matches`) not handed out before; waits for it. Frames of other types stay for
   * their own `next`.
   */
  next(type: string, options?: { matches?: (frame: ReceivedFrame) => boolean; withinMs?: number }): Promise<ReceivedFrame>
  /** Frames of this type received so far, handed out or not. */
  all(type: string): ReceivedFrame[]
  /** Resolves when the connection is closed, by whomever. */
  closed: Promise<Closed>
  isOpen(): boolean
  close(code?: number): Promise<Closed>
  /** Cuts the connection without a close frame, as a lost network does. */
  terminate(): void
  /** Stops and resumes reading from the connection. */
  pause(): void
  resume(): void
  raw: WebSocket
}

type Waiting = { type: string; matches: (frame: ReceivedFrame) => boolean; resolve: (frame: ReceivedFrame) => void; reject: (error: Error) => void }

/** Opens a socket; resolves when it is open, throws the HTTP status when the upgrade is refused. */
export async function openSocket(url: string, options: { token?: string; headers?: Record<string, string>; path?: string; ws?: ClientOptions; onFrame?: (frame: ReceivedFrame) => void } = {}): Promise<TestSocket> {
  const raw = new WebSocket(`${url.replace(/^http/, 'ws')}${options.path ?? '/api/v1/realtime'}`, {
    perMessageDeflate: false,
    ...options.ws,
    headers: { ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }), ...options.headers },
  })
  const frames: ReceivedFrame[] = []
  const unread: ReceivedFrame[] = []
  let waiting: Waiting[] = []
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<Closed>()
  raw.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as ReceivedFrame
    frames.push(frame)
    options.onFrame?.(frame)
    const taker = waiting.find((one) => one.type === frame.type && one.matches(frame))
    waiting = waiting.filter((one) => one !== taker)
    if (taker) taker.resolve(frame)
    else unread.push(frame)
  })
  raw.on('close', (code, reason) => {
    resolveClosed({ code, reason: reason.toString() })
    for (const one of waiting) one.reject(new Error(`the socket was closed (${code}) while waiting for ${one.type}`))
    waiting = []
  })
  raw.on('error', () => {})
  await opened(raw)

  const socket: TestSocket = {
    frames, closed, raw,
    send: (frame) => raw.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next(type, { matches = () => true, withinMs = PATIENCE_MS } = {}) {
      const at = unread.findIndex((frame) => frame.type === type && matches(frame))
      if (at !== -1) return Promise.resolve(unread.splice(at, 1)[0]!)
      if (raw.readyState !== WebSocket.OPEN) return Promise.reject(new Error(`the socket is closed: no ${type} will come`))
      const { promise, resolve, reject } = Promise.withResolvers<ReceivedFrame>()
      const one: Waiting = { type, matches, resolve, reject }
      waiting.push(one)
      const timer = setTimeout(() => {
        waiting = waiting.filter((other) => other !== one)
        reject(new Error(`no ${type} within ${withinMs} ms; received: ${frames.slice(-20).map((frame) => frame.type).join(', ')}`))
      }, withinMs)
      return promise.finally(() => clearTimeout(timer))
    },
    all: (type) => frames.filter((frame) => frame.type === type),
    isOpen: () => raw.readyState === WebSocket.OPEN,
    async close(code = 1000) {
      if (raw.readyState === WebSocket.OPEN) raw.close(code)
      return closed
    },
    terminate: () => raw.terminate(),
    pause: () => raw.pause(),
    resume: () => raw.resume(),
  }
  return socket
}

async function opened(raw: WebSocket): Promise<void> {
  const refused = once(raw, 'unexpected-response').then(([, response]: { statusCode?: number }[]) => {
    raw.terminate()
    throw new Error(`the upgrade was refused: ${response?.statusCode ?? 'no status'}`)
  })
  await Promise.race([once(raw, 'open'), refused])
}

/** A person's socket, authenticated: `authenticated` and `ready` have been received and are in `frames`. */
export async function connect(person: Person, options: { by?: 'header' | 'frame' } = {}): Promise<TestSocket & { ready: ReceivedFrame }> {
  const socket = await openSocket(person.url, options.by === 'frame' ? {} : { token: person.token })
  if (options.by === 'frame') socket.send({ type: 'authenticate', token: person.token })
  await socket.next('authenticated')
  return { ...socket, ready: await socket.next('ready') }
}
