import { createLiveness, sweepLiveness } from '../modules/mitras/index.ts'
import { matchNow } from '../modules/sessions/match-waiting.ts'
import { sweepSessions } from '../modules/sessions/index.ts'
import { patiently, type TestApp } from './app.ts'
import { crowd } from './crowd.ts'
import { findIdleSlots } from './day-checks.ts'
import { draw, type Arrival, type Day, type PlannedMitra } from './day-plan.ts'
import type { Person } from './people.ts'
import { newKey, packageOf } from './stage.ts'
import { eventually } from './wait.ts'

/** Production's times, but for the limits: two thousand people come from one address. */
export const DAY_SETTINGS = { userRequests: 1_000_000, anonymousRequests: 1_000_000, livenessWriteSeconds: 0 } as const

/** Time moves at most so far at once; while a mitra is gone so little that liveness goes on being judged. */
const STEP_MS = 300_000
const FINE_STEP_MS = 2500
/** Longer than a pause, a hold and a ringing together: by then everything is over. */
const TAIL_SECONDS = 3 * 3600
/** Unused slots are looked for at every so many steps. */
const LOOK_EVERY = 25
const TELL_EVERY = 500
/** A session of an hour, extended twice, paused as long as it may be. */
const SERVED_AFTER_SECONDS = 3 * 3600
/** What two who act at the same moment may be told. */
const FAIR_REFUSALS = new Set(['session_state_conflict', 'offer_expired', 'offer_taken', 'hold_cooldown', 'session_already_open', 'mitra_not_available', 'no_eligible_mitra', 'time_is_up', 'extension_refused', 'extension_pending'])

export type Lived = { steps: number; refusals: Record<string, number>; problems: string[]; mitraIds: string[] }

export type Progress = { steps: number; hour: number; open: number }

type Act = { atMs: number; run(): Promise<void> }
type SessionRow = { id: string; customer_id: string; mitra_id: string | null; state: string; clocked: boolean; accepted_at: Date | null; ends_at: Date | null }
type OfferRow = { id: string; session_id: string; mitra_id: string; created_at: Date; nth: number }
type PaymentRow = { id: string; kind: string; provider_invoice_id: string; session_id: string; pending_at: Date }
type Look = { now: Date; next_due: Date | null; sessions: SessionRow[]; offers: OfferRow[]; payments: PaymentRow[] }

/**
 * Lives through a day on two replicas: everybody acts over HTTP, at times and in ways that the plan's seed decides, and
 * the database's clock is moved from one event to the next.
 */
export async function liveThroughDay(app: TestApp, day: Day, tell: (at: Progress) => void = () => {}): Promise<Lived> {
  const [customers, mitras] = await enlist(app, day)
  const startMs = (await app.clock.now()).getTime()
  const agenda: Act[] = []
  const lived: Lived = { steps: 0, refusals: {}, problems: [], mitraIds: mitras.map((mitra) => mitra.id) }
  const plan = (atMs: number, run: Act['run']) => void agenda.push({ atMs, run })
  const hands = createHands(app, day, { customers, mitras, lived, plan })
  const life = createLiveness(app.replicas[0]!.ctx)
  for (const arrival of day.arrivals) plan(startMs + arrival.atSeconds * 1000, () => hands.arrive(arrival))
  for (const [index, { shifts }] of day.mitras.entries()) {
    for (const { fromSeconds, toSeconds } of shifts) {
      plan(startMs + fromSeconds * 1000, () => hands.setOnline(index, true))
      plan(startMs + toSeconds * 1000, () => hands.setOnline(index, false))
    }
  }
  const isWithin = (spans: PlannedMitra['gone'], nowMs: number) => spans.some(({ fromSeconds, toSeconds }) => nowMs >= startMs + fromSeconds * 1000 && nowMs < startMs + toSeconds * 1000)
  // Whoever has gone home still serves whom they have accepted.
  const isSeen = ({ gone, shifts }: PlannedMitra, nowMs: number) => !isWithin(gone, nowMs) && isWithin(shifts.map((shift) => ({ ...shift, toSeconds: shift.toSeconds + SERVED_AFTER_SECONDS })), nowMs)
  const isFine = (nowMs: number) => day.mitras.some(({ gone }) => gone.some(({ fromSeconds, toSeconds }) => nowMs > startMs + (fromSeconds - 100) * 1000 && nowMs < startMs + toSeconds * 1000))

  const endMs = startMs + (day.seconds + TAIL_SECONDS) * 1000
  for (;;) {
    const look = await lookAround(app)
    hands.react(look)
    const nowMs = look.now.getTime()
    if (nowMs >= endMs || (nowMs > startMs + day.seconds * 1000 && agenda.length === 0 && look.sessions.length === 0)) break
    agenda.sort((a, b) => a.atMs - b.atMs)
    const nextMs = Math.min(agenda[0]?.atMs ?? Infinity, look.next_due?.getTime() ?? Infinity, nowMs + (isFine(nowMs) ? FINE_STEP_MS : STEP_MS))
    await app.clock.advance(Math.max(0, Math.ceil(nextMs - nowMs)) / 1000)
    for (const [index, mitra] of mitras.entries()) if (isSeen(day.mitras[index]!, nextMs)) life.seen(mitra.id)
    await life.flush()
    const later = agenda.findIndex((act) => act.atMs > nextMs)
    const due = agenda.splice(0, later === -1 ? agenda.length : later)
    await Promise.all(due.map((act) => act.run()))
    await settle(app, lived.steps)
    lived.steps++
    if (lived.steps % TELL_EVERY === 0) tell({ steps: lived.steps, hour: (nowMs - startMs) / 3_600_000, open: look.sessions.length })
    if (lived.steps % LOOK_EVERY === 0) lived.problems.push(...(await findIdleSlots(app, () => settle(app, 0))))
  }
  await life.stop()
  return lived
}

async function enlist(app: TestApp, day: Day): Promise<[Person[], Person[]]> {
  const lifeSeconds = day.seconds + TAIL_SECONDS + 3600
  const count = new Set(day.arrivals.map((arrival) => arrival.customer)).size
  const customers = await crowd(app, { kind: 'customer', count, tokenSeconds: lifeSeconds })
  const mitras = await crowd(app, { kind: 'mitra', count: day.mitras.length, tokenSeconds: lifeSeconds })
  await app.query(`
    update mitras m set capacity = p.capacity, topics = p.topics, languages = p.languages, gender = p.gender
    from jsonb_to_recordset($1) as p(id uuid, capacity integer, topics text[], languages text[], gender text) where m.user_id = p.id`,
  [JSON.stringify(day.mitras.map((planned, index) => ({ ...planned, id: mitras[index]!.id })))])
  await app.query('update users u set gender = m.gender from mitras m where m.user_id = u.id')
  return [customers, mitras]
}

async function lookAround(app: TestApp): Promise<Look> {
  const [row] = await app.query<{ look: Look }>(`
    select json_build_object(
      'now', app_now(), 'next_due', (select min(due_at) from chat_sessions where due_at is not null),
      'sessions', (select coalesce(json_agg(json_build_object('id', id, 'customer_id', customer_id, 'mitra_id', mitra_id, 'state', state, 'clocked', clock_started_at is not null, 'accepted_at', accepted_at, 'ends_at', ends_at)), '[]')
        from chat_sessions where state in ('queued', 'held', 'ringing', 'active', 'paused')),
      'offers', (select coalesce(json_agg(json_build_object('id', o.id, 'session_id', o.session_id, 'mitra_id', o.mitra_id, 'created_at', o.created_at,
        'nth', (select count(*) from offers e where e.session_id = o.session_id and e.id <= o.id))), '[]') from offers o where o.state = 'ringing'),
      'payments', (select coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'provider_invoice_id', provider_invoice_id, 'session_id', session_id, 'pending_at', pending_at)), '[]') from payments where state = 'pending')) as look`)
  const { look } = row!
  const date = (text: Date | string | null) => (text === null ? null : new Date(text))
  return {
    now: date(look.now)!, next_due: date(look.next_due),
    sessions: look.sessions.map((session) => ({ ...session, accepted_at: date(session.accepted_at), ends_at: date(session.ends_at) })),
    offers: look.offers.map((offer) => ({ ...offer, created_at: date(offer.created_at)! })),
    payments: look.payments.map((payment) => ({ ...payment, pending_at: date(payment.pending_at)! })),
  }
}

/** Sweeps on both replicas and waits until nothing is due and nothing told by the provider is unread. */
async function settle(app: TestApp, step: number): Promise<void> {
  const turn = app.replicas[step % app.replicas.length]!.ctx
  await eventually(async () => {
    await Promise.all([sweepSessions(turn), sweepLiveness(turn)])
    await matchNow(turn)
    const [left] = await app.query<{ busy: boolean }>(`
      select exists (select from chat_sessions where due_at <= app_now())
        or exists (select from outbox where done_at is null and parked_at is null and due_at <= app_now())
        or exists (select from provider_inbox where state = 'received' and due_at <= app_now()) as busy`)
    return !left!.busy
  }, 'everything that is due is done', { timeoutMs: 60_000 })
}

function createHands(app: TestApp, day: Day, world: { customers: Person[]; mitras: Person[]; lived: Lived; plan: (atMs: number, run: Act['run']) => void }) {
  const { customers, mitras, lived, plan } = world
  const customerOf = new Map(customers.map((one) => [one.id, one]))
  const mitraOf = new Map(mitras.map((one) => [one.id, one]))
  const known = new Set<string>()
  const chance = (question: string) => draw(day.seed, question)
  /** What an arrival's session is called in the questions: ids differ from run to run. */
  const names = new Map<string, string>()
  const times = new Map<string, number>()

  const ask = async (person: Person, method: string, path: string, body?: object, keyed = false) => {
    const options = { ...(body ? { body } : {}), ...(keyed ? { headers: { 'idempotency-key': newKey() } } : {}) }
    const answer = await patiently(() => person.call(method, path, options))
    if (answer.status < 300) return answer
    const code = String(answer.body?.code ?? answer.body?.error?.code ?? answer.status)
    lived.refusals[code] = (lived.refusals[code] ?? 0) + 1
    if (!FAIR_REFUSALS.has(code)) lived.problems.push(`${method} ${path.replaceAll(/[0-9a-f-]{36}/g, '…')} answered ${answer.status}: ${answer.text.slice(0, 200)}`)
    return undefined
  }
  const once = (key: string, work: () => void) => {
    if (known.has(key)) return
    known.add(key)
    work()
  }

  return {
    async arrive(arrival: Arrival) {
      const customer = customers[arrival.customer]!
      const { id: packageId } = await packageOf(app, arrival.minutes)
      const { namedMitra, anyMitra, topic, language, gender } = arrival
      const wish = { ...(namedMitra === undefined ? {} : { mitraId: mitras[namedMitra]!.id, anyMitra }), ...(topic ? { topic } : {}), ...(language ? { language } : {}), ...(gender ? { gender } : {}) }
      const answer = await ask(customer, 'POST', '/api/v1/sessions', { packageId, useWallet: true, ...wish }, true)
      if (!answer) return
      const visit = times.get(customer.id) ?? 0
      times.set(customer.id, visit + 1)
      const name = `${arrival.customer}, ${visit}`
      const id = answer.body.session.id as string
      names.set(id, name)
      if (chance(`${name} gives up`) < 0.1) plan((await app.clock.now()).getTime() + chance(`${name} when`) * 1_500_000, () => this.giveUp(customer, id))
    },
    async giveUp(customer: Person, id: string) {
      const [row] = await app.query<{ state: string }>('select state from chat_sessions where id = $1', [id])
      if (row!.state === 'queued') await ask(customer, 'POST', `/api/v1/sessions/${id}/cancel`)
    },
    async setOnline(index: number, online: boolean) {
      await ask(mitras[index]!, 'PUT', '/api/v1/mitra/status', { online })
    },
    /** Plans what people do about what they see for the first time. */
    react({ sessions, offers, payments }: Look) {
      for (const offer of offers) once(`offer ${offer.id}`, () => this.onOffer(offer))
      for (const payment of payments) once(`payment ${payment.id}`, () => this.onInvoice(payment))
      for (const session of sessions.filter((one) => one.state === 'active')) {
        once(`active ${session.id}`, () => this.onAccepted(session))
        if (session.clocked) once(`clock ${session.id}`, () => this.onTalk(session))
      }
    },
    onOffer(offer: OfferRow) {
      const name = `${names.get(offer.session_id)}, offer ${offer.nth}`
      const mitra = mitraOf.get(offer.mitra_id)!
      const roll = chance(name)
      const atMs = offer.created_at.getTime() + (3 + 27 * chance(`${name} after`)) * 1000
      if (roll < 0.86) plan(atMs, async () => void (await ask(mitra, 'POST', `/api/v1/offers/${offer.id}/accept`)))
      else if (roll < 0.93) plan(atMs, async () => void (await ask(mitra, 'POST', `/api/v1/offers/${offer.id}/decline`)))
    },
    onInvoice(payment: PaymentRow) {
      const name = `${names.get(payment.session_id)}, ${payment.kind}`
      if (chance(`${name} unpaid`) < 0.08) return
      plan(payment.pending_at.getTime() + (5 + 140 * chance(`${name} paid after`)) * 1000, async () => {
        const { invoices, pay } = app.simulators.control.xendit
        if (invoices().find((invoice) => invoice.id === payment.provider_invoice_id)?.status !== 'PENDING') return
        await pay(payment.provider_invoice_id)
        await eventually(async () => (await app.query(`select 1 from payments where id = $1 and state = 'paid'`, [payment.id])).length === 1, 'what was paid is applied', { timeoutMs: 60_000 })
      })
    },
    onAccepted(session: SessionRow) {
      const name = names.get(session.id)!
      if (chance(`${name} looks`) < 0.9) plan(session.accepted_at!.getTime() + chance(`${name} looks after`) * 50_000, async () => void (await ask(customerOf.get(session.customer_id)!, 'GET', `/api/v1/sessions/${session.id}`)))
    },
    onTalk(session: SessionRow) {
      const name = names.get(session.id)!
      const customer = customerOf.get(session.customer_id)!
      const endMs = session.ends_at!.getTime()
      const lengthMs = endMs - session.accepted_at!.getTime()
      const roll = chance(`${name} ends`)
      const end = (person: Person) => async () => void (await ask(person, 'POST', `/api/v1/sessions/${session.id}/end`))
      if (roll < 0.12) plan(endMs - lengthMs * 0.8 * chance(`${name} ends when`), end(customer))
      else if (roll < 0.18) plan(endMs - lengthMs * 0.8 * chance(`${name} ends when`), end(mitraOf.get(session.mitra_id!)!))
      else if (roll < 0.33) {
        plan(endMs - 240_000 * chance(`${name} asks for more when`), async () => {
          const { id: packageId } = await packageOf(app, 15)
          await ask(customer, 'POST', `/api/v1/sessions/${session.id}/extend`, { packageId, useWallet: true }, true)
        })
      }
    },
  }
}

