import { randomUUID } from 'node:crypto'
import { ConversationModel } from './conversation-model.ts'
import type { Entry, Stored, What } from './history.ts'
import type { Person } from './people.ts'
import { sightsIn, toStored } from './sights.ts'
import { openSocket, type ReceivedFrame, type TestSocket } from './socket.ts'

type Waiting = { clientId: string; body: string }
type Change = { do: 'edit'; seq: number; body: string } | { do: 'delete'; seq: number }
type Changing = { change: Change; sinceMs: number }

const RECONNECT_MS = 50
const RECONNECT_MOST_MS = 2000
const RESEND_MS = 700
const RESEND_MOST_MS = 6000
/** A change whose event was lost comes with a page and is nobody's answer: longer than the server works on one. */
const ANSWER_MS = 15_000

/**
 * A client as the apps are: an outbox that is sent again until acked, a conversation filled by frames and by `sync`,
 * and a reconnect to whatever replica answers. Writes down what it does and sees, for the history checker.
 */
export class ChatClient {
  readonly acked = new Map<string, number>()
  readonly outbox = new Map<string, Waiting>()
  /** When a send of the outbox is sent once more: later each time, or a slow server would only get more to do. */
  private readonly again = new Map<string, { atMs: number; waitMs: number }>()
  /** Sends that were answered `not_ready`. */
  unknown = 0
  readonly rejected: { clientId: string; code: string }[] = []
  /** Milliseconds from a lost connection to the end of the first `sync` on another one. */
  readonly resumedMs: number[] = []
  /** Why connections could not be opened, and how often. */
  readonly refusals = new Map<string, number>()
  /** Every `session:updated` that was seen, the newest version last. */
  session: ReceivedFrame | undefined
  readonly person: Person
  private socket: TestSocket | undefined
  private isStopped = false
  /** Whether this connection's `ready` has come: what is said earlier would overtake what waits in the outbox. */
  private isReady = false
  private lostAtMs: number | undefined
  private changing: Changing[] = []
  private last: Waiting | undefined
  private prying: { conversationId: string; clientId: string } | undefined
  private loop: Promise<void>
  private readonly urls: () => string[]
  private readonly history: Entry[]
  private conversationId = ''
  private model: ConversationModel | undefined
  private attempts = 0
  private failures = 0

  constructor(person: Person, urls: () => string[], history: Entry[] = []) {
    this.person = person
    this.urls = urls
    this.history = history
    this.loop = this.run()
  }

  join(conversationId: string): void {
    this.conversationId = conversationId
    this.model = new ConversationModel(conversationId, this.person.id)
    this.sync()
  }

  /** Everything that is here has been seen. */
  read(): void {
    const seq = this.model?.list.at(-1)?.seq
    if (seq !== undefined && this.socket?.isOpen()) this.socket.send({ type: 'message:read', conversationId: this.conversationId, seq })
  }

  type(): void {
    if (this.socket?.isOpen()) this.socket.send({ type: 'typing:start', conversationId: this.conversationId })
  }

  send(body: string): string {
    const waiting = { clientId: randomUUID(), body }
    this.outbox.set(waiting.clientId, waiting)
    this.last = waiting
    this.note('invoke', { do: 'send', ...waiting })
    this.transmit(waiting)
    return waiting.clientId
  }

  /** Sends the last message once more, acked or not: a retry that was not needed. */
  repeat(): void {
    if (this.last) this.transmit(this.last)
  }

  edit(seq: number, body: string): void {
    this.change({ do: 'edit', seq, body })
  }

  delete(seq: number): void {
    this.change({ do: 'delete', seq })
  }

  /** Tries to read and to write what is none of this person's business. */
  pry(conversationId: string): void {
    if (!this.socket?.isOpen() || this.prying) return
    this.prying = { conversationId, clientId: randomUUID() }
    this.note('invoke', { do: 'pry' }, conversationId)
    this.socket.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0 }] })
    this.socket.send({ type: 'message:send', ...this.prying, body: 'let me in' })
  }

  /** The network goes away without a word; the client comes back by itself. */
  cut(): void {
    this.socket?.terminate()
  }

  async stop(): Promise<void> {
    this.isStopped = true
    this.socket?.terminate()
    await this.loop
  }

  /** Messages as this client has them, in order, those of the system among them. */
  get list(): Stored[] {
    return (this.model?.list ?? []).map(toStored)
  }

  /** What people wrote, in order. */
  get said(): Stored[] {
    return this.list.filter((message) => message.senderId !== null)
  }

  /** What it still waits for; undefined when everything is acked, and nothing is missing of what it knows of. */
  get unrest(): string | undefined {
    if (this.lostAtMs !== undefined || this.socket?.isOpen() !== true) return 'is not connected'
    if (this.outbox.size > 0) return `has ${this.outbox.size} sends without an ack`
    if (this.changing.length > 0) return `has ${this.changing.length} changes without an answer`
    return this.model?.isWhole() === true ? undefined : 'is not whole'
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const urls = this.urls()
      const url = urls[this.attempts++ % Math.max(1, urls.length)]
      try {
        if (url) await this.connection(url)
      } catch (error) {
        // Not reachable, or full: the next attempt goes to the next replica.
        const why = error instanceof Error ? error.message : 'unknown'
        this.refusals.set(why, (this.refusals.get(why) ?? 0) + 1)
      }
      // Longer each time and never all at once: a herd that comes again at once is what keeps a replica from answering.
      const most = Math.min(RECONNECT_MOST_MS, RECONNECT_MS * 2 ** this.failures++)
      await new Promise((resolve) => setTimeout(resolve, most * (0.5 + Math.random() / 2)))
    }
  }

  private async connection(url: string): Promise<void> {
    const early: ReceivedFrame[] = []
    let onFrame = (frame: ReceivedFrame): void => void early.push(frame)
    const socket = await openSocket(url, { token: this.person.token, onFrame: (frame) => onFrame(frame) })
    this.socket = socket
    onFrame = (frame) => this.receive(frame)
    for (const frame of early) this.receive(frame)
    const again = setInterval(() => {
      // The first sync of a connection may have failed: it is asked for until it is answered.
      if (this.model === undefined || (this.lostAtMs === undefined && this.model.isWhole())) socket.send({ type: 'heartbeat' })
      else this.sync()
      this.sendAgain()
      this.giveUp((changing) => performance.now() - changing.sinceMs > ANSWER_MS)
    }, RESEND_MS)
    try {
      if (this.isStopped) socket.terminate()
      await socket.closed
    } finally {
      clearInterval(again)
      this.lost()
    }
  }

  private begin(): void {
    this.failures = 0
    this.isReady = true
    this.model?.restart()
    this.sync()
    if (this.model === undefined) this.lostAtMs = undefined
    for (const waiting of this.outbox.values()) this.transmit(waiting)
  }

  // What was sent and not answered is done or not: nobody will tell.
  private lost(): void {
    this.isReady = false
    this.lostAtMs ??= performance.now()
    for (const waiting of this.outbox.values()) this.note('unknown', { do: 'send', ...waiting })
    this.giveUp(() => true)
    if (this.prying) this.note('unknown', { do: 'pry' }, this.prying.conversationId)
    this.prying = undefined
  }

  private giveUp(which: (changing: Changing) => boolean): void {
    for (const { change } of this.changing.filter(which)) this.note('unknown', change)
    this.changing = this.changing.filter((one) => !which(one))
  }

  private change(change: Change): void {
    if (!this.socket?.isOpen()) return
    this.note('invoke', change)
    this.changing.push({ change, sinceMs: performance.now() })
    const { do: what, ...fields } = change
    this.socket.send({ type: `message:${what}`, conversationId: this.conversationId, ...fields })
  }

  private sendAgain(): void {
    const now = performance.now()
    for (const waiting of this.outbox.values()) {
      const { atMs, waitMs } = this.again.get(waiting.clientId) ?? { atMs: now + RESEND_MS, waitMs: RESEND_MS }
      if (!this.again.has(waiting.clientId)) this.again.set(waiting.clientId, { atMs, waitMs })
      if (now < atMs) continue
      this.again.set(waiting.clientId, { atMs: now + waitMs, waitMs: Math.min(RESEND_MOST_MS, waitMs * 2) })
      this.transmit(waiting)
    }
  }

  private transmit(waiting: Waiting): void {
    if (this.isReady && this.socket?.isOpen() && this.conversationId) this.socket.send({ type: 'message:send', conversationId: this.conversationId, ...waiting })
  }

  private sync(): void {
    const ask = this.socket?.isOpen() ? this.model?.ask() : undefined
    if (ask) this.socket!.send({ type: 'sync', conversations: [ask] })
  }

  private note(phase: Entry['phase'], what: What, conversationId = this.conversationId): void {
    this.history.push({ time: performance.now(), who: this.person.id, conversationId, phase, what })
  }

  private receive(frame: ReceivedFrame): void {
    this.look(frame)
    if (frame.type === 'ready') this.begin()
    else if (frame.type === 'message:ack') this.ack(frame)
    else if (frame.type === 'message:rejected') this.refuse(frame)
    else if (frame.type === 'session:updated') this.session = frame
    else if (frame.type === 'error') this.fail(frame)
    else if (this.model?.apply(frame)) this.sync()
    if (frame.type === 'conversation:synced' && frame['conversationId'] === this.conversationId && frame['hasMore'] === false && this.lostAtMs !== undefined) {
      this.resumedMs.push(performance.now() - this.lostAtMs)
      this.lostAtMs = undefined
    }
  }

  // Whatever is told of any conversation, one's own or not.
  private look(frame: ReceivedFrame): void {
    for (const what of sightsIn(frame)) this.note('ok', what, frame['conversationId'])
    if (frame.type === 'message:changed' && frame['conversationId'] === this.conversationId) this.changed(frame)
  }

  private changed(frame: ReceivedFrame): void {
    const at = this.changing.findIndex(({ change }) => change.seq === frame['seq'] && (change.do === 'delete' ? frame['deleted'] === true : change.body === frame['body']))
    if (at !== -1) this.note('ok', { ...this.changing.splice(at, 1)[0]!.change, change: frame['change'] })
  }

  private ack(frame: ReceivedFrame): void {
    const { clientId, seq, conversationId } = frame as ReceivedFrame & { clientId: string; seq: number; conversationId: string }
    if (clientId === this.prying?.clientId) return this.note('ok', { do: 'pry' }, conversationId)
    const sent = this.outbox.get(clientId)
    this.acked.set(clientId, seq)
    this.note('ok', { do: 'send', clientId, body: sent?.body ?? '', seq })
    if (sent) this.model?.store({ ...sent, conversationId, seq, id: frame['id'], senderId: this.person.id, sentAt: frame['sentAt'] })
    this.outbox.delete(clientId)
    this.again.delete(clientId)
  }

  private refuse(frame: ReceivedFrame): void {
    const { clientId, code } = frame as ReceivedFrame & { clientId: string; code: string }
    if (clientId === this.prying?.clientId) {
      this.note('fail', { do: 'pry' }, this.prying.conversationId)
      this.prying = undefined
      return
    }
    // Perhaps it is stored, perhaps not: it stays in the outbox and is sent again.
    const sent = this.outbox.get(clientId)
    if (code === 'not_ready') this.unknown++
    if (sent) this.note(code === 'not_ready' ? 'unknown' : 'fail', { do: 'send', ...sent })
    if (code !== 'not_ready') {
      this.rejected.push({ clientId, code })
      this.outbox.delete(clientId)
    }
  }

  private fail(frame: ReceivedFrame): void {
    // Over the limit on frames nobody says which one was passed over.
    if (frame['of'] === undefined) for (const waiting of this.outbox.values()) this.note('unknown', { do: 'send', ...waiting })
    // No page will come: it is asked for again. One that names another conversation was none of ours.
    if (frame['of'] === 'sync' && (frame['conversationId'] ?? this.conversationId) === this.conversationId) this.model?.restart()
    if (frame['of'] !== 'message:edit' && frame['of'] !== 'message:delete') return
    const at = this.changing.findIndex(({ change }) => change.seq === frame['seq'] && `message:${change.do}` === frame['of'])
    if (at !== -1) this.note(frame['code'] === 'not_ready' ? 'unknown' : 'fail', this.changing.splice(at, 1)[0]!.change)
  }
}
