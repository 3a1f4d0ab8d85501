import type { Change, Message } from '../modules/chat/contract.ts'
import type { ReceivedFrame } from './socket.ts'

export type ConversationState = { messages: Message[]; headSeq: number; headChange: number; readSeq: number; peerReadSeq: number; peerDeliveredSeq: number }

/**
 * A conversation as an app keeps it: filled by events, `sync` and `ready`, in whatever order they come. Messages have
 * places (`seq`), changes have places (`change`); of two states of one message the one of the higher change counts.
 */
export class ConversationModel {
  readonly messages = new Map<number, Message>()
  /** Changes of messages that are still to come. */
  private readonly early = new Map<number, Change>()
  private readonly changesAhead = new Set<number>()
  private changesUpTo = 0
  /** Before the first page nobody knows what came before the first event. */
  private hasPage = false
  private isAsking = false
  private headSeq = 0
  private headChange = 0
  private readonly read = new Map<string, number>()
  private readonly delivered = new Map<string, number>()
  private readonly conversationId: string
  private readonly userId: string

  constructor(conversationId: string, userId: string) {
    this.conversationId = conversationId
    this.userId = userId
  }

  /**
   * What to ask for: everything after what is whole. Undefined while an answer is awaited: a page tells nothing of pages
   * before it. Always with `afterChange`: an event may have brought a message before the first page, and lost its change.
   */
  ask(): { id: string; afterSeq: number; afterChange: number } | undefined {
    if (this.isAsking) return undefined
    this.isAsking = true
    return { id: this.conversationId, afterSeq: this.wholeSeq(), afterChange: this.changesUpTo }
  }

  /** On a new socket no answer is awaited any more. */
  restart(): void {
    this.isAsking = false
  }

  /** Whether nothing is missing below the highest that is known. */
  isWhole(): boolean {
    return this.hasPage && this.wholeSeq() === this.headSeq && this.changesUpTo === this.headChange
  }

  /** Takes a frame; true when there is another page to ask for. */
  apply(frame: ReceivedFrame): boolean {
    if (frame.type === 'ready') {
      const mine = (frame['conversations'] as ({ id: string } & Omit<ConversationState, 'messages'>)[]).find((one) => one.id === this.conversationId)
      if (mine) this.stand(mine)
      return false
    }
    if (frame['conversationId'] !== this.conversationId) return false
    const { type: _type, ...fields } = frame
    if (frame.type === 'message:received') this.store(fields as unknown as Message) // its fields are the wire's
    else if (frame.type === 'message:changed') this.change(fields as unknown as Change) // and so are these
    else if (frame.type === 'message:read') this.receipt(frame['userId'], frame['seq'], frame['seq'])
    else if (frame.type === 'message:delivered') this.receipt(frame['userId'], 0, frame['seq'])
    else if (frame.type === 'conversation:synced') return this.synced(frame)
    return false
  }

  /** One's own message, by its ack; one's own places, by what was told to the server. */
  store(message: Message): void {
    const known = this.messages.get(message.seq)
    if (known === undefined || (known.change ?? 0) < (message.change ?? 0)) this.messages.set(message.seq, message)
    const early = this.early.get(message.seq)
    this.early.delete(message.seq)
    if (early) this.overlay(early)
    this.headSeq = Math.max(this.headSeq, message.seq)
  }

  receipt(userId: string, read: number, delivered: number): void {
    this.read.set(userId, Math.max(this.read.get(userId) ?? 0, read))
    this.delivered.set(userId, Math.max(this.delivered.get(userId) ?? 0, delivered))
  }

  get list(): Message[] {
    return [...this.messages.values()].toSorted((a, b) => a.seq - b.seq)
  }

  /** Everything that a person sees of it. */
  get state(): ConversationState {
    const myRead = this.read.get(this.userId) ?? 0
    const unread = this.list.find((message) => message.seq > myRead && message.senderId !== null && message.senderId !== this.userId)
    const peers = (places: Map<string, number>) => Math.max(0, ...[...places].filter(([userId]) => userId !== this.userId).map(([, seq]) => seq))
    return {
      messages: this.list, headSeq: this.headSeq, headChange: this.headChange,
      readSeq: unread === undefined ? this.headSeq : unread.seq - 1, peerReadSeq: peers(this.read), peerDeliveredSeq: peers(this.delivered),
    }
  }

  private wholeSeq(): number {
    let seq = 0
    while (this.messages.has(seq + 1)) seq++
    return seq
  }

  private stand(position: Omit<ConversationState, 'messages'>): void {
    this.headSeq = Math.max(this.headSeq, position.headSeq)
    this.headChange = Math.max(this.headChange, position.headChange)
    this.receipt(this.userId, position.readSeq, 0)
    this.receipt('peer', position.peerReadSeq, position.peerDeliveredSeq)
  }

  private synced(frame: ReceivedFrame): boolean {
    const changes = frame['changes'] as Change[]
    this.isAsking = false
    this.hasPage = true
    for (const message of frame['messages'] as Message[]) this.store(message)
    for (const change of changes) this.overlay(change)
    this.headSeq = Math.max(this.headSeq, frame['headSeq'])
    this.headChange = Math.max(this.headChange, frame['headChange'])
    this.changesUpTo = Math.max(this.changesUpTo, changes.at(-1)?.change ?? frame['headChange'])
    this.absorb()
    return frame['hasMore']
  }

  private change(change: Change): void {
    this.overlay(change)
    this.headChange = Math.max(this.headChange, change.change)
    this.changesAhead.add(change.change)
    this.absorb()
  }

  private absorb(): void {
    while (this.changesAhead.delete(this.changesUpTo + 1)) this.changesUpTo++
    for (const change of this.changesAhead) if (change <= this.changesUpTo) this.changesAhead.delete(change)
  }

  private overlay(change: Change): void {
    const known = this.messages.get(change.seq)
    if (known === undefined) {
      if ((this.early.get(change.seq)?.change ?? 0) < change.change) this.early.set(change.seq, change)
      return
    }
    if ((known.change ?? 0) >= change.change) return
    const { editedAt: _before, deleted: _never, ...message } = known
    this.messages.set(change.seq, { ...message, ...change, body: change.body ?? '' })
  }
}
