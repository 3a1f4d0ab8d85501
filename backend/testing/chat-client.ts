import { randomUUID } from 'node:crypto'
import { ConversationModel } from './conversation-model.ts'
import type { Person } from './people.ts'
import { openSocket, type ReceivedFrame, type TestSocket } from './socket.ts'

export type Stored = { seq: number; clientId: string; senderId: string | null; body: string }
type Waiting = { clientId: string; body: string }

const RECONNECT_MS = 50
const RESEND_MS = 700

/**
 * A client as the apps are: an outbox that is sent again until acked, a list of messages filled by frames and by `sync`,
 * and a reconnect to whatever replica answers. Writes down what it was promised, for the history checker.
 */
export class ChatClient {
  readonly acked = new Map<string, number>()
  readonly outbox = new Map<string, Waiting>()
  /** Sends that were answered `not_ready`. */
  unknown = 0
  readonly rejected: { clientId: string; code: string }[] = []
  /** Every `session:updated` that was seen, the newest version last. */
  session: ReceivedFrame | undefined
  private socket: TestSocket | undefined
  private isStopped = false
  private loop: Promise<void>
  private readonly person: Person
  private readonly urls: () => string[]
  private conversationId: string | undefined
  private model: ConversationModel | undefined
  private attempts = 0

  constructor(person: Person, urls: () => string[]) {
    this.person = person
    this.urls = urls
    this.loop = this.run()
  }

  join(conversationId: string): void {
    this.conversationId = conversationId
    this.model = new ConversationModel(conversationId, this.person.id)
    this.sync()
  }

  send(body: string): string {
    const clientId = randomUUID()
    this.outbox.set(clientId, { clientId, body })
    this.transmit({ clientId, body })
    return clientId
  }

  edit(seq: number, body: string): void {
    this.socket?.send({ type: 'message:edit', conversationId: this.conversationId, seq, body })
  }

  delete(seq: number): void {
    this.socket?.send({ type: 'message:delete', conversationId: this.conversationId, seq })
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
    return (this.model?.list ?? []).map(({ seq, clientId, senderId, body }) => ({ seq, clientId, senderId, body }))
  }

  /** What people wrote, in order. */
  get said(): Stored[] {
    return this.list.filter((message) => message.senderId !== null)
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const urls = this.urls()
      const url = urls[this.attempts++ % Math.max(1, urls.length)]
      try {
        if (url) await this.connection(url)
      } catch {
        // Not reachable: the next attempt goes to the next replica.
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
    }
  }

  private async connection(url: string): Promise<void> {
    const socket = await openSocket(url, { token: this.person.token })
    this.socket = socket
    const timers: NodeJS.Timeout[] = []
    try {
      let handled = 0
      timers.push(setInterval(() => {
        while (handled < socket.frames.length) this.receive(socket.frames[handled++]!)
      }, 5))
      await socket.next('ready')
      this.model?.restart()
      this.sync()
      for (const waiting of this.outbox.values()) this.transmit(waiting)
      timers.push(setInterval(() => {
        if (this.model === undefined || this.model.isWhole()) socket.send({ type: 'heartbeat' })
        else this.sync()
        for (const waiting of this.outbox.values()) this.transmit(waiting)
      }, RESEND_MS))
      await socket.closed
    } finally {
      for (const timer of timers) clearInterval(timer)
    }
  }

  private transmit(waiting: Waiting): void {
    if (this.socket?.isOpen() && this.conversationId) this.socket.send({ type: 'message:send', conversationId: this.conversationId, ...waiting })
  }

  private sync(): void {
    const ask = this.socket?.isOpen() ? this.model?.ask() : undefined
    if (ask) this.socket!.send({ type: 'sync', conversations: [ask] })
  }

  private receive(frame: ReceivedFrame): void {
    if (frame.type === 'message:ack') {
      this.acked.set(frame['clientId'], frame['seq'])
      const sent = this.outbox.get(frame['clientId'])
      if (sent && this.model) {
        this.model.store({ ...sent, conversationId: frame['conversationId'], seq: frame['seq'], id: frame['id'], senderId: this.person.id, sentAt: frame['sentAt'] })
      }
      this.outbox.delete(frame['clientId'])
    } else if (frame.type === 'message:rejected' && frame['code'] === 'not_ready') {
      // Perhaps it is stored, perhaps not: it stays in the outbox and is sent again.
      this.unknown++
    } else if (frame.type === 'message:rejected') {
      this.rejected.push({ clientId: frame['clientId'], code: frame['code'] })
      this.outbox.delete(frame['clientId'])
    } else if (frame.type === 'session:updated') this.session = frame
    else if (frame.type === 'error' && frame['of'] === 'sync') this.model?.restart()
    else if (this.model?.apply(frame)) this.sync()
  }
}
