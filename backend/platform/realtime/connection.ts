import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { UserActor } from '../access.ts'
import type { ErrorCode } from '../errors.ts'
import { fullBucket, type Bucket } from './bucket.ts'
import type { Address } from './entrance.ts'
import { begin, take, type Marks } from './marks.ts'
import type { PresenceState } from './presence-states.ts'
import type { Position } from './publish.ts'

/** Why the server closes a socket. */
export const CLOSE = {
  unauthenticated: 4401, revoked: 4403, authenticationTimeout: 4408, replaced: 4409, frameTooLarge: 4413, tooManyFrames: 4429, restart: 1012, tooSlow: 1013, maintenance: 4503,
} as const

/** A reader this far behind (bytes) gets no droppable events; beyond the second line it is sent away to resync. */
const DROPPABLE_BYTES = 256 * 1024
const SLOW_BYTES = 1024 * 1024
const PAGE_PAUSE_MS = 50
const TEXT = { binary: false } as const

/** A ws socket that speaks our close codes, and knows its connection without a closure. */
export class RealtimeSocket extends WebSocket {
  connection: Connection | undefined

  // ws closes by itself with 1009 when a frame is over maxPayload.
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code === 1009 ? CLOSE.frameTooLarge : code, reason)
  }
}

export type ConnectionEvents = { slow(connection: Connection): void }

let made = 0

/** One socket: who it is, what it has had, how much it may still send. Small: there are ten thousand of them. */
export class Connection {
  readonly id = `${process.pid}-${++made}`
  readonly socket: RealtimeSocket
  readonly #events: ConnectionEvents
  actor: UserActor | undefined
  /** What this person's sockets on this replica share. */
  person: { bucket: Bucket } | undefined
  /** Where it comes from, as long as it is counted there. */
  address: Address | undefined
  /** What this device said of the person in front of it. */
  presence: PresenceState = 'online'
  /** It was told how its peers are: from now on it is told what changes. */
  knowsPeers = false
  /** Frames that came while the first token was being verified; undefined once it is. */
  held: { data: unknown; isBinary: boolean }[] | undefined = []
  isVerifying = false
  /** Process clock, ms: when the token ends. */
  tokenEndsAtMs = 0
  openedAtMs: number
  heardAtMs: number
  pingedAtMs = 0
  /** Bytes that waited for the client when it was pinged. */
  waitedAtPing = 0
  awaitsPong = false
  /** Process clock, ms: it was sent away for reading too slowly, and is cut then. */
  cutAtMs = Number.POSITIVE_INFINITY
  /** Handlers that have not finished: the drain waits for them. */
  working = 0
  slot = -1
  bucket: Bucket
  overSinceMs = 0
  refusedAtMs = Number.NEGATIVE_INFINITY
  marks: Marks | undefined

  constructor(socket: RealtimeSocket, burst: number, events: ConnectionEvents) {
    this.socket = socket
    this.#events = events
    this.openedAtMs = performance.now()
    this.heardAtMs = this.openedAtMs
    this.bucket = fullBucket(burst, this.openedAtMs)
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  get isGone(): boolean {
    return this.socket.readyState === WebSocket.CLOSED
  }

  /** Bytes that the client has not taken yet. */
  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  /** Not a sound since the last ping, and nothing was taken: the answer to a ping comes behind whatever waits before it. */
  get isSilent(): boolean {
    return this.pingedAtMs !== 0 && this.heardAtMs < this.pingedAtMs && this.bufferedBytes >= this.waitedAtPing
  }

  ping(nowMs: number): void {
    this.pingedAtMs = nowMs
    this.waitedAtPing = this.bufferedBytes
    this.awaitsPong = true
    this.socket.ping()
  }

  /** Sends one frame; false when it was skipped or the socket is closed. A reader that is too slow is sent away. */
  send(text: string | Buffer, isDroppable = false): boolean {
    if (!this.isOpen) return false
    const buffered = this.socket.bufferedAmount
    if (buffered > 0) {
      if (isDroppable && buffered > DROPPABLE_BYTES) return false
      if (buffered + text.length > SLOW_BYTES) {
        this.#events.slow(this)
        return false
      }
    }
    this.socket.send(text, TEXT)
    return true
  }

  sendFrame(frame: { type: string } & Record<string, unknown>): boolean {
    return this.send(JSON.stringify(frame))
  }

  /**
   * Sends as soon as there is room for it, resolves when the client has taken it: for pages, which a slow client asks
   * for itself.
   */
  async sendPage(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    while (this.isOpen && this.socket.bufferedAmount > 0 && this.socket.bufferedAmount + bytes.length > SLOW_BYTES) await pause(PAGE_PAUSE_MS)
    if (!this.isOpen) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.socket.send(bytes, TEXT, () => resolve())
    const hadToWait = this.socket.bufferedAmount > 0
    await promise
    // Room was made for it by somebody who reads.
    if (hadToWait && this.isOpen) this.heardAtMs = performance.now()
  }

  sendError(code: ErrorCode, detail: string, of?: string, more?: Record<string, unknown>): void {
    this.send(JSON.stringify({ type: 'error', code, detail, ...(of === undefined ? {} : { of }), ...more }), true)
  }

  /** Sends what stands at a place in a stream, unless this socket has had it. */
  sendAt(position: Position, text: string | Buffer): boolean {
    if (!this.isOpen) return false
    this.marks ??= new Map()
    const isNew = take(this.marks, position.stream, position.seq)
    if (position.isWhole) begin(this.marks, position.stream, position.seq)
    return isNew && this.send(text)
  }

  /** Notes that this socket knows that place already: it caused it. */
  note(position: Position): void {
    this.marks ??= new Map()
    take(this.marks, position.stream, position.seq)
  }

  close(code: number, reason = ''): void {
    this.socket.close(code, reason)
  }
}

/** A connection whose token was verified. */
export type SignedIn = Connection & { actor: UserActor }
