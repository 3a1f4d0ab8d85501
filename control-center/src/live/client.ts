import type { Board, LiveFrame } from '../../../backend/modules/staff/live-contract.ts'

/** `connecting`: for the first time; `live`: what is shown is true now; `away`: it was, and is asked for again and again. */
export type LiveState = 'connecting' | 'live' | 'away'
export type Live = { state: LiveState; board: Board | undefined; /** Server's time of the last word, RFC 3339. */ receivedAt: string | undefined }

export type LiveStore = {
  get: () => Live
  subscribe: (listener: () => void) => () => void
  /** Connects, and connects again until it is stopped; answers how to stop. */
  start: () => () => void
}

export type Told = {
  frame: (frame: LiveFrame) => void
  /** Connected again: what was said meanwhile was not heard. */
  again: () => void
  /** The server sent us away because of who we are, or does not let us in. */
  refused: () => void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** The server says something at least every ten seconds. */
const SILENT_MS = 25_000
const REFUSED = new Set([4401, 4403])

/** The live socket of this tab: the last board is kept while it is away. */
export function createLive(told: Told): LiveStore {
  const listeners = new Set<() => void>()
  let live: Live = { state: 'connecting', board: undefined, receivedAt: undefined }
  let starts = 0

  const set = (change: Partial<Live>) => {
    live = { ...live, ...change }
    for (const listener of listeners) listener()
  }
  const hear = (frame: LiveFrame) => {
    if (frame.type === 'board') set({ state: 'live', board: frame.board, receivedAt: frame.serverTime })
    else if (frame.type === 'alive') set({ state: 'live', receivedAt: frame.serverTime })
    else if (frame.type === 'away') set({ state: 'away' })
    told.frame(frame)
  }
  const run = (isCurrent: () => boolean): (() => void) => {
    let socket: WebSocket | undefined
    let timer: number | undefined
    let silence: number | undefined
    let failures = 0
    let wasOpen = false

    const listen = () => {
      clearTimeout(silence)
      silence = window.setTimeout(() => socket?.close(4000, 'silent'), SILENT_MS)
    }
    const closed = (event: CloseEvent) => {
      clearTimeout(silence)
      if (!isCurrent()) return
      set({ state: live.board === undefined ? 'connecting' : 'away' })
      // A server that restarts says when to come back; a handshake that failed says nothing, not even why.
      const asked = Number(/reconnectAfterMs=(\d+)/.exec(event.reason)?.[1] ?? Number.NaN)
      const backoff = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.5 + Math.random())
      failures += 1
      if (REFUSED.has(event.code) || (event.code === 1006 && failures > 1)) told.refused()
      timer = window.setTimeout(connect, Number.isFinite(asked) ? asked : backoff)
    }
    const connect = () => {
      const url = new URL('/internal/v1/live', location.href)
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
      const made = new WebSocket(url)
      socket = made
      listen()
      made.addEventListener('message', (event: MessageEvent<string>) => {
        if (!isCurrent()) return
        listen()
        failures = 0
        hear(JSON.parse(event.data) as LiveFrame) // our own server's
      })
      made.addEventListener('open', () => {
        if (!isCurrent()) return
        if (wasOpen) told.again()
        wasOpen = true
      })
      made.addEventListener('close', closed)
    }
    // A network that came back, or a machine that woke up, need not wait for the backoff.
    const hurry = () => {
      if (socket?.readyState !== WebSocket.CLOSED) return
      clearTimeout(timer)
      failures = 0
      connect()
    }
    window.addEventListener('online', hurry)
    connect()
    return () => {
      window.removeEventListener('online', hurry)
      clearTimeout(timer)
      clearTimeout(silence)
      socket?.close(1000)
    }
  }

  return {
    get: () => live,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start() {
      const own = ++starts
      const stop = run(() => starts === own)
      return () => {
        starts += 1
        stop()
      }
    },
  }
}
