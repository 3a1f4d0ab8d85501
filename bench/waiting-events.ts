type Event = { at: number; act: () => void }

/** What happens next. */
export function eventQueue(): { add(at: number, act: () => void): void; next(): Event | undefined } {
  const heap: Event[] = []
  return {
    add(at, act) {
      heap.push({ at, act })
      for (let child = heap.length - 1; child > 0;) {
        const parent = (child - 1) >> 1
        if (heap[parent]!.at <= heap[child]!.at) break
        ;[heap[parent], heap[child]] = [heap[child]!, heap[parent]!]
        child = parent
      }
    },
    next() {
      const first = heap[0]
      const last = heap.pop()
      if (!first || first === last) return first
      heap[0] = last!
      for (let at = 0; ;) {
        const child = [2 * at + 1, 2 * at + 2].filter((one) => one < heap.length).toSorted((a, b) => heap[a]!.at - heap[b]!.at)[0]
        if (child === undefined || heap[child]!.at >= heap[at]!.at) break
        ;[heap[child], heap[at]] = [heap[at]!, heap[child]!]
        at = child
      }
      return first
    },
  }
}
