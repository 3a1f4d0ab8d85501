/**
 * Slots by when they come free, and which of them is next. Times only grow, so a queue of buckets is enough: one step for
 * nearly every slot, where a heap takes a dozen that no processor foresees.
 */

const BUCKET_SECONDS = 8
const BUCKETS = 1800
/** Slots that come free later than this are all the same: nobody is told of a longer wait. */
export const FARTHEST_SECONDS = BUCKET_SECONDS * BUCKETS

const NONE = -1

export type SlotQueue = {
  slots: Int32Array
  /** Of each bucket its first slot; of each slot the one behind it. Sorted are those up to `at`. */
  first: Int32Array
  next: Int32Array
  /** As what time each slot stands in its bucket: what it is really may have grown since. */
  times: Float64Array
  at: number
  isBuilt: boolean
}

/** `slots`: in order; `count`: of all slots there are. */
export function slotQueue(slots: Int32Array, count: number): SlotQueue {
  return { slots, first: new Int32Array(BUCKETS + 1), next: new Int32Array(count), times: new Float64Array(count), at: 0, isBuilt: false }
}

/** The slot that comes free first, of the same time the one that stands first among all; -1 without any. `free`: the times of all slots, in seconds. */
export function firstOf(queue: SlotQueue, free: Float64Array): number {
  if (!queue.isBuilt) build(queue, free)
  const { first, next, times } = queue
  for (;;) {
    const slot = first[queue.at]!
    if (slot === NONE) {
      if (queue.at === BUCKETS) return NONE
      queue.at += 1
      if (queue.at < BUCKETS) sort(queue)
    } else if (times[slot] === free[slot]) return slot
    else {
      first[queue.at] = next[slot]!
      insert(queue, slot, free[slot]!)
    }
  }
}

/** The slot that a wish gets which names a mitra (their slots: `from` to before `until`): theirs before others of the same time. */
export function firstOfNamed(other: number, from: number, until: number, free: Float64Array): number {
  let best = other
  for (let slot = from; slot < until; slot++) {
    const at = free[slot]!
    if (at !== Infinity && (best === NONE || at < free[best]! || (best === other && at <= free[best]!))) best = slot
  }
  return best
}

function build(queue: SlotQueue, free: Float64Array): void {
  const { slots, first, next, times } = queue
  first.fill(NONE)
  // From the last to the first: of the same time the first then stands first.
  for (let at = slots.length - 1; at >= 0; at--) {
    const slot = slots[at]!
    const time = free[slot]!
    if (time === Infinity) continue
    const bucket = bucketOf(time)
    times[slot] = time
    next[slot] = first[bucket]!
    first[bucket] = slot
  }
  queue.at = 0
  queue.isBuilt = true
  sort(queue)
}

function bucketOf(time: number): number {
  return time < FARTHEST_SECONDS ? (time / BUCKET_SECONDS) | 0 : BUCKETS
}

function insert(queue: SlotQueue, slot: number, time: number): void {
  if (time === Infinity) return
  const { first, next, times } = queue
  const bucket = bucketOf(time)
  times[slot] = time
  if (bucket !== queue.at || bucket === BUCKETS) {
    next[slot] = first[bucket]!
    first[bucket] = slot
  } else first[bucket] = insertSorted(queue, first[bucket]!, slot)
}

// Of a bucket that comes up: where nobody stands before somebody who is free earlier, nothing is done.
function sort(queue: SlotQueue): void {
  const { first, next } = queue
  let rest = first[queue.at]!
  if (rest === NONE || next[rest] === NONE) return
  let sorted = NONE
  let last = NONE
  while (rest !== NONE) {
    const slot = rest
    rest = next[slot]!
    if (last !== NONE && isBefore(queue, last, slot)) {
      next[last] = slot
      next[slot] = NONE
      last = slot
    } else {
      sorted = insertSorted(queue, sorted, slot)
      if (next[slot] === NONE) last = slot
    }
  }
  first[queue.at] = sorted
}

function insertSorted(queue: SlotQueue, head: number, slot: number): number {
  const { next } = queue
  if (head === NONE || isBefore(queue, slot, head)) {
    next[slot] = head
    return slot
  }
  let before = head
  while (next[before] !== NONE && isBefore(queue, next[before]!, slot)) before = next[before]!
  next[slot] = next[before]!
  next[before] = slot
  return head
}

function isBefore({ times }: SlotQueue, one: number, other: number): boolean {
  return times[one]! < times[other]! || (times[one] === times[other] && one < other)
}
