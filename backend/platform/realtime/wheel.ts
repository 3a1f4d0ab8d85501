/** Whoever waits in a wheel; the slot is the wheel's own. */
export type Waiting = { slot: number }

export type Wheel<T extends Waiting> = {
  /** Calls `due` for it once, in `inMs` or a little later (the wheel's length at most). */
  add(entry: T, inMs: number): void
  remove(entry: T): void
  stop(): void
}

const STEP_MS = 250
/** A turn this long after the one before was held up: nothing was read from any socket meanwhile. */
const STALL_MS = 4 * STEP_MS
const SLOTS = 256

/**
 * Deadlines of many sockets without a timer each: a turn costs only what falls due in it. A deadline beyond the
 * wheel's length (64 s) comes early; `due` then adds the entry again. `due` is also told whether this process itself was
 * held up before it: whatever others sent meanwhile has not been read yet.
 */
export function createWheel<T extends Waiting>(due: (entry: T, wasHeldUp: boolean) => void): Wheel<T> {
  const slots = Array.from({ length: SLOTS }, () => new Set<T>())
  const startedAtMs = performance.now()
  let turned = 0
  let turnedAtMs = startedAtMs
  const turn = () => {
    const nowMs = performance.now()
    const wasHeldUp = nowMs - turnedAtMs >= STALL_MS
    turnedAtMs = nowMs
    const now = Math.floor((nowMs - startedAtMs) / STEP_MS)
    // After a long stall every slot is looked at once, not once for each turn that was missed.
    const from = Math.max(turned + 1, now - SLOTS + 1)
    // What is added meanwhile goes behind all of them.
    turned = now
    for (let step = from; step <= now; step++) {
      const entries = slots[step % SLOTS]!
      if (entries.size === 0) continue
      const falling = [...entries]
      entries.clear()
      for (const entry of falling) {
        entry.slot = -1
        due(entry, wasHeldUp)
      }
    }
  }
  const timer = setInterval(turn, STEP_MS).unref()
  return {
    add(entry, inMs) {
      if (entry.slot !== -1) slots[entry.slot]!.delete(entry)
      const steps = Math.min(SLOTS - 2, Math.max(1, Math.ceil(inMs / STEP_MS)))
      entry.slot = (turned + steps + 1) % SLOTS
      slots[entry.slot]!.add(entry)
    },
    remove(entry) {
      if (entry.slot !== -1) slots[entry.slot]!.delete(entry)
      entry.slot = -1
    },
    stop: () => clearInterval(timer),
  }
}
