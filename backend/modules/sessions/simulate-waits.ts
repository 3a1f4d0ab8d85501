import { draw, drawBits, keyOf, shareUpTo, valueAt } from './draws.ts'
import type { Habits } from './habits.ts'
import { drawSlots, laySlots, layWishes, PURPOSE, type InLine, type Line, type Slots, type Wishes } from './lay-line.ts'
import { FARTHEST_SECONDS, firstOf, firstOfNamed } from './slot-queue.ts'

export type { InLine, Line, Running, Serving } from './lay-line.ts'

/** Whole seconds; null when nobody is there to serve, now or as far as one can see. */
export type Wait = { p50: number; p90: number } | null

/** `holdSeconds`: how long a place is held that came up from the queue. */
export type SimulateOptions = { seed: number; offersMax: number; holdSeconds: number }

/** Steps of all runs together: what bounds the time it takes. */
const STEPS = 40_000
// Of nine runs the longest is what the tenth stays below with 90 %; where many wait, they differ little.
const RUNS_LEAST = 9
const RUNS_MOST = 120
const HANDOVERS = 512

/**
 * The waiting time of everybody in line, and of whoever joins now: the day is played on many times. Everybody in turn
 * takes the slot of an acceptable mitra that comes free first, which is what strict FIFO gives, and keeps it for as long
 * as people were seen to. What is drawn for somebody depends on the seed and their id alone: with one more person ahead,
 * or mitras in another order, everybody else's draws are the same.
 */
export function simulateWaits(line: Line, habits: Habits, options: SimulateOptions): { waits: Wait[]; joining: Wait; runs: number } {
  const slots = laySlots(line, habits, options.seed)
  if (slots.count === 0) return { waits: line.waiting.map(() => null), joining: null, runs: 0 }
  const wishes = layWishes(line, slots)
  const count = line.waiting.length + 1
  const steps = slots.count + count * 4 + wishes.queues.reduce((sum, queue) => sum + queue.slots.length, 0)
  const runs = Math.max(RUNS_LEAST, Math.min(RUNS_MOST, Math.floor(STEPS / steps)))
  const day: Day = {
    slots, wishes, habits, runs, people: layPeople(line.waiting, habits, options.seed), handovers: drawHandovers(habits, options),
    starts: new Float64Array(count * runs), free: new Float64Array(slots.count), goneAt: new Float64Array(slots.mitraKeys.length),
  }
  for (let run = 0; run < runs; run++) playOn(day, run)
  const sorted = new Float64Array(runs)
  const waits = Array.from({ length: count }, (_, person) => waitOf(day.starts, person * runs, sorted))
  return { waits: waits.slice(0, -1), joining: waits.at(-1)!, runs }
}

type Day = {
  slots: Slots
  wishes: Wishes
  habits: Habits
  runs: number
  people: People
  handovers: Handovers
  /** Of each person and run: when they come to a slot. */
  starts: Float64Array
  free: Float64Array
  goneAt: Float64Array
}

// A function of its own, since it is called often enough to be compiled whole: a loop in the middle of a longer one is compiled anew every time.
function playOn(day: Day, run: number): void {
  const { slots: { mitraOf }, wishes: { queues, queueOf, namedFrom, namedUntil }, habits: { leaving, served }, runs, handovers, starts, free, goneAt } = day
  const { keys, lefts, seconds, waited, leftFrom, handoverFrom } = day.people
  drawSlots(day.slots, day.habits, run, free, goneAt)
  for (const queue of queues) queue.isBuilt = false
  for (let person = 0; person < queueOf.length; person++) {
    let slot = firstOf(queues[queueOf[person]!]!, free)
    if (namedUntil[person]! > 0) slot = firstOfNamed(slot, namedFrom[person]!, namedUntil[person]!, free)
    const start = slot < 0 ? Infinity : free[slot]!
    starts[person * runs + run] = start
    if (person === keys.length || start === Infinity) continue
    // One draw for all of a person, in three parts: this is the innermost loop.
    const bits = drawBits(keys[person]!, run, PURPOSE.person)
    // Who leaves meanwhile takes nothing from those behind.
    if (start > 0 && (start > lefts[person]! || start > valueAt(leaving, leftFrom[person]! + (1 - leftFrom[person]!) * (((bits >>> 20) + 0.5) / 4096)) - waited[person]!)) continue
    const handover = (bits & (HANDOVERS - 1)) + handoverFrom[person]!
    const share = handovers.isServed[handover] === 0 ? 0 : valueAt(served, (((bits >>> 10) & 1023) + 0.5) / 1024)
    const until = start + handovers.seconds[handover]! + share * seconds[person]!
    free[slot] = until > goneAt[mitraOf[slot]!]! ? Infinity : until
  }
}

type People = ReturnType<typeof layPeople>

/** Who waits, as columns. */
function layPeople(waiting: readonly InLine[], habits: Habits, seed: number) {
  const [keys, handoverFrom] = [new Int32Array(waiting.length), new Int32Array(waiting.length)]
  const [lefts, seconds, waited, leftFrom] = [new Float64Array(waiting.length), new Float64Array(waiting.length), new Float64Array(waiting.length), new Float64Array(waiting.length)]
  for (let at = 0; at < waiting.length; at++) {
    const one = waiting[at]!
    keys[at] = keyOf(one.id, seed)
    handoverFrom[at] = one.isPaid ? HANDOVERS : 0
    lefts[at] = one.left
    seconds[at] = one.seconds
    waited[at] = one.waited
    // Who has stayed for so long does not leave as those do who have just come.
    leftFrom[at] = shareUpTo(habits.leaving, one.waited)
  }
  return { keys, handoverFrom, lefts, seconds, waited, leftFrom }
}

type Handovers = { seconds: Float64Array; isServed: Uint8Array }

/** What lies between a slot and its session, drawn once for all: the payment, and offers until one is accepted. A refusal keeps a slot as the same offer to the next mitra would. */
function drawHandovers(habits: Habits, { seed, offersMax, holdSeconds }: SimulateOptions): Handovers {
  const handovers = { seconds: new Float64Array(HANDOVERS * 2), isServed: new Uint8Array(HANDOVERS * 2) }
  const key = keyOf('handovers', seed)
  for (let at = 0; at < HANDOVERS * 2; at++) drawHandover(handovers, at, habits, { key, offersMax, holdSeconds })
  return handovers
}

function drawHandover({ seconds, isServed }: Handovers, at: number, habits: Habits, { key, offersMax, holdSeconds }: { key: number; offersMax: number; holdSeconds: number }): void {
  // The second half is of those who have paid.
  const isPaid = at >= HANDOVERS
  if (!isPaid && draw(key, at, PURPOSE.outcome) >= habits.paidShare) {
    seconds[at] = Math.min(holdSeconds, valueAt(habits.unpaid, draw(key, at, PURPOSE.end)))
    return
  }
  let took = isPaid ? 0 : Math.min(holdSeconds, valueAt(habits.paid, draw(key, at, PURPOSE.end)))
  for (let offer = 0; offer < offersMax && isServed[at] === 0; offer++) {
    const isAccepted = draw(key, at, PURPOSE.offer + offer * 16) < habits.acceptedShare
    took += valueAt(isAccepted ? habits.accepted : habits.refused, draw(key, at, PURPOSE.served + offer * 16))
    if (isAccepted) isServed[at] = 1
  }
  seconds[at] = took
}

function waitOf(starts: Float64Array, from: number, sorted: Float64Array): Wait {
  const runs = sorted.length
  for (let run = 0; run < runs; run++) sorted[run] = starts[from + run]!
  sort(sorted)
  // Of so many runs, the one that the next stays below with this probability.
  const at = (share: number) => Math.min(FARTHEST_SECONDS, Math.round(sorted[Math.min(runs, Math.ceil(share * (runs + 1))) - 1]!))
  return sorted[Math.ceil((runs + 1) / 2) - 1] === Infinity ? null : { p50: at(0.5), p90: at(0.9) }
}

// Short lists of numbers are sorted faster by insertion than by the engine.
function sort(values: Float64Array): void {
  if (values.length > 64) {
    values.sort()
    return
  }
  for (let at = 1; at < values.length; at++) {
    const value = values[at]!
    let to = at
    for (; to > 0 && values[to - 1]! > value; to--) values[to] = values[to - 1]!
    values[to] = value
  }
}
