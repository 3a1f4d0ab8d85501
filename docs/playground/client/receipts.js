/** Receipts of one moment are one: only the highest counts. */
const RECEIPT_MS = 300

/**
 * Tells the server how far everything has arrived. Only what has everything below it: the server pushes what is above
 * that to a device that is away, and nothing below.
 */
export class Receipts {
  #conversations
  #realtime
  #userId
  /** Conversations of which something may be told. */
  #arrived = new Set()
  /** How far it was told on this socket. */
  #told = new Map()

  /** `conversations`: by id, as they are kept; `realtime`: the socket; `userId()`: who this is. */
  constructor({ conversations, realtime, userId }) {
    this.#conversations = conversations
    this.#realtime = realtime
    this.#userId = userId
  }

  /** Something has arrived there. */
  arrived(id) {
    if (this.#arrived.size === 0) setTimeout(() => this.#tell(), RECEIPT_MS)
    this.#arrived.add(id)
  }

  /** A new socket: nobody knows which of the earlier receipts arrived, and what came before `ready` was not told. */
  restart() {
    this.#told.clear()
    for (const id of this.#conversations.keys()) this.arrived(id)
  }

  #tell() {
    for (const id of this.#arrived) {
      const conversation = this.#conversations.get(id)
      if (conversation === undefined) continue
      const seq = conversation.arrivedSeq(this.#userId())
      // What is read counts as delivered.
      const known = Math.max(this.#told.get(id) ?? 0, conversation.readSeq)
      if (seq > known && this.#realtime.send({ type: 'message:delivered', conversationId: id, seq })) this.#told.set(id, seq)
    }
    this.#arrived.clear()
  }
}
