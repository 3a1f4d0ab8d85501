import { Api } from './api.js'
import { ServerClock } from './clock.js'
import { Conversation } from './conversation.js'
import { Gaps } from './gaps.js'
import { Outbox } from './outbox.js'
import { Realtime } from './realtime.js'
import { Receipts } from './receipts.js'

const TICK_MS = 500
/** Somebody who types says so again this often; it ends by itself on the server. */
const TYPING_MS = 3000
const OPEN_STATES = new Set(['queued', 'held', 'ringing', 'active', 'paused'])

/**
 * One signed-in person on one device: everything that their app knows, kept right by frames, by `sync` and by HTTP.
 * Dispatches `changed` whenever something of it has changed, and passes on the events of its socket.
 */
export class Person extends EventTarget {
  clock = new ServerClock()
  user
  /** A mitra's: whether new sessions may come. */
  status
  sessions = new Map()
  offers = new Map()
  conversations = new Map()
  presence = new Map()
  /** Who types, by conversation. */
  typing = new Map()
  /** Whose outbox it is. */
  #ownerId
  #saveOwner
  #typedAt = 0
  #gaps
  #receipts
  #tick

  constructor({ url, saved = {}, save = () => {} }) {
    super()
    this.#ownerId = saved.ownerId
    this.#saveOwner = (id) => save('ownerId', id)
    this.api = new Api({ url, clock: this.clock, saved: saved.tokens, save: (tokens) => save('tokens', tokens) })
    this.outbox = new Outbox({ saved: saved.outbox, save: (entries) => save('outbox', entries) })
    this.realtime = new Realtime({ url: `${url.replace(/^http/, 'ws')}/api/v1/realtime`, clock: this.clock, tokens: this.api })
    this.#gaps = new Gaps(this)
    this.#receipts = new Receipts({ conversations: this.conversations, realtime: this.realtime, userId: () => this.user?.id })
    this.realtime.addEventListener('frame', ({ detail }) => detail.way === 'in' && this.#receive(detail.frame))
    this.realtime.addEventListener('state', ({ detail }) => this.#stateChanged(detail.state))
    this.realtime.addEventListener('signed-out', () => this.#forget())
  }

  async signIn(phone, kind, code) {
    this.user = await this.api.signIn(phone, kind, code)
    this.#begin()
  }

  /** Goes on with the tokens of last time. */
  async resume() {
    try {
      this.user = await this.api.call('GET', '/me')
    } catch (error) {
      if (error.isFinal) this.#forget()
      throw error
    }
    this.#begin()
  }

  async signOut() {
    this.realtime.cut()
    await this.api.signOut()
    this.#forget()
  }

  get openSession() {
    return [...this.sessions.values()].filter((session) => OPEN_STATES.has(session.state)).toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]
  }

  get lastSession() {
    return this.openSession ?? [...this.sessions.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]
  }

  say(conversationId, body) {
    const entry = this.outbox.add({ conversationId, body })
    this.#typedAt = 0
    this.#deliver()
    this.#changed()
    return entry
  }

  edit(conversationId, seq, body) {
    return this.realtime.send({ type: 'message:edit', conversationId, seq, body })
  }

  delete(conversationId, seq) {
    return this.realtime.send({ type: 'message:delete', conversationId, seq })
  }

  /** At every key: tells it at most once in a while. */
  type(conversationId) {
    const now = performance.now()
    if (now - this.#typedAt < TYPING_MS) return
    if (this.realtime.send({ type: 'typing:start', conversationId })) this.#typedAt = now
  }

  stopTyping(conversationId) {
    if (this.#typedAt === 0) return
    this.#typedAt = 0
    this.realtime.send({ type: 'typing:stop', conversationId })
  }

  /** Everything up to the last message is on the screen. */
  markRead(conversationId) {
    const conversation = this.conversations.get(conversationId)
    // What is missing below the last one is not on it.
    const seq = conversation?.arrivedSeq(this.user.id) ?? 0
    if (seq > (conversation?.readSeq ?? 0) && this.realtime.send({ type: 'message:read', conversationId, seq })) conversation.readSeq = seq
  }

  /** Takes a session as HTTP or an event tells it; an older version than the known one is dropped. A place in the queue moves without a new version. */
  take(session) {
    const known = this.sessions.get(session.id)
    if (known !== undefined && (known.version > session.version || (known.version === session.version && session.queue === undefined))) return
    this.sessions.set(session.id, session)
    if (session.conversationId !== undefined) this.#conversation(session.conversationId)
    this.#changed()
  }

  #begin() {
    // What somebody else left unsent on this device is not this person's to say.
    if (this.#ownerId !== this.user.id) for (const entry of this.outbox.entries) this.outbox.discard(entry.clientId)
    this.#ownerId = this.user.id
    this.#saveOwner(this.user.id)
    this.#tick = setInterval(() => {
      this.#deliver()
      this.#gaps.check()
    }, TICK_MS)
    this.realtime.connect()
    this.#changed()
  }

  #forget() {
    clearInterval(this.#tick)
    this.user = undefined
    this.api.forget()
    for (const known of [this.sessions, this.offers, this.conversations, this.presence, this.typing]) known.clear()
    this.#changed()
  }

  #stateChanged(state) {
    if (state !== 'ready') {
      this.outbox.lost()
      // Who is not connected knows nothing of others.
      for (const known of [this.presence, this.typing]) known.clear()
      this.#gaps.restart()
    }
    this.#changed()
  }

  #receive(frame) {
    switch (frame.type) {
      case 'ready':
        this.#ready(frame)
        break
      case 'heartbeat':
        this.#compare(frame)
        break
      case 'session:updated':
        this.take(frame.session)
        break
      case 'offer:created':
      case 'offer:ended':
        if (frame.offer) this.offers.set(frame.offer.id, frame.offer)
        else this.offers.delete(frame.offerId)
        break
      case 'mitra:status':
        this.status = frame.status
        break
      case 'message:ack': {
        const entry = this.outbox.apply(frame)
        // Already known where an event or a page was faster than the ack.
        if (entry) this.#conversation(frame.conversationId).acked(entry, frame, this.user.id)
        // It may have been what was missing below something of the other side.
        this.#receipts.arrived(frame.conversationId)
        this.#deliver()
        break
      }
      case 'message:rejected':
        this.outbox.apply(frame)
        this.#deliver()
        break
      case 'typing:start':
      case 'typing:stop':
        this.#typing(frame)
        break
      case 'error':
        this.#refused(frame)
        break
      default:
        if (frame.type.startsWith('presence:')) this.presence.set(frame.userId, frame.type.slice('presence:'.length))
        else if (frame.conversationId !== undefined) this.#converse(frame)
    }
    this.#changed()
  }

  // One consistent read of everything that is open: what is not in it is over, and HTTP tells how it ended.
  #ready(frame) {
    const open = new Set(frame.sessions.map((session) => session.id))
    for (const session of frame.sessions) this.take(session)
    for (const session of this.sessions.values()) if (OPEN_STATES.has(session.state) && !open.has(session.id)) void this.#fetchSession(session.id)
    this.offers = new Map(frame.offers.map((offer) => [offer.id, offer]))
    for (const position of frame.conversations) {
      const known = this.conversations.get(position.id)
      if (known !== undefined) known.stand(position)
      else if (frame.sessions.some((session) => session.conversationId === position.id)) this.#conversation(position.id).stand(position)
    }
    // First what is missing: a full outbox may use up what a socket may send at once.
    this.#gaps.answered()
    this.#deliver()
    this.#receipts.restart()
  }

  // What a heartbeat says differently was lost on the way.
  #compare(frame) {
    for (const position of frame.conversations) this.conversations.get(position.id)?.stand(position)
    const open = new Map(frame.sessions.map(({ id, version }) => [id, version]))
    for (const [id, version] of open) if ((this.sessions.get(id)?.version ?? -1) < version) void this.#fetchSession(id)
    for (const session of this.sessions.values()) if (OPEN_STATES.has(session.state) && !open.has(session.id)) void this.#fetchSession(session.id)
    const rung = new Set(frame.offers)
    for (const id of this.offers.keys()) if (!rung.has(id)) this.offers.delete(id)
    if (frame.offers.some((id) => !this.offers.has(id))) void this.#fetchOffers()
    this.#gaps.askSoon()
  }

  #converse(frame) {
    const conversation = this.#conversation(frame.conversationId)
    conversation.apply(frame, this.user.id)
    if (frame.type === 'message:received') {
      this.#typing({ type: 'typing:stop', conversationId: frame.conversationId, userId: frame.senderId })
      if (frame.senderId === this.user.id) this.outbox.apply(frame)
    }
    if (frame.type === 'message:received' || frame.type === 'conversation:synced') this.#receipts.arrived(frame.conversationId)
    if (frame.type === 'conversation:synced') {
      for (const message of frame.messages) if (message.senderId === this.user.id) this.outbox.apply({ ...message, type: 'message:received' })
      return this.#gaps.answered()
    }
    this.#gaps.askSoon()
  }

  #typing({ type, conversationId, userId }) {
    const typists = this.typing.get(conversationId) ?? new Set()
    if (type === 'typing:start') typists.add(userId)
    else typists.delete(userId)
    this.typing.set(conversationId, typists)
  }

  #refused(frame) {
    // Over the frame limit the server does not say which frame it passed over.
    const isAnyFrame = frame.of === undefined && frame.code === 'too_many_frames'
    if (isAnyFrame) this.outbox.passedOver()
    if (frame.of === 'sync' && frame.code === 'not_found') this.conversations.delete(frame.conversationId)
    else if (frame.of === 'sync' || isAnyFrame) this.#gaps.refused()
    this.dispatchEvent(new CustomEvent('refused', { detail: frame }))
  }

  #deliver() {
    for (const frame of this.outbox.due(this.realtime.state === 'ready')) this.realtime.send(frame)
  }

  #conversation(id) {
    const conversation = this.conversations.get(id) ?? new Conversation(id)
    if (!this.conversations.has(id)) {
      this.conversations.set(id, conversation)
      this.#gaps.askSoon()
    }
    return conversation
  }

  async #fetchSession(id) {
    const answer = await this.api.call('GET', `/sessions/${id}`).catch(() => undefined) // the next heartbeat finds it again
    if (answer) this.take(answer.session)
  }

  async #fetchOffers() {
    const answer = await this.api.call('GET', '/offers').catch(() => undefined) // likewise
    for (const offer of answer?.items ?? []) this.offers.set(offer.id, offer)
    this.#changed()
  }

  #changed() {
    this.dispatchEvent(new Event('changed'))
  }
}
