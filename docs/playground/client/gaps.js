/** What overtook something is rare and mends itself: a gap is asked about after this. */
const GAP_MS = 300
/** After a refused `sync`: the first pause, doubled by each further refusal. */
const REFUSED_MS = 1000
const REFUSED_MOST_MS = 30_000
/** A `sync` asks about so many conversations at most. */
const ASKS_MAX = 100

/** Asks `sync` for what is missing in the conversations that are kept, until it is there. */
export class Gaps {
  #conversations
  #realtime
  #timer
  /** When it is asked next; infinite while nothing is planned. */
  #planned = Infinity
  /** Refusals since the last page, and until when nothing more is asked. */
  #refusals = 0
  #notBefore = 0

  /** `conversations`: by id, as they are kept; `realtime`: the socket. */
  constructor({ conversations, realtime }) {
    this.#conversations = conversations
    this.#realtime = realtime
  }

  /** An event may have been overtaken, or a position says that something is missing. */
  askSoon(inMs = GAP_MS) {
    const at = performance.now() + inMs
    if (at >= this.#planned) return
    clearTimeout(this.#timer)
    this.#planned = at
    this.#timer = setTimeout(() => {
      this.#planned = Infinity
      this.ask()
    }, inMs)
  }

  ask() {
    if (this.#realtime.state !== 'ready') return
    const waitMs = this.#notBefore - performance.now()
    if (waitMs > 0) return this.askSoon(waitMs)
    const asks = []
    for (const conversation of this.#conversations.values()) {
      const ask = asks.length < ASKS_MAX ? conversation.ask() : undefined
      if (ask) asks.push(ask)
    }
    if (asks.length > 0) this.#realtime.send({ type: 'sync', conversations: asks })
  }

  /** From time to time. A page that was asked for may never come: its frame was passed over, and the refusal too. */
  check() {
    if ([...this.#conversations.values()].some((conversation) => conversation.isOverdue)) this.ask()
  }

  /** A new socket, or a page: there is no reason to wait. */
  answered() {
    this.#refusals = 0
    this.#notBefore = 0
    this.ask()
  }

  /** A `sync` was refused, or a frame that may have been one: no page will come of it, nor of one behind it. */
  refused() {
    const now = performance.now()
    // Many frames are refused at once: that is one reason to wait.
    if (now >= this.#notBefore) this.#notBefore = now + Math.min(REFUSED_MOST_MS, REFUSED_MS * 2 ** this.#refusals++) * (0.5 + Math.random() / 2)
    this.restart()
    this.askSoon()
  }

  /** No answer is on its way any more. */
  restart() {
    for (const conversation of this.#conversations.values()) conversation.restart()
  }
}
