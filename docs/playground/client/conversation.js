/** A page that has not come after this will not come: it is asked for again. */
const ANSWER_MS = 10_000

/**
 * A conversation as a client keeps it: filled by events, by `sync` and by `ready`, in whatever order they come.
 * Messages have places (`seq`), changes have places (`change`); of two states of one message the higher `change` counts.
 */
export class Conversation {
  messages = new Map()
  headSeq = 0
  headChange = 0
  /** How far the other side has read and received. */
  peerReadSeq = 0
  peerDeliveredSeq = 0
  /** How far this person has read. */
  readSeq = 0
  /** Everything up to here is known. */
  #upToSeq
  #upToChange = 0
  /** Before the first page nobody knows what came before the first event. */
  #hasPage = false
  #changesAhead = new Set()
  /** Changes of messages that are still to come. */
  #early = new Map()
  /** Since when an answer is on its way. */
  #askedAt
  #now

  /** `afterSeq`: from where it is kept; what is older is read over HTTP when somebody scrolls back. `now`: milliseconds that only go forward. */
  constructor(id, { afterSeq = 0, now = () => performance.now() } = {}) {
    this.id = id
    this.#upToSeq = afterSeq
    this.#now = now
  }

  get list() {
    return [...this.messages.values()].toSorted((a, b) => a.seq - b.seq)
  }

  get isWhole() {
    return this.#hasPage && this.#upToSeq >= this.headSeq && this.#upToChange >= this.headChange
  }

  /** How far everything has arrived, to be told as delivered: one's own messages behind that are no news. */
  arrivedSeq(userId) {
    let seq = this.#upToSeq
    while (seq > 0 && this.messages.get(seq)?.senderId === userId) seq--
    return seq
  }

  /** An answer was asked for and should have come long ago. */
  get isOverdue() {
    return this.#askedAt !== undefined && this.#now() - this.#askedAt >= ANSWER_MS
  }

  /**
   * What to ask `sync` for; undefined while nothing is missing or an answer is on its way. Always with `afterChange`:
   * an event may have brought a message before the first page, and lost its change.
   */
  ask() {
    if (this.isWhole || (this.#askedAt !== undefined && !this.isOverdue)) return undefined
    this.#askedAt = this.#now()
    return { id: this.id, afterSeq: this.#upToSeq, afterChange: this.#upToChange }
  }

  /** On a new socket, or after a refusal, no answer is on its way. */
  restart() {
    this.#askedAt = undefined
  }

  /** Positions from `ready` or `heartbeat`. */
  stand({ headSeq, headChange, readSeq = 0, peerReadSeq = 0, peerDeliveredSeq = 0 }) {
    this.headSeq = Math.max(this.headSeq, headSeq)
    this.headChange = Math.max(this.headChange, headChange)
    this.readSeq = Math.max(this.readSeq, readSeq)
    this.peerReadSeq = Math.max(this.peerReadSeq, peerReadSeq)
    this.peerDeliveredSeq = Math.max(this.peerDeliveredSeq, peerDeliveredSeq, peerReadSeq)
  }

  /** Takes a frame of this conversation; `userId` is who this client is. */
  apply(frame, userId) {
    const { type, ...fields } = frame
    if (type === 'message:received') this.#store(fields)
    else if (type === 'message:changed') this.#change(fields)
    else if (type === 'conversation:synced') this.#synced(fields)
    else if (type === 'message:read' && frame.userId === userId) this.readSeq = Math.max(this.readSeq, frame.seq)
    else if (type === 'message:read') this.stand({ headSeq: frame.seq, headChange: 0, peerReadSeq: frame.seq })
    else if (type === 'message:delivered' && frame.userId !== userId) this.stand({ headSeq: frame.seq, headChange: 0, peerDeliveredSeq: frame.seq })
  }

  /** One's own message, by its ack. */
  acked(entry, ack, userId) {
    this.#store({ conversationId: this.id, seq: ack.seq, id: ack.id, clientId: ack.clientId, senderId: userId, body: entry.body, sentAt: ack.sentAt })
  }

  #store(message) {
    const known = this.messages.get(message.seq)
    if (known === undefined || (known.change ?? 0) < (message.change ?? 0)) this.messages.set(message.seq, message)
    const early = this.#early.get(message.seq)
    this.#early.delete(message.seq)
    if (early) this.#overlay(early)
    this.headSeq = Math.max(this.headSeq, message.seq)
    this.#advance()
  }

  #advance() {
    while (this.messages.has(this.#upToSeq + 1)) this.#upToSeq++
  }

  // Changes come first in a page; the last page of them says up to where there are any.
  #synced({ messages, changes, headSeq, headChange, firstSeq }) {
    this.#askedAt = undefined
    this.#hasPage = true
    // What is older than the oldest that is kept will never come.
    this.#upToSeq = Math.max(this.#upToSeq, firstSeq - 1)
    this.#advance()
    this.stand({ headSeq, headChange })
    for (const message of messages) this.#store(message)
    for (const change of changes) this.#overlay(change)
    this.#upToChange = Math.max(this.#upToChange, changes.at(-1)?.change ?? headChange)
    this.#absorb()
  }

  #change(change) {
    this.#overlay(change)
    this.headChange = Math.max(this.headChange, change.change)
    this.#changesAhead.add(change.change)
    this.#absorb()
  }

  #absorb() {
    while (this.#changesAhead.delete(this.#upToChange + 1)) this.#upToChange++
    for (const change of this.#changesAhead) if (change <= this.#upToChange) this.#changesAhead.delete(change)
  }

  #overlay(change) {
    const known = this.messages.get(change.seq)
    if (known === undefined) {
      if ((this.#early.get(change.seq)?.change ?? 0) < change.change) this.#early.set(change.seq, change)
      return
    }
    if ((known.change ?? 0) >= change.change) return
    const { editedAt: _before, deleted: _never, ...message } = known
    this.messages.set(change.seq, { ...message, ...change, body: change.body ?? '' })
  }
}
