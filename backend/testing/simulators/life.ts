import { setMaxListeners } from 'node:events'

export type Life = ReturnType<typeof createLife>

/** Everything that runs later and has to end when the simulators stop: timers, waits, requests under way. */
export function createLife() {
  const ending = new AbortController()
  // Every webhook under way listens to this one signal.
  setMaxListeners(0, ending.signal)
  const pending = new Set<{ timer: NodeJS.Timeout; cancelled: () => void }>()

  function after(ms: number, effect: () => void, cancelled: () => void = () => {}) {
    if (ending.signal.aborted) {
      cancelled()
      return
    }
    const entry = {
      timer: setTimeout(() => {
        pending.delete(entry)
        effect()
      }, ms),
      cancelled,
    }
    pending.add(entry)
  }

  return {
    signal: ending.signal,
    get stopped() {
      return ending.signal.aborted
    },
    after,
    /** Resolves after `ms`, or at once when the simulators stop: look at `stopped` then. */
    wait(ms: number): Promise<void> {
      return new Promise((resolve) => {
        if (ms <= 0) resolve()
        else after(ms, resolve, resolve)
      })
    },
    every(ms: number, effect: () => void) {
      const again = () => {
        effect()
        after(ms, again)
      }
      after(ms, again)
    },
    stop() {
      ending.abort(new Error('the simulators were stopped'))
      for (const { timer, cancelled } of pending) {
        clearTimeout(timer)
        cancelled()
      }
      pending.clear()
    },
  }
}
