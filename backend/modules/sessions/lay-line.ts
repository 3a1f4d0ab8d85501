import { draw, keyOf, shareUpTo, untilNext, valueAt, type Quantiles } from './draws.ts'
import type { Habits } from './habits.ts'
import { isAcceptable, type Candidate, type Wish } from './rules.ts'
import { slotQueue, type SlotQueue } from './slot-queue.ts'

/** A mitra who takes sessions now. */
export type Serving = Pick<Candidate, 'mitraId' | 'topics' | 'languages' | 'gender'> & { capacity: number }

/** A session that holds a slot: how long it is in its state, how much is known to be left of it, and what was bought (seconds). */
export type Running = { id: string; mitraId: string; state: 'held' | 'ringing' | 'active' | 'paused'; elapsed: number; left: number; seconds: number; isExtended: boolean }

/** A session that waits for a slot, in its turn. `waited`: how long already; `left`: seconds until its own deadline. */
export type InLine = Wish & { id: string; isPaid: boolean; waited: number; left: number; seconds: number }

export type Line = { mitras: readonly Serving[]; running: readonly Running[]; waiting: readonly InLine[] }

export const PURPOSE = { end: 1, gone: 2, arrival: 3, handover: 4, served: 5, person: 6, outcome: 7, offer: 8, template: 9 } as const

/** How far ahead mitras are expected who are not there yet. */
const COMING_SECONDS = 3600
const COMING_MOST = 256

/** Every slot that is there or expected, in columns: this is what the innermost loops read. */
export type Slots = {
  count: number
  /** Of each slot: its mitra. Newcomers stand behind those who are there. */
  mitraOf: Int32Array
  mitraKeys: Int32Array
  /** Those who are there, by id; and for each newcomer one of them whom they are like. */
  mitras: readonly Serving[]
  likeOf: Int32Array
  /** Of each mitra: their first slot. One more entry. */
  firstSlot: Int32Array
  /** Of each slot what is known of its end. Only of a session that goes on: where in the distribution of how long sessions last it stands, what was bought, and what share of that it can last at most. */
  ends: Uint8Array
  endKeys: Int32Array
  servedFrom: Float64Array
  units: Float64Array
  most: Float64Array
  /** How long that session lasts already; with a known end: how much is left. */
  seconds: Float64Array
  others: ReadonlyMap<number, RunningEnd>
}

const END = { free: 0, active: 1, known: 2, other: 3 } as const

export function laySlots(line: Line, habits: Habits, seed: number): Slots {
  const mitras = inOrder(line.mitras.filter(({ capacity }) => capacity > 0), (a, b) => (a.mitraId < b.mitraId ? -1 : 1))
  // Above a lowered capacity, the slots that end first are not given again.
  const running = inOrder(line.running, (a, b) => (a.mitraId !== b.mitraId ? (a.mitraId < b.mitraId ? -1 : 1) : b.left - a.left || (a.id < b.id ? -1 : 1)))
  const expected = mitras.length === 0 ? 0 : habits.mitrasComing * COMING_SECONDS
  const coming = expected > 0 ? Math.min(COMING_MOST, Math.ceil(expected + 3 * Math.sqrt(expected))) : 0
  const comingKey = keyOf('coming', seed)
  const there = mitras.reduce((sum, { capacity }) => sum + capacity, 0)
  const count = there + coming
  const [mitraOf, firstSlot, mitraKeys] = [new Int32Array(count), new Int32Array(mitras.length + coming + 1), new Int32Array(mitras.length + coming)]
  const [ends, endKeys] = [new Uint8Array(count), new Int32Array(count)]
  const [servedFrom, units, most, seconds] = [new Float64Array(count), new Float64Array(count), new Float64Array(count), new Float64Array(count)]
  const others = new Map<number, RunningEnd>()
  let slot = 0
  let next = 0
  for (let mitra = 0; mitra < mitras.length; mitra++) {
    const { mitraId, capacity } = mitras[mitra]!
    mitraKeys[mitra] = keyOf(mitraId, seed)
    firstSlot[mitra] = slot
    while (next < running.length && running[next]!.mitraId < mitraId) next += 1
    for (let at = 0; at < capacity; at++, slot++) {
      mitraOf[slot] = mitra
      const session = running[next]
      if (session?.mitraId !== mitraId) continue
      next += 1
      endKeys[slot] = keyOf(session.id, seed)
      if (session.state !== 'active') {
        ends[slot] = END.other
        others.set(slot, expectEnd(session, endKeys[slot]!, habits))
        continue
      }
      units[slot] = Math.max(1, session.elapsed + session.left)
      servedFrom[slot] = shareUpTo(habits.served, session.elapsed / units[slot]!)
      most[slot] = session.isExtended ? 1 : Infinity
      // Who has lasted longer than anybody is over when it is due.
      ends[slot] = servedFrom[slot] === 1 ? END.known : END.active
      seconds[slot] = servedFrom[slot] === 1 ? Math.max(0, session.left) : session.elapsed
    }
  }
  for (let newcomer = 0; newcomer < coming; newcomer++, slot++) {
    const mitra = mitras.length + newcomer
    mitraKeys[mitra] = comingKey ^ Math.imul(newcomer + 1, 0x27d4eb2f)
    firstSlot[mitra] = slot
    mitraOf[slot] = mitra
  }
  firstSlot[mitras.length + coming] = slot
  return {
    count, mitraOf, mitraKeys, mitras, firstSlot, ends, endKeys, servedFrom, units, most, seconds, others,
    likeOf: Int32Array.from({ length: coming }, (_, newcomer) => Math.floor(draw(comingKey, newcomer, PURPOSE.template) * mitras.length)),
  }
}

// They nearly always stand in order already.
function inOrder<T>(all: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  return all.every((one, at) => at === 0 || compare(all[at - 1]!, one) < 0) ? all : all.toSorted(compare)
}

/** What of a session that is not yet talking, or pauses, does not depend on the run: where in each distribution it already stands. */
type RunningEnd = { key: number; running: Running; paidFrom: number; unpaidFrom: number; paidShare: number }

function expectEnd(running: Running, key: number, habits: Habits): RunningEnd {
  const [paidFrom, unpaidFrom] = running.state === 'held' ? [shareUpTo(habits.paid, running.elapsed), shareUpTo(habits.unpaid, running.elapsed)] : [0, 0]
  // Who has not paid for long will hardly pay.
  const [mayPay, mayNot] = [habits.paidShare * (1 - paidFrom), (1 - habits.paidShare) * (1 - unpaidFrom)]
  return { key, running, paidFrom, unpaidFrom, paidShare: mayPay + mayNot > 0 ? mayPay / (mayPay + mayNot) : habits.paidShare }
}

const within = (quantiles: Quantiles, from: number, share: number): number => valueAt(quantiles, from + (1 - from) * share)

function drawOther(end: RunningEnd, run: number, habits: Habits): number {
  const { key, running: { state, elapsed, left, seconds } } = end
  const share = draw(key, run, PURPOSE.end)
  // The mitra comes back some time within what is left of the allowance.
  if (state === 'paused') return Math.max(0, left) * (0.5 + share)
  let at = 0
  if (state === 'held') {
    if (draw(key, run, PURPOSE.outcome) >= end.paidShare) return Math.max(0, Math.min(left, within(habits.unpaid, end.unpaidFrom, share) - elapsed))
    at = Math.max(0, Math.min(left, within(habits.paid, end.paidFrom, share) - elapsed))
  }
  const answered = Math.max(0, valueAt(habits.accepted, draw(key, run, PURPOSE.offer)) - (state === 'ringing' ? elapsed : 0))
  return draw(key, run, PURPOSE.handover) < habits.acceptedShare ? at + answered + valueAt(habits.served, draw(key, run, PURPOSE.served)) * seconds : at + answered
}

/** When each slot comes free first in this run (Infinity: its mitra goes before), and when each mitra goes. */
export function drawSlots(slots: Slots, habits: Habits, run: number, free: Float64Array, goneAt: Float64Array): void {
  const { mitraKeys, firstSlot, ends, endKeys, servedFrom, units, most, seconds } = slots
  const there = slots.mitras.length
  for (let mitra = 0; mitra < there; mitra++) {
    const gone = untilNext(habits.mitraGoing, mitraKeys[mitra]!, run, PURPOSE.gone)
    goneAt[mitra] = gone
    for (let slot = firstSlot[mitra]!; slot < firstSlot[mitra + 1]!; slot++) {
      const end = ends[slot]!
      let at = 0
      if (end === END.active) at = Math.max(0, Math.min(most[slot]!, within(habits.served, servedFrom[slot]!, draw(endKeys[slot]!, run, PURPOSE.end))) * units[slot]! - seconds[slot]!)
      else if (end === END.known) at = seconds[slot]!
      else if (end === END.other) at = drawOther(slots.others.get(slot)!, run, habits)
      free[slot] = at > gone ? Infinity : at
    }
  }
  let arrivesAt = 0
  for (let mitra = there; mitra < goneAt.length; mitra++) {
    const key = mitraKeys[mitra]!
    arrivesAt += untilNext(habits.mitrasComing, key, run, PURPOSE.arrival)
    goneAt[mitra] = arrivesAt + untilNext(habits.mitraGoing, key, run, PURPOSE.gone)
    free[firstSlot[mitra]!] = arrivesAt
  }
}

/** Of each person: the queue of their wish, and the slots of the mitra whom they named (none: both 0). Last of all whoever joins now and would take anybody. */
export type Wishes = { queues: SlotQueue[]; queueOf: Int32Array; namedFrom: Int32Array; namedUntil: Int32Array }

const ANYBODY = 0

export function layWishes(line: Line, slots: Slots): Wishes {
  const people = line.waiting.length + 1
  const all = new Int32Array(slots.count)
  for (let slot = 0; slot < all.length; slot++) all[slot] = slot
  const wishes: Wishes = { queues: [slotQueue(all, slots.count)], queueOf: new Int32Array(people), namedFrom: new Int32Array(people), namedUntil: new Int32Array(people) }
  const known = new Map<string, number>()
  for (let person = 0; person < people - 1; person++) {
    const wish = line.waiting[person]!
    const { namedMitraId, anyMitra, topic, language, gender } = wish
    const isNamedOnly = namedMitraId !== null && !anyMitra
    if (isNamedOnly || topic !== null || language !== null || gender !== null) {
      const name = isNamedOnly ? '' : `${topic ?? '\0'}\n${language ?? '\0'}\n${gender ?? '\0'}`
      const queue = known.get(name) ?? addQueue(wishes.queues, slots, wish, isNamedOnly)
      known.set(name, queue)
      wishes.queueOf[person] = queue
    }
    const mitra = namedMitraId === null ? -1 : indexOf(slots.mitras, namedMitraId)
    if (mitra < 0) continue
    wishes.namedFrom[person] = slots.firstSlot[mitra]!
    wishes.namedUntil[person] = slots.firstSlot[mitra + 1]!
  }
  return wishes
}

function addQueue(queues: SlotQueue[], slots: Slots, wish: Wish, isNamedOnly: boolean): number {
  const there = slots.mitras.length
  const anybody = { ...wish, namedMitraId: null }
  const accepted = new Uint8Array(there)
  if (!isNamedOnly) for (let mitra = 0; mitra < there; mitra++) accepted[mitra] = isAcceptable(anybody, slots.mitras[mitra]!) ? 1 : 0
  const own = new Int32Array(slots.count)
  let count = 0
  for (let slot = 0; slot < slots.count; slot++) {
    const mitra = slots.mitraOf[slot]!
    if (accepted[mitra < there ? mitra : slots.likeOf[mitra - there]!] === 1) own[count++] = slot
  }
  return count === slots.count ? ANYBODY : queues.push(slotQueue(own.subarray(0, count), slots.count)) - 1
}

function indexOf(mitras: readonly Serving[], mitraId: string): number {
  let [from, until] = [0, mitras.length]
  while (from < until) {
    const middle = (from + until) >> 1
    if (mitras[middle]!.mitraId < mitraId) from = middle + 1
    else until = middle
  }
  return mitras[from]?.mitraId === mitraId ? from : -1
}
