import { habitsFrom, NEVER, QUANTILE_STEPS, STAYS_BELIEVED, STAY_BELIEVED_SECONDS, type Habits, type Observed } from '../backend/modules/sessions/habits.ts'
import { assign, type Candidate, type Standing, type Waiting } from '../backend/modules/sessions/rules.ts'
import { eventQueue } from './waiting-events.ts'
import { simulateWaits, type Line, type Running, type Wait } from '../backend/modules/sessions/simulate-waits.ts'

/** A day of people whose ways the estimate is not told: it sees what the service would see, and no more. Seconds. */
export type Told = { at: number; isFirst: boolean; wait: Wait; customer: Customer }
export type Customer = Waiting & { queuedAt: number; minutes: number; foundAt: number | null; leftAt: number | null; state: 'queued' | Running['state'] | 'over'; since: number; until: number; paidAt: number | null; isExtended: boolean; refusedBy: Map<string, Standing>; offers: number; mitra: Mitra | null }
type Mitra = { mitraId: string; topics: string[]; languages: string[]; gender: string; isOnline: boolean; used: number; idleSince: number }

const DAY = 86_400
const HOLD_SECONDS = 180
const OFFER_SECONDS = 45
const QUEUE_SECONDS = 1800
const OFFERS_MAX = 3
const TELL_SECONDS = 60
const TOPICS = ['grief', 'family', 'work']

/** Numbers between 0 and 1 of a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Samples = { at: number; value: number }[]

/** Two days; the first is for getting to know them, and what was told on the second is answered. */
export function liveTwoDays(options: { seed: number; mitras: number; customers: number }): { told: Told[]; customers: Customer[]; overtaken: number } {
  const random = randomOf(options.seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const around = (median: number, spread: number) => median * Math.exp(spread * normal())
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const seen: Record<'served' | 'paid' | 'unpaid' | 'accepted' | 'refused' | 'left' | 'waited' | 'came' | 'went', Samples> = { served: [], paid: [], unpaid: [], accepted: [], refused: [], left: [], waited: [], came: [], went: [] }
  let onlineSeconds: Samples = []
  let now = 0
  let ids = 0
  const events = eventQueue()
  const after = (seconds: number, act: () => void) => events.add(now + Math.max(0, seconds), act)
  const note = (what: keyof typeof seen, value = 1) => seen[what].push({ at: now, value })

  const mitras = Array.from({ length: options.mitras }, (_, n): Mitra => ({
    mitraId: `mitra-${String(n).padStart(4, '0')}`, topics: TOPICS.filter(() => random() < 0.7), languages: random() < 0.3 ? ['id', 'en'] : ['id'], gender: random() < 0.6 ? 'female' : 'male', isOnline: false, used: 0, idleSince: 0,
  }))
  let waiting: Customer[] = []
  const running = new Set<Customer>()
  const everybody: Customer[] = []
  const told: Told[] = []
  let overtaken = 0
  let habits: Habits = habitsFrom([])

  // The evening is busier than the night, for customers sooner than for mitras.
  const busy = (hour: number, peak: number) => 0.35 + Math.max(0, Math.sin(((hour - peak + 6) / 24) * 2 * Math.PI)) ** 2 * 1.3
  const hour = () => (now % DAY) / 3600

  const comeAndGo = (mitra: Mitra) => after(around(5400 / busy(hour(), 20), 0.8), () => {
    mitra.isOnline = true
    mitra.idleSince = now
    note('came')
    const cameAt = now
    match()
    after(around(7200, 0.6), () => {
      mitra.isOnline = false
      note('went')
      onlineSeconds.push({ at: now, value: now - cameAt })
      comeAndGo(mitra)
    })
  })

  const free = (mitra: Mitra) => {
    mitra.used -= 1
    mitra.idleSince = now
    match()
  }
  const finish = (customer: Customer) => {
    const { mitra } = customer
    customer.state = 'over'
    running.delete(customer)
    if (mitra) free(mitra)
  }
  const enter = (customer: Customer, state: Running['state'], until: number) => {
    customer.state = state
    customer.since = now
    customer.until = now + until
  }
  const serve = (customer: Customer) => {
    const startedAt = now
    const bought = customer.minutes * 60 + random() * 30
    enter(customer, 'active', bought)
    const end = () => {
      note('served', (now - startedAt) / bought)
      finish(customer)
    }
    if (random() < 0.18) after(bought * (0.05 + 0.95 * random() ** 0.7), end)
    else if (random() < 0.12) {
      // Asked for some minutes before the end: from then on the new end is known.
      after(bought - Math.min(300, bought / 2) * random(), () => {
        customer.isExtended = true
        customer.until = startedAt + bought + pick([15, 30]) * 60
        after(customer.until - now, end)
      })
    } else after(bought, end)
  }
  const ring = (customer: Customer, mitra: Mitra) => {
    enter(customer, 'ringing', OFFER_SECONDS)
    customer.offers += 1
    const fate = random()
    if (fate < 0.84) {
      const took = Math.min(44, around(9, 0.7))
      after(took, () => {
        note('accepted', took)
        serve(customer)
      })
      return
    }
    const took = fate < 0.91 ? Math.min(44, around(12, 0.7)) : OFFER_SECONDS
    after(took, () => {
      note('refused', took)
      customer.refusedBy.set(mitra.mitraId, took === OFFER_SECONDS ? 'last' : 'never')
      customer.mitra = null
      running.delete(customer)
      if (customer.offers >= OFFERS_MAX || (customer.namedMitraId && !customer.anyMitra)) customer.state = 'over'
      else waiting.unshift(customer)
      free(mitra)
    })
  }
  const take = (customer: Customer, mitra: Mitra) => {
    mitra.used += 1
    customer.mitra = mitra
    running.add(customer)
    if (customer.paidAt !== null) {
      ring(customer, mitra)
      return
    }
    customer.foundAt = now
    if (now > customer.queuedAt) note('waited', now - customer.queuedAt)
    enter(customer, 'held', HOLD_SECONDS)
    if (random() < 0.87) {
      const took = random() < 0.15 ? 0 : Math.min(HOLD_SECONDS - 1, around(38, 0.6))
      after(took, () => {
        note('paid', took)
        customer.paidAt = now
        ring(customer, mitra)
      })
    } else {
      const took = random() < 0.5 ? HOLD_SECONDS : HOLD_SECONDS * random()
      after(took, () => {
        note('unpaid', took)
        finish(customer)
      })
    }
  }
  const match = () => {
    if (waiting.length === 0) return
    const candidates: Candidate[] = mitras.filter((mitra) => mitra.isOnline && mitra.used === 0).map((mitra) => ({ ...mitra, free: 1, idleSince: new Date(mitra.idleSince * 1000) }))
    if (candidates.length === 0) return
    const inTurn = waiting.toSorted((a, b) => (a.paidAt ?? Infinity) - (b.paidAt ?? Infinity) || (a.paidAt === b.paidAt ? a.queuedAt - b.queuedAt : 0))
    const assigned = assign(inTurn, candidates, (session, mitraId) => (session as Customer).refusedBy.get(mitraId) ?? 'open')
    waiting = inTurn.filter(({ id }) => !assigned.has(id))
    for (const customer of inTurn) {
      const mitraId = assigned.get(customer.id)
      if (mitraId !== undefined) take(customer, mitras.find((mitra) => mitra.mitraId === mitraId)!)
    }
  }

  const lineNow = (): Line => ({
    mitras: mitras.filter(({ isOnline }) => isOnline).map((mitra) => ({ ...mitra, capacity: 1 })),
    running: [...running].filter(({ mitra }) => mitra!.isOnline).map((customer) => ({
      id: customer.id, mitraId: customer.mitra!.mitraId, state: customer.state as Running['state'], elapsed: now - customer.since, left: customer.until - now, seconds: customer.minutes * 60, isExtended: customer.isExtended,
    })),
    waiting: waiting.map((customer) => ({ ...customer, isPaid: customer.paidAt !== null, waited: now - customer.queuedAt, left: customer.queuedAt + QUEUE_SECONDS - now, seconds: customer.minutes * 60 })),
  })
  const tell = (isFirst: (customer: Customer) => boolean) => {
    if (!waiting.some((customer) => customer.state === 'queued')) return
    const { waits } = simulateWaits(lineNow(), habits, { seed: Math.floor(now), offersMax: OFFERS_MAX, holdSeconds: HOLD_SECONDS })
    for (const [at, customer] of waiting.entries()) if (customer.state === 'queued' && now >= DAY) told.push({ at: now, isFirst: isFirst(customer), wait: waits[at]!, customer })
  }
  const ask = () => {
    const named = random() < 0.04 ? pick(mitras) : undefined
    const customer: Customer = {
      id: `customer-${ids++}`, customerId: `c${ids}`, namedMitraId: named?.mitraId ?? null, anyMitra: random() < 0.7, topic: random() < 0.12 ? pick(TOPICS) : null, language: random() < 0.03 ? 'en' : null, gender: random() < 0.1 ? pick(['female', 'male']) : null,
      queuedAt: now, minutes: pick([15, 15, 30, 30, 60]), foundAt: null, leftAt: null, state: 'queued', since: now, until: now + QUEUE_SECONDS, paidAt: null, isExtended: false, refusedBy: new Map(), offers: 0, mitra: null,
    }
    everybody.push(customer)
    waiting.push(customer)
    match()
    if (customer.state !== 'queued') return
    tell((one) => one === customer)
    const leave = (isOwn: boolean) => () => {
      if (customer.state !== 'queued') return
      customer.leftAt = now
      customer.state = 'over'
      note(isOwn ? 'left' : 'waited', now - customer.queuedAt)
      waiting = waiting.filter((one) => one !== customer)
    }
    if (random() < 0.5) after(around(1100, 0.7), leave(true))
    after(QUEUE_SECONDS, leave(false))
  }
  const arrive = () => {
    after(-Math.log(1 - random()) * (DAY / options.customers) / busy(hour(), 19.5), () => {
      ask()
      arrive()
    })
  }
  const learn = () => {
    habits = habitsFrom(observe(seen, onlineSeconds, now, mitras.filter(({ isOnline }) => isOnline).length))
    after(300, learn)
  }
  const remind = () => {
    tell(() => false)
    after(TELL_SECONDS, remind)
  }
  for (const mitra of mitras) comeAndGo(mitra)
  arrive()
  learn()
  remind()
  for (let next = events.next(); next && next.at < 2 * DAY; next = events.next()) {
    now = next.at
    next.act()
  }
  for (const one of everybody) overtaken += everybody.some((other) => other.queuedAt > one.queuedAt && isOvertaken(one, other)) ? 1 : 0
  return { told, customers: everybody.filter(({ queuedAt }) => queuedAt >= DAY), overtaken }
}

// Somebody who asked later and would take exactly the same had a slot before.
function isOvertaken(one: Customer, other: Customer): boolean {
  const wish = (customer: Customer) => JSON.stringify([customer.namedMitraId, customer.anyMitra, customer.topic, customer.language, customer.gender])
  return other.foundAt !== null && wish(one) === wish(other) && other.foundAt < (one.foundAt ?? one.leftAt ?? -Infinity)
}

/** What the service would find in its rows, of the last day; of mitras' comings, the last two hours and the hour to come a day ago. */
function observe(seen: Record<string, Samples>, onlineSeconds: Samples, now: number, online: number): Observed[] {
  const recent = (samples: Samples, seconds = DAY) => samples.filter(({ at }) => at > now - seconds).map(({ value }) => value)
  const spread = (what: 'served' | 'paid' | 'unpaid' | 'accepted' | 'refused'): Observed => {
    const sorted = recent(seen[what]!).toSorted((a, b) => a - b)
    return { what, samples: sorted.length, exposure: 0, quantiles: sorted.length < 2 ? null : Array.from({ length: QUANTILE_STEPS + 1 }, (_, n) => quantile(sorted, n / QUANTILE_STEPS)) }
  }
  const [paid, unpaid, accepted, refused] = [recent(seen['paid']!), recent(seen['unpaid']!), recent(seen['accepted']!), recent(seen['refused']!)]
  const hours = (samples: Samples) => samples.filter(({ at }) => at > now - 7200 || (at > now - DAY && at < now - DAY + 3600)).length
  const window = 7200 + (now > DAY ? 3600 : 0)
  return [
    spread('served'), spread('paid'), spread('unpaid'), spread('accepted'), spread('refused'),
    { what: 'paidShare', samples: paid.length, exposure: paid.length + unpaid.length, quantiles: null },
    { what: 'acceptedShare', samples: accepted.length, exposure: accepted.length + refused.length, quantiles: null },
    { what: 'leaving', samples: recent(seen['left']!).length + recent(seen['waited']!).length, exposure: 0, quantiles: quantilesOfStays(recent(seen['left']!), recent(seen['waited']!)) },
    { what: 'mitraGoing', samples: hours(seen['went']!), exposure: Math.max(1, online) * window, quantiles: null },
    { what: 'mitrasComing', samples: hours(seen['came']!), exposure: window, quantiles: null },
  ]
}

/** As the service measures it in SQL: after how long so many have left a queue that does not move. */
function quantilesOfStays(left: readonly number[], others: readonly number[]): number[] {
  const believed = Array.from({ length: STAYS_BELIEVED }, (_, n) => -STAY_BELIEVED_SECONDS * Math.log(1 - (n + 0.5) / STAYS_BELIEVED))
  const stays = [...[...left, ...believed].map((seconds) => ({ seconds, isLeft: true })), ...others.map((seconds) => ({ seconds, isLeft: false }))].toSorted((a, b) => a.seconds - b.seconds)
  const quantiles = Array.from({ length: QUANTILE_STEPS + 1 }, () => NEVER)
  let stay = 1
  for (const [at, { seconds, isLeft }] of stays.entries()) {
    if (!isLeft) continue
    stay *= 1 - 1 / (stays.length - at)
    for (let n = 0; n < QUANTILE_STEPS && n <= (1 - stay) * QUANTILE_STEPS; n++) quantiles[n] = Math.min(quantiles[n]!, seconds)
  }
  return quantiles
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.min(Math.floor(at), sorted.length - 2)
  return sorted[below]! + (sorted[below + 1]! - sorted[below]!) * (at - below)
}
