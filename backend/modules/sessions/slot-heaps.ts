/** Slots by when they come free, and which of them is next. */

/** The slots whose mitra a wish accepts, by when they come free. A key that is too early is put right when it comes up: times only grow. */
export type Heap = { slots: Int32Array; order: Int32Array; keys: Float64Array; isBuilt: boolean }

export function heapOf(slots: readonly number[]): Heap {
  return { slots: Int32Array.from(slots), order: new Int32Array(slots.length), keys: new Float64Array(slots.length), isBuilt: false }
}

/** The slot that comes free first of those whom this wish accepts, the named mitra's before others of the same time; -1 without any. */
export function firstFree(heap: Heap, named: Int32Array | undefined, free: Float64Array): number {
  const top = topOf(heap, free)
  if (named === undefined) return top
  let best = top
  for (const slot of named) {
    const at = free[slot]!
    if (best < 0 || at < free[best]! || (best === top && at <= free[best]!)) best = slot
  }
  return best
}

function topOf(heap: Heap, free: Float64Array): number {
  const { order, keys } = heap
  if (order.length === 0) return -1
  if (!heap.isBuilt) {
    order.set(heap.slots)
    for (let at = 0; at < order.length; at++) keys[at] = free[order[at]!]!
    for (let at = (order.length >> 1) - 1; at >= 0; at--) sink(heap, at)
    heap.isBuilt = true
  }
  while (keys[0]! < free[order[0]!]!) {
    keys[0] = free[order[0]!]!
    sink(heap, 0)
  }
  return order[0]!
}

function sink({ order, keys }: Heap, from: number): void {
  const slot = order[from]!
  const key = keys[from]!
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= order.length) break
    const other = child + 1
    if (other < order.length && isBefore(keys[other]!, order[other]!, keys[child]!, order[child]!)) child = other
    if (isBefore(key, slot, keys[child]!, order[child]!)) break
    order[at] = order[child]!
    keys[at] = keys[child]!
    at = child
  }
  order[at] = slot
  keys[at] = key
}

// Of the same time the first slot: what else is in a heap then changes nothing of what comes out of it.
function isBefore(key: number, slot: number, otherKey: number, otherSlot: number): boolean {
  return key < otherKey || (key === otherKey && slot < otherSlot)
}
