type Entry<Item, Result> = { item: Item; resolve(result: Result): void; reject(error: unknown): void }

export type Coalesced<Item, Result> = {
  (item: Item): Promise<Result>
  /** How many wait for a run to take them. */
  waiting(): number
  /** Resolves when nothing is waiting or under way. */
  settled(): Promise<void>
}

export type CoalesceOptions<Item, Result> = {
  /** Runs at once, at most. */
  lanes: number
  /** Items of one run, at most. */
  most: number
  /** A run begins beside another only when that one has taken this long: until then what is asked for piles up. At once where absent. */
  besideAfterMs?: number
  run(items: Item[]): Promise<readonly Result[]>
}

/**
 * Runs together what is asked for within one turn of the event loop, and what piles up while earlier runs are under
 * way: no added wait when idle. `run` answers in the order of its items, or throws for all of them.
 */
export function coalesce<Item, Result>(options: CoalesceOptions<Item, Result>): Coalesced<Item, Result> {
  const besideAfterMs = options.besideAfterMs ?? 0
  let waiting: Entry<Item, Result>[] = []
  let running = 0
  let isScheduled = false
  let startedAtMs = 0
  let timer: NodeJS.Timeout | undefined
  let idle: (() => void)[] = []

  const start = () => {
    isScheduled = false
    while (running < options.lanes && waiting.length > 0) {
      const patienceMs = running === 0 ? 0 : startedAtMs + besideAfterMs - performance.now()
      if (patienceMs > 0) {
        timer ??= setTimeout(() => {
          timer = undefined
          start()
        }, patienceMs)
        return
      }
      const entries = waiting.slice(0, options.most)
      waiting = waiting.slice(options.most)
      running++
      startedAtMs = performance.now()
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
    clearTimeout(timer)
    timer = undefined
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
  return Object.assign(ask, { settled, waiting: () => waiting.length })
}
