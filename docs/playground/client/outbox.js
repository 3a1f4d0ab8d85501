/**
 * What somebody said and the server has not confirmed. Each message has a `clientId` for life: however often it is
 * sent, it is stored once.
 *
 *   queued → sent → acked                    (leaves the outbox)
 *                 → rejected                 (stays to be shown, until it is retried under a new clientId or discarded)
 *                 → unknown → sent → …       (perhaps stored, perhaps not: sent again under the same clientId)
 */
const ANSWER_MS = 10_000
/** A socket may send 600 frames at once and 60 a second, and not only messages: half of the rate is left to the others. */
const AT_ONCE = 100
const PER_SECOND = 30

export class Outbox {
  #entries = new Map()
  #save
  #now
  #left = AT_ONCE
  #filledAt

  /** `saved`: what `save` was given last, before the app was closed: nobody knows any more what became of it. */
  constructor({ saved = [], save = () => {}, now = () => performance.now() } = {}) {
    this.#save = save
    this.#now = now
    this.#filledAt = now()
    // The times of `now` were those of an app that is no more.
    for (const { notBefore: _wait, sentAt: _when, attempts: _often, ...entry } of saved) this.#entries.set(entry.clientId, { ...entry, state: entry.state === 'rejected' ? 'rejected' : 'unknown' })
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
   * not sent twice, unless the answer is long overdue. While one waits to be sent again, and until it is answered,
   * what was said after it in its conversation waits too: it would take its place.
   */
  due(isReady) {
    if (!isReady) return []
    const now = this.#now()
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#filledAt) * PER_SECOND) / 1000)
    this.#filledAt = now
    const held = new Set()
    const frames = []
    for (const entry of this.entries) {
      if (entry.state === 'rejected' || held.has(entry.conversationId)) continue
      const isDue = entry.state === 'queued' || (entry.state === 'unknown' && now >= (entry.notBefore ?? 0)) || (entry.state === 'sent' && now - entry.sentAt >= ANSWER_MS)
      if (isDue && this.#left < 1) break
      if (isDue) frames.push(this.#send(entry, now))
      if (entry.attempts > 0) held.add(entry.conversationId)
    }
    return frames
  }

  #send(entry, now) {
    this.#left--
    this.#set({ ...entry, state: 'sent', sentAt: now })
    return { type: 'message:send', clientId: entry.clientId, conversationId: entry.conversationId, body: entry.body }
  }

  /** The socket is gone: whoever waits for an answer will get none on it. */
  lost() {
    for (const entry of this.entries) if (entry.state === 'sent') this.#set({ ...entry, state: 'unknown', notBefore: 0 })
  }

  /** The server passed over a frame, and did not say which. */
  passedOver() {
    for (const entry of this.entries) if (entry.state === 'sent') this.#later(entry)
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
    if (frame.type === 'message:rejected' && frame.code === 'not_ready') this.#later(entry)
    else if (frame.type === 'message:rejected') this.#set({ ...entry, state: 'rejected', code: frame.code, detail: frame.detail })
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

  #later(entry) {
    const attempts = (entry.attempts ?? 0) + 1
    this.#set({ ...entry, state: 'unknown', attempts, notBefore: this.#now() + Math.min(30_000, 500 * 2 ** attempts) * (0.5 + Math.random() / 2) })
  }

  #set(entry) {
    this.#entries.set(entry.clientId, entry)
    this.#save(this.entries)
    return entry
  }
}
