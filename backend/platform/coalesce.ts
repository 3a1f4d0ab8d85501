type Entry<Item, Result> = { item: Item; resolve(result: Result): void; reject(error: unknown): void }

export type Coalesced<Item, Result> = {
  (item: Item): Promise<Result>
  /** Resolves when nothing is waiting or under way. */
  settled(): Promise<void>
}

/**
 * Runs together what is asked for within one turn of the event loop, and what piles up while earlier runs are under
 * way: no timer, and no added wait when idle. `run` answers in the order of its items, or throws for all of them.
 */
export function coalesce<Item, Result>(options: { lanes: number; most: number; run(items: Item[]): Promise<readonly Result[]> }): Coalesced<Item, Result> {
  let waiting: Entry<Item, Result>[] = []
  let running = 0
  let isScheduled = false
  let idle: (() => void)[] = []

  const start = () => {
    isScheduled = false
    while (running < options.lanes && waiting.length > 0) {
      const entries = waiting.slice(0, options.most)
      waiting = waiting.slice(options.most)
      running++
      void runTogether(entries)
    }
    if (running > 0 || waiting.length > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }
  const runTogether = async (entries: Entry<Item, Result>[]) => {
    try {
      const results = await options.run(entries.map((entry) => entry.item))
      for (let at = 0; at < entries.length; at++) entries[at]!.resolve(results[at]!)
    } catch (error) {
      for (const entry of entries) entry.reject(error)
    }
    running--
    start()
  }
  const ask = (item: Item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    waiting.push({ item, resolve, reject })
    if (!isScheduled && running < options.lanes) {
      isScheduled = true
      setImmediate(start)
    }
    return promise
  }
  const settled = () => (running === 0 && waiting.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => void idle.push(resolve)))
  return Object.assign(ask, { settled })
}
