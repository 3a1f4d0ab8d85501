/**
 * What somebody said and the server has not confirmed. Each message has a `clientId` for life: however often it is
 * sent, it is stored once.
 *
 *   queued → sent → acked                    (leaves the outbox)
 *                 → rejected                 (stays to be shown, until it is retried under a new clientId or discarded)
 *                 → unknown → sent → …       (perhaps stored, perhaps not: sent again under the same clientId)
 */
const ANSWER_MS = 10_000

export class Outbox {
  #entries = new Map()
  #save
  #now

  /** `saved`: what `save` was given last, before the app was closed: nobody knows any more what became of it. */
  constructor({ saved = [], save = () => {}, now = () => performance.now() } = {}) {
    this.#save = save
    this.#now = now
    for (const entry of saved) this.#entries.set(entry.clientId, { ...entry, state: entry.state === 'rejected' ? 'rejected' : 'unknown' })
  }

  /** In the order in which they were said. */
  get entries() {
    return [...this.#entries.values()]
  }

  add({ conversationId, body, clientId = crypto.randomUUID() }) {
    return this.#set({ clientId, conversationId, body, state: 'queued' })
  }

  /**
   * What is to be sent now, as frames, in order; they count as sent from here on. One that waits for its answer is
   * not sent twice, unless the answer is long overdue.
   */
  due(isReady) {
    if (!isReady) return []
    const now = this.#now()
    const due = this.entries.filter((entry) => entry.state === 'queued' || (entry.state === 'unknown' && now >= (entry.notBefore ?? 0)) || (entry.state === 'sent' && now - entry.sentAt >= ANSWER_MS))
    return due.map((entry) => {
      this.#set({ ...entry, state: 'sent', sentAt: now })
      return { type: 'message:send', clientId: entry.clientId, conversationId: entry.conversationId, body: entry.body }
    })
  }

  /** The socket is gone: whoever waits for an answer will get none on it. */
  lost() {
    for (const entry of this.entries) if (entry.state === 'sent') this.#set({ ...entry, state: 'unknown', notBefore: 0 })
  }

  /** Takes the server's answers; the entry that was acked, undefined otherwise. */
  apply(frame) {
    const entry = this.#entries.get(frame.clientId)
    if (entry === undefined) return undefined
    // A page or an event may bring one's own message before its ack does: it is stored all the same.
    if (frame.type === 'message:ack' || frame.type === 'message:received') {
      this.discard(entry.clientId)
      return entry
    }
    // `not_ready` alone leaves open whether it is stored. Every other code is final.
    if (frame.type === 'message:rejected' && frame.code === 'not_ready') {
      const attempts = (entry.attempts ?? 0) + 1
      this.#set({ ...entry, state: 'unknown', attempts, notBefore: this.#now() + Math.min(30_000, 500 * 2 ** attempts) * (0.5 + Math.random() / 2) })
    } else if (frame.type === 'message:rejected') this.#set({ ...entry, state: 'rejected', code: frame.code, detail: frame.detail })
    return undefined
  }

  /** A rejected message once more: as a new one, since the old clientId has had its answer. */
  retry(clientId) {
    const entry = this.#entries.get(clientId)
    if (entry?.state !== 'rejected') return undefined
    this.discard(clientId)
    return this.add({ conversationId: entry.conversationId, body: entry.body })
  }

  discard(clientId) {
    if (this.#entries.delete(clientId)) this.#save(this.entries)
  }

  #set(entry) {
    this.#entries.set(entry.clientId, entry)
    this.#save(this.entries)
    return entry
  }
}
