import { draw, drawBits, keyOf, shareUpTo, untilNext, valueAt, type Quantiles } from './draws.ts'
import type { Habits } from './habits.ts'
import { isAcceptable, type Candidate, type Wish } from './rules.ts'
import { firstFree, heapOf, type Heap } from './slot-heaps.ts'

/** A mitra who takes sessions now. */
export type Serving = Pick<Candidate, 'mitraId' | 'topics' | 'languages' | 'gender'> & { capacity: number }

/** A session that holds a slot: how long it is in its state, how much is known to be left of it, and what was bought (seconds). */
export type Running = { id: string; mitraId: string; state: 'held' | 'ringing' | 'active' | 'paused'; elapsed: number; left: number; seconds: number; isExtended: boolean }

/** A session that waits for a slot, in its turn. `left`: seconds until its own deadline. */
export type InLine = Wish & { id: string; isPaid: boolean; left: number; seconds: number }

export type Line = { mitras: readonly Serving[]; running: readonly Running[]; waiting: readonly InLine[] }

/** Whole seconds; null when nobody is there to serve, now or as far as one can see. */
export type Wait = { p50: number; p90: number } | null

/** `holdSeconds`: how long a place is held that came up from the queue. */
export type SimulateOptions = { seed: number; offersMax: number; holdSeconds: number }

/** Nobody is told of a wait longer than this. */
const FARTHEST_SECONDS = 14_400
/** How far ahead mitras are expected who are not there yet. */
const COMING_SECONDS = 3600
const COMING_MOST = 256
/** Steps of all runs together: what bounds the time it takes. */
const STEPS = 40_000
// Of nine runs the longest is what the tenth stays below with 90 %; where many wait, they differ little.
const RUNS_LEAST = 9
const RUNS_MOST = 120
const HANDOVERS = 1024

const PURPOSE = { end: 1, gone: 2, arrival: 3, handover: 4, served: 5, person: 6, outcome: 7, offer: 8, template: 9 } as const

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
  const people = line.waiting.length + 1
  const heaps = new Set(wishes.heaps)
  const steps = slots.count + people * 4 + [...heaps].reduce((sum, heap) => sum + heap.slots.length, 0)
  const runs = Math.max(RUNS_LEAST, Math.min(RUNS_MOST, Math.floor(STEPS / steps)))
  const { keys, lefts, seconds, handoverFrom } = layPeople(line.waiting, options.seed)
  const handovers = drawHandovers(habits, options)
  const starts = new Float64Array(people * runs)
  const free = new Float64Array(slots.count)
  const goneAt = new Float64Array(slots.mitraKeys.length)
  for (let run = 0; run < runs; run++) {
    drawSlots(slots, habits, run, free, goneAt)
    for (const heap of heaps) heap.isBuilt = false
    for (let person = 0; person < people; person++) {
      const slot = firstFree(wishes.heaps[person]!, wishes.namedOf[person], free)
      const start = slot < 0 ? Infinity : free[slot]!
      starts[person * runs + run] = start
      if (person === people - 1 || start === Infinity) continue
      // One draw for all of a person, in three parts: this is the innermost loop.
      const bits = drawBits(keys[person]!, run, PURPOSE.person)
      // Who leaves meanwhile takes nothing from those behind.
      if (start > 0 && (start > lefts[person]! || start > untilNext(habits.leaving, ((bits >>> 20) + 0.5) / 4096))) continue
      const handover = (bits & 1023) + handoverFrom[person]!
      const served = handovers.isServed[handover] === 0 ? 0 : valueAt(habits.served, (((bits >>> 10) & 1023) + 0.5) / 1024)
      const until = start + handovers.seconds[handover]! + served * seconds[person]!
      free[slot] = until > goneAt[slots.mitraOf[slot]!]! ? Infinity : until
    }
  }
  const sorted = new Float64Array(runs)
  const waits = Array.from({ length: people }, (_, person) => waitOf(starts, person * runs, sorted))
  return { waits: waits.slice(0, -1), joining: waits.at(-1)!, runs }
}

/** Who waits, as columns. */
function layPeople(waiting: readonly InLine[], seed: number) {
  const [keys, handoverFrom] = [new Int32Array(waiting.length), new Int32Array(waiting.length)]
  const [lefts, seconds] = [new Float64Array(waiting.length), new Float64Array(waiting.length)]
  for (const [at, one] of waiting.entries()) {
    keys[at] = keyOf(one.id, seed)
    handoverFrom[at] = one.isPaid ? HANDOVERS : 0
    lefts[at] = one.left
    seconds[at] = one.seconds
  }
  return { keys, handoverFrom, lefts, seconds }
}

const NOBODY: Running[] = []

type Slots = {
  count: number
  /** Of each slot: its mitra. Newcomers stand behind those who are there. */
  mitraOf: Int32Array
  /** Of each slot: the index of the session in it, or -1. */
  sessionOf: Int32Array
  mitraKeys: Int32Array
  /** Those who are there, by id; and for each newcomer one of them whom they are like. */
  mitras: readonly Serving[]
  likeOf: Int32Array
  /** Of each mitra: their first slot. One more entry. */
  firstSlot: Int32Array
  ends: readonly RunningEnd[]
}

function laySlots(line: Line, habits: Habits, seed: number): Slots {
  const mitras = line.mitras.filter(({ capacity }) => capacity > 0).toSorted((a, b) => (a.mitraId < b.mitraId ? -1 : 1))
  const runningOf = new Map<string, Running[]>()
  for (const running of line.running) {
    const others = runningOf.get(running.mitraId)
    if (others) others.push(running)
    else runningOf.set(running.mitraId, [running])
  }
  const expected = mitras.length === 0 ? 0 : habits.mitrasComing * COMING_SECONDS
  const coming = expected > 0 ? Math.min(COMING_MOST, Math.ceil(expected + 3 * Math.sqrt(expected))) : 0
  const comingKey = keyOf('coming', seed)
  const mitraOf: number[] = []
  const sessionOf: number[] = []
  const firstSlot: number[] = []
  const ends: RunningEnd[] = []
  for (const [mitra, { mitraId, capacity }] of mitras.entries()) {
    firstSlot.push(mitraOf.length)
    // Above a lowered capacity, the slots that end first are not given again.
    const running = runningOf.get(mitraId) ?? NOBODY
    if (running.length > 1) running.sort((a, b) => b.left - a.left || (a.id < b.id ? -1 : 1))
    for (let slot = 0; slot < capacity; slot++) {
      mitraOf.push(mitra)
      sessionOf.push(slot < running.length ? ends.push(expectEnd(running[slot]!, habits, seed)) - 1 : -1)
    }
  }
  for (let newcomer = 0; newcomer < coming; newcomer++) {
    firstSlot.push(mitraOf.length)
    mitraOf.push(mitras.length + newcomer)
    sessionOf.push(-1)
  }
  return {
    count: mitraOf.length, mitraOf: Int32Array.from(mitraOf), sessionOf: Int32Array.from(sessionOf), firstSlot: Int32Array.from([...firstSlot, mitraOf.length]), mitras, ends,
    mitraKeys: Int32Array.from({ length: mitras.length + coming }, (_, mitra) => (mitra < mitras.length ? keyOf(mitras[mitra]!.mitraId, seed) : comingKey ^ Math.imul(mitra - mitras.length + 1, 0x27d4eb2f))),
    likeOf: Int32Array.from({ length: coming }, (_, newcomer) => Math.floor(draw(comingKey, newcomer, PURPOSE.template) * mitras.length)),
  }
}

/** What of a running session does not depend on the run: where in each distribution it already stands. */
type RunningEnd = { key: number; running: Running; unit: number; servedFrom: number; paidFrom: number; unpaidFrom: number; paidShare: number }

function expectEnd(running: Running, habits: Habits, seed: number): RunningEnd {
  const { state, elapsed, left, seconds } = running
  const unit = state === 'active' || state === 'paused' ? Math.max(1, elapsed + left) : seconds
  const [paidFrom, unpaidFrom] = state === 'held' ? [shareUpTo(habits.paid, elapsed), shareUpTo(habits.unpaid, elapsed)] : [0, 0]
  // Who has not paid for long will hardly pay.
  const [mayPay, mayNot] = [habits.paidShare * (1 - paidFrom), (1 - habits.paidShare) * (1 - unpaidFrom)]
  return {
    key: keyOf(running.id, seed), running, unit, servedFrom: shareUpTo(habits.served, elapsed / unit), paidFrom, unpaidFrom,
    paidShare: mayPay + mayNot > 0 ? mayPay / (mayPay + mayNot) : habits.paidShare,
  }
}

const within = (quantiles: Quantiles, from: number, share: number): number => valueAt(quantiles, from + (1 - from) * share)

/** Seconds until the slot of a running session is free, in this run. */
function drawEnd(end: RunningEnd, run: number, habits: Habits): number {
  const { key, running: { state, elapsed, left, isExtended }, unit } = end
  const share = draw(key, run, PURPOSE.end)
  if (state === 'active') {
    if (end.servedFrom >= 1) return Math.max(0, left)
    const served = within(habits.served, end.servedFrom, share)
    return Math.max(0, (isExtended ? Math.min(1, served) : served) * unit - elapsed)
  }
  // The mitra comes back some time within what is left of the allowance.
  if (state === 'paused') return Math.max(0, left) * (0.5 + share)
  let at = 0
  if (state === 'held') {
    if (draw(key, run, PURPOSE.outcome) >= end.paidShare) return Math.max(0, Math.min(left, within(habits.unpaid, end.unpaidFrom, share) - elapsed))
    at = Math.max(0, Math.min(left, within(habits.paid, end.paidFrom, share) - elapsed))
  }
  const answered = Math.max(0, valueAt(habits.accepted, draw(key, run, PURPOSE.offer)) - (state === 'ringing' ? elapsed : 0))
  return draw(key, run, PURPOSE.handover) < habits.acceptedShare ? at + answered + valueAt(habits.served, draw(key, run, PURPOSE.served)) * unit : at + answered
}

function drawSlots(slots: Slots, habits: Habits, run: number, free: Float64Array, goneAt: Float64Array): void {
  let arrivesAt = 0
  for (let mitra = 0; mitra < goneAt.length; mitra++) {
    const key = slots.mitraKeys[mitra]!
    if (mitra >= slots.mitras.length) arrivesAt += untilNext(habits.mitrasComing, draw(key, run, PURPOSE.arrival))
    goneAt[mitra] = (mitra >= slots.mitras.length ? arrivesAt : 0) + untilNext(habits.mitraGoing, draw(key, run, PURPOSE.gone))
    for (let slot = slots.firstSlot[mitra]!; slot < slots.firstSlot[mitra + 1]!; slot++) {
      const session = slots.sessionOf[slot]!
      const at = mitra >= slots.mitras.length ? arrivesAt : session < 0 ? 0 : drawEnd(slots.ends[session]!, run, habits)
      free[slot] = at > goneAt[mitra]! ? Infinity : at
    }
  }
}

type Handovers = { seconds: Float64Array; isServed: Uint8Array }

/** What lies between a slot and its session, drawn once for all: the payment, and offers until one is accepted. A refusal keeps a slot as the same offer to the next mitra would. */
function drawHandovers(habits: Habits, { seed, offersMax, holdSeconds }: SimulateOptions): Handovers {
  const seconds = new Float64Array(HANDOVERS * 2)
  const isServed = new Uint8Array(HANDOVERS * 2)
  const key = keyOf('handovers', seed)
  // The second half is of those who have paid.
  for (let at = 0; at < HANDOVERS * 2; at++) {
    if (at < HANDOVERS && draw(key, at, PURPOSE.outcome) >= habits.paidShare) {
      seconds[at] = Math.min(holdSeconds, valueAt(habits.unpaid, draw(key, at, PURPOSE.end)))
      continue
    }
    let took = at < HANDOVERS ? Math.min(holdSeconds, valueAt(habits.paid, draw(key, at, PURPOSE.end))) : 0
    for (let offer = 0; offer < offersMax && isServed[at] === 0; offer++) {
      const isAccepted = draw(key, at, PURPOSE.offer + offer * 16) < habits.acceptedShare
      took += valueAt(isAccepted ? habits.accepted : habits.refused, draw(key, at, PURPOSE.served + offer * 16))
      if (isAccepted) isServed[at] = 1
    }
    seconds[at] = took
  }
  return { seconds, isServed }
}

// Of each person the heap of their wish, and the slots of the mitra whom they named; last of all whoever joins now and would take anybody.
function layWishes(line: Line, slots: Slots): { heaps: Heap[]; namedOf: (Int32Array | undefined)[] } {
  const indexOf = new Map(slots.mitras.map(({ mitraId }, index) => [mitraId, index]))
  const heaps = new Map<string, Heap>()
  const heapFor = (wish: Wish): Heap => {
    const isNamedOnly = wish.namedMitraId !== null && !wish.anyMitra
    const name = isNamedOnly ? '' : `${wish.topic ?? '\0'}\n${wish.language ?? '\0'}\n${wish.gender ?? '\0'}`
    const known = heaps.get(name)
    if (known) return known
    const anybody = isNamedOnly ? wish : { ...wish, namedMitraId: null }
    const accepted = slots.mitras.map((mitra) => !isNamedOnly && isAcceptable(anybody, mitra))
    const heap = accepted.every(Boolean) && slots.mitras.length > 0 ? everybody() : makeHeap(slots, accepted)
    heaps.set(name, heap)
    return heap
  }
  const everybody = () => heaps.get('everybody') ?? heaps.set('everybody', makeHeap(slots, slots.mitras.map(() => true))).get('everybody')!
  const namedSlots = (mitraId: string | null) => {
    const mitra = mitraId === null ? undefined : indexOf.get(mitraId)
    return mitra === undefined ? undefined : Int32Array.from({ length: slots.firstSlot[mitra + 1]! - slots.firstSlot[mitra]! }, (_, at) => slots.firstSlot[mitra]! + at)
  }
  return { heaps: [...line.waiting.map(heapFor), everybody()], namedOf: [...line.waiting.map(({ namedMitraId }) => namedSlots(namedMitraId)), undefined] }
}

function makeHeap(slots: Slots, accepted: readonly boolean[]): Heap {
  const own: number[] = []
  const there = slots.mitras.length
  for (let slot = 0; slot < slots.count; slot++) {
    const mitra = slots.mitraOf[slot]!
    if (accepted[mitra < there ? mitra : slots.likeOf[mitra - there]!]) own.push(slot)
  }
  return heapOf(own)
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
