import { notStored, storeUnlocked, type Around, type Entry } from './store-batch.ts'

export type HeldSends = {
  isEmpty(): boolean
  has(conversationId: string): boolean
  /** Puts a send behind those of its conversation that wait already. */
  add(entry: Entry): void
}

export type HeldOptions = {
  /** Sends of one commit. */
  most: number
  /** How long one is tried before it is refused with `not_ready`. */
  forMs: number
  answered(entry: Entry): void
  /** Nothing waits for this conversation any more. */
  freed(conversationId: string): void
  /** A try is over. */
  tried(): void
}

const RETRY_MS = 100

/** Sends of conversations that somebody holds locked, on a way of their own: nobody else waits for them. */
export function createHeldSends(around: Around, options: HeldOptions): HeldSends {
  const { most } = options
  const held = new Map<string, Entry[]>()

  const retry = async () => {
    const batch: Entry[] = []
    for (const entries of held.values()) {
      if (batch.length > 0 && batch.length + entries.length > most) break
      batch.push(...entries.slice(0, most))
    }
    const answered = new Set(batch)
    for (const entry of await storeUnlocked(around, batch)) answered.delete(entry)
    settle(answered, batch)
    if (held.size > 0) retryIn(answered.size > 0 ? 0 : RETRY_MS)
    options.tried()
  }
  const retryIn = (ms: number) => void setTimeout(() => void retry(), ms)
  const settle = (answered: ReadonlySet<Entry>, tried: readonly Entry[]) => {
    const nowMs = performance.now()
    const triedIds = new Set(tried.map((entry) => entry.send.conversationId))
    // What is put back would be gone through again.
    const all = [...held]
    for (const [conversationId, entries] of all) {
      const left = entries.filter((entry) => {
        const isOver = !answered.has(entry) && entry.heldUntilMs <= nowMs
        if (isOver) entry.reject(notStored())
        if (!isOver && !answered.has(entry)) return true
        options.answered(entry)
        return false
      })
      // Who was tried goes to the end: the others have their turn before.
      if (left.length === 0 || triedIds.has(conversationId)) held.delete(conversationId)
      if (left.length > 0) held.set(conversationId, left)
      else options.freed(conversationId)
    }
  }

  return {
    isEmpty: () => held.size === 0,
    has: (conversationId) => held.has(conversationId),
    add(entry) {
      const { conversationId } = entry.send
      entry.heldUntilMs = performance.now() + options.forMs
      if (held.size === 0) retryIn(RETRY_MS)
      const entries = held.get(conversationId)
      if (entries === undefined) held.set(conversationId, [entry])
      else entries.push(entry)
    },
  }
}
