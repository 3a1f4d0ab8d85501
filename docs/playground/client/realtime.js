import { advisedDelayMs, afterClose, GOOD_AFTER_MS, reconnectDelayMs } from './backoff.js'

const ANSWER_MS = 10_000
const SLOW_DOWN_MS = 10_000
/** From the first step of a try to `ready`: what takes longer has failed. */
const READY_MS = 15_000
/** The next token is fetched this long before the old one ends. */
const RENEW_EARLY_MS = 60_000

/**
 * One socket that is always there, as far as the network allows: it authenticates, keeps alive, notices that it is
 * dead, comes back, and takes a new token before the old one ends.
 *
 * Events: `state` (idle, waiting, connecting, ready), `frame` (every frame: `{way: 'in' | 'out', frame}`), `closed`
 * (`{code, reason}`), `signed-out`.
 */
export class Realtime extends EventTarget {
  state = 'idle'
  #url
  #clock
  #tokens
  #socket
  #attempt = 0
  #advisedMs
  /** The server refused the token: the next try brings another one. */
  #isTokenRefused = false
  /** And was it tried at once already, since the last good socket? */
  #hasRefreshed = false
  #readyMs
  #answerMs
  #readyAt = 0
  #sentAt = 0
  #heardAt = 0
  #heartbeatMs = 30_000
  /** When an `authenticate` or `heartbeat` was asked, by its type: their answers carry the server's time. */
  #asked = new Map()
  #again
  #deadline
  #renewal
  #beat

  /** `tokens.access({isRefused})` answers `{token, expiresAtMs}` by the server's clock; throws when the sign-in is over. */
  constructor({ url, clock, tokens, readyMs = READY_MS, answerMs = ANSWER_MS }) {
    super()
    this.#url = url
    this.#clock = clock
    this.#tokens = tokens
    this.#readyMs = readyMs
    this.#answerMs = answerMs
  }

  /** The person wants it, the app came to the front, the network is back: no waiting. */
  connect() {
    if (this.state === 'connecting' || this.state === 'ready') return
    clearTimeout(this.#again)
    void this.#open()
  }

  /** Gone without a word, as a lost network does it: what is on its way is lost. Comes back only by `connect`. */
  cut() {
    this.#drop()
    this.#become('idle')
  }

  /** False where there is no socket that would take it. */
  send(frame) {
    if (this.state !== 'ready') return false
    this.#transmit(frame)
    return true
  }

  async #open() {
    this.#become('connecting')
    const deadline = setTimeout(() => this.#closed(1006, 'no ready in time'), this.#readyMs)
    this.#deadline = deadline
    let access
    try {
      access = await this.#tokens.access({ isRefused: this.#isTokenRefused })
    } catch (error) {
      if (error.isFinal) return this.#signOut()
      return deadline === this.#deadline ? this.#wait() : undefined
    }
    // Somebody cut it while the token was fetched, or it took too long.
    if (deadline !== this.#deadline) return
    this.#isTokenRefused = false
    this.#clock.restart()
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.addEventListener('open', () => this.#transmit({ type: 'authenticate', token: access.token }))
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(data))
    })
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket === this.#socket) this.#closed(code, reason)
    })
    this.#scheduleRenewal(access.expiresAtMs)
  }

  #receive(frame) {
    this.#heardAt = performance.now()
    if (frame.serverTime !== undefined) this.#sample(frame)
    if (frame.type === 'authenticated') {
      this.#heartbeatMs = frame.heartbeatSeconds * 1000
      this.#advisedMs = frame.reconnectAfterMs
    } else if (frame.type === 'ready') {
      clearTimeout(this.#deadline)
      this.#readyAt = performance.now()
      this.#hasRefreshed = false
      this.#become('ready')
      this.#beat = setInterval(() => this.#keepAlive(), 1000)
    }
    // Last: whoever hears of `ready` may send.
    this.#tell('frame', { way: 'in', frame })
  }

  #sample({ type, serverTime }) {
    const askedAt = this.#asked.get(type)
    this.#asked.delete(type)
    if (askedAt !== undefined) this.#clock.sample(askedAt, performance.now(), serverTime)
  }

  // A heartbeat after so much silence. Not a sound after one means that nobody is there any more; its answer may have to wait behind pages.
  #keepAlive() {
    const now = performance.now()
    const askedAt = this.#asked.get('heartbeat')
    if (askedAt !== undefined && now - askedAt > this.#answerMs) {
      if (now - this.#heardAt > this.#answerMs) return this.#closed(1006, 'no answer to a heartbeat')
      this.#asked.delete('heartbeat')
    }
    if (!this.#asked.has('heartbeat') && now - this.#sentAt >= this.#heartbeatMs) this.#transmit({ type: 'heartbeat' })
  }

  #scheduleRenewal(expiresAtMs) {
    clearTimeout(this.#renewal)
    this.#renewal = setTimeout(() => void this.#renew(), Math.max(1000, expiresAtMs - this.#clock.nowMs() - RENEW_EARLY_MS))
  }

  async #renew() {
    if (this.state !== 'ready') return
    try {
      const { token, expiresAtMs } = await this.#tokens.access({ isRefused: true })
      if (this.send({ type: 'authenticate', token })) this.#scheduleRenewal(expiresAtMs)
    } catch (error) {
      if (error.isFinal) return this.#signOut()
      this.#renewal = setTimeout(() => void this.#renew(), 5000)
    }
  }

  #transmit(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#sentAt = performance.now()
    if (frame.type === 'authenticate') this.#asked.set('authenticated', this.#sentAt)
    if (frame.type === 'heartbeat') this.#asked.set('heartbeat', this.#sentAt)
    this.#socket.send(JSON.stringify(frame))
    this.#tell('frame', { way: 'out', frame })
  }

  #closed(code, reason) {
    const wasGood = this.state === 'ready' && performance.now() - this.#readyAt >= GOOD_AFTER_MS
    if (wasGood) this.#attempt = 0
    this.#advisedMs = advisedDelayMs(reason) ?? this.#advisedMs
    this.#drop()
    this.#tell('closed', { code, reason })
    const what = afterClose(code)
    if (what === 'sign-out') return this.#signOut()
    if (what === 'stay-away') return this.#become('idle')
    if (what === 'refresh') {
      this.#isTokenRefused = true
      // At once, but not again and again: a server that refuses every token is not to be asked without end.
      if (!this.#hasRefreshed) {
        this.#hasRefreshed = true
        return void this.#open()
      }
    }
    if (what === 'slow-down') this.#advisedMs = Math.max(this.#advisedMs ?? 0, SLOW_DOWN_MS)
    return this.#wait()
  }

  #wait() {
    clearTimeout(this.#deadline)
    const delayMs = reconnectDelayMs(this.#attempt++, this.#advisedMs)
    this.#advisedMs = undefined
    this.#become('waiting', { delayMs })
    this.#again = setTimeout(() => void this.#open(), delayMs)
  }

  #signOut() {
    this.#drop()
    this.#become('idle')
    this.#tell('signed-out')
  }

  #drop() {
    const socket = this.#socket
    this.#socket = undefined
    for (const timer of [this.#again, this.#deadline, this.#renewal, this.#beat]) clearTimeout(timer)
    this.#deadline = undefined
    this.#asked.clear()
    socket?.close()
  }

  #become(state, more = {}) {
    this.state = state
    this.#tell('state', { state, attempt: this.#attempt, ...more })
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}
