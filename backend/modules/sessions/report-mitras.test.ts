import fc from 'fast-check'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, type Person } from '../../testing/people.ts'
import { staffOf } from '../../testing/staff.ts'
import { packageOf, STAGE_SETTINGS } from '../../testing/stage.ts'

const DAY_MS = 86_400_000
/** Jakarta is seven hours ahead all year. */
const startOf = (day: string) => Date.parse(`${day}T00:00:00+07:00`)
const dayOf = (ms: number) => new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10)
type Interval = { kind: 'online' | 'busy' | 'served'; from: number; until: number | null }
type Offer = { state: 'accepted' | 'declined' | 'expired' | 'withdrawn'; made: number; tookMs: number }

const FIRST = startOf('2026-03-28')
const at = fc.integer({ min: FIRST - 2 * DAY_MS, max: FIRST + 9 * DAY_MS })
const interval: fc.Arbitrary<Interval> = fc.record({
  kind: fc.constantFrom<Interval['kind'][]>('online', 'busy', 'served'), from: at, length: fc.oneof(fc.integer({ min: 0, max: 7200_000 }), fc.integer({ min: 0, max: 3 * DAY_MS })),
}).map(({ kind, from, length }) => ({ kind, from, until: from + length }))
const offer: fc.Arbitrary<Offer> = fc.record({ state: fc.constantFrom<Offer['state'][]>('accepted', 'declined', 'expired', 'withdrawn'), made: at, tookMs: fc.integer({ min: 0, max: 45_000 }) })

// The model: overlap by overlap, number by number.
const overlap = (one: Interval, from: number, to: number, now: number) => Math.max(0, Math.min(one.until ?? now, to) - Math.max(one.from, from))
const hoursOf = (intervals: readonly Interval[], from: number, to: number, now: number) => Object.fromEntries((['online', 'busy', 'served'] as const).map((kind) => (
  [`${kind}Seconds`, intervals.filter((one) => one.kind === kind).reduce((sum, one) => sum + overlap(one, from, to, now), 0) / 1000])))
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const low = sorted[Math.floor(place)]!
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place))
}
function answersOf(offers: readonly Offer[], from: number, to: number) {
  const made = offers.filter((one) => one.made >= from && one.made < to)
  const count = (state: Offer['state']) => made.filter((one) => one.state === state).length
  const took = made.filter((one) => one.state === 'accepted' || one.state === 'declined').map((one) => one.tookMs / 1000).toSorted((a, b) => a - b)
  return {
    offersAnswered: took.length, offersAccepted: count('accepted'), offersDeclined: count('declined'), offersMissed: count('expired'),
    answerSeconds: took.length === 0 ? null : { mean: took.reduce((sum, one) => sum + one, 0) / took.length, p50: percentile(took, 0.5), p90: percentile(took, 0.9) },
  }
}
type Sums = ReturnType<typeof answersOf> & Record<string, unknown>
const rounded = ({ answerSeconds, ...rest }: Sums) => ({ ...rest, answerSeconds: answerSeconds && Object.fromEntries(Object.entries(answerSeconds).map(([name, value]) => [name, Math.round(value * 100) / 100])) })

t.test('hours and answers are what a model counts by hand, over midnights and with what is still open', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: STAGE_SETTINGS, atNoon: true })
  const mitras = await crowd(app, { kind: 'mitra', count: 6 })
  const [customer] = await crowd(app, { kind: 'customer', count: 1 })
  const { id: packageId } = await packageOf(app, 15)
  const sessionId = app.replicas[0]!.ctx.ids.next()
  await app.query(`insert into chat_sessions (id, state, customer_id, package_id, minutes, price_idr, mitra_share_percent, ended_at) values ($1, 'unserved', $2, $3, 15, 25000, 70, app_now())`, [sessionId, customer!.id, packageId])
  const lives = fc.sample(fc.record({ intervals: fc.array(interval, { maxLength: 40 }), offers: fc.array(offer, { maxLength: 30 }) }), { numRuns: mitras.length, seed: 20_261_121 })
  const days = { from: '2026-03-27', to: '2026-04-03' }
  const [from, to] = [startOf(days.from), startOf(days.to) + DAY_MS]
  const names = Array.from({ length: 8 }, (_, index) => dayOf(from + index * DAY_MS))
  for (const [index, { intervals, offers }] of lives.entries()) {
    // One that is open since before the range, and ends nowhere in it.
    if (index % 2 === 0) intervals.push({ kind: 'busy', from: from - 1234, until: null })
    await seed(mitras[index]!, intervals, offers)
  }
  const now = Number.MAX_SAFE_INTEGER
  for (const [index, mitra] of mitras.entries()) {
    const { intervals, offers } = lives[index]!
    const { body } = await expect(200, mitra.call('GET', `/api/v1/mitra/report?from=${days.from}&to=${days.to}`))
    t.strictSame(body.days.map((day: Sums) => rounded(day)), names.map((day) => {
      const [begin, end] = [startOf(day), startOf(day) + DAY_MS]
      return rounded({ day, ...hoursOf(intervals, begin, end, now), ...answersOf(offers, begin, end) })
    }), `mitra ${index}, day by day`)
    t.strictSame(rounded(body.total), rounded({ ...hoursOf(intervals, from, to, now), ...answersOf(offers, from, to) }), `mitra ${index}, together`)
  }

  const [fina, vivi] = await Promise.all([staffOf(app, 'finance'), staffOf(app, 'viewer')])
  const query = `from=${days.from}&to=${days.to}`
  const first = await fina.call('GET', `/internal/v1/reports/mitras?${query}&limit=4`)
  const second = await fina.call('GET', `/internal/v1/reports/mitras?${query}&limit=4&cursor=${first.body.nextCursor}`)
  t.match(first, { status: 200, body: { ...days } })
  const listed = new Map([...first.body.items, ...second.body.items].map((item: Sums) => [item['mitraId'], item]))
  t.equal(listed.size, mitras.length)
  t.equal(second.body.nextCursor, null)
  for (const [index, mitra] of mitras.entries()) {
    const { intervals, offers } = lives[index]!
    const { mitraId: _id, displayName, status, ...sums } = listed.get(mitra.id)!
    t.same([displayName, status], ['Made', 'approved'])
    t.strictSame(rounded(sums as Sums), rounded({ ...hoursOf(intervals, from, to, now), ...answersOf(offers, from, to) }), `mitra ${index}, for staff`)
  }
  t.equal((await vivi.call('GET', `/internal/v1/reports/mitras?${query}`)).body.items[0].displayName, 'M***', 'a viewer sees names masked')

  await t.test('what is open counts until now, and tomorrow has no hours', async (t) => {
    const [mitra] = await crowd(app, { kind: 'mitra', count: 1 })
    const nowMs = async () => (await app.clock.now()).getTime()
    const begun = await nowMs()
    await seed(mitra!, [{ kind: 'online', from: begun - 5000, until: null }, { kind: 'served', from: begun - 9000, until: begun - 1000 }], [])
    const tomorrow = dayOf(begun + DAY_MS)
    const yesterday = dayOf(begun - DAY_MS)
    const read = async () => (await expect(200, mitra!.call('GET', `/api/v1/mitra/report?from=${yesterday}&to=${tomorrow}`))).body
    const { total, days: each } = await read()
    const latest = await nowMs()
    t.ok(total.onlineSeconds >= 5 && total.onlineSeconds * 1000 <= latest - begun + 5000, `online ${total.onlineSeconds}`)
    t.equal(total.servedSeconds, 8)
    t.match(each.at(-1), { day: tomorrow, onlineSeconds: 0, servedSeconds: 0 })
    t.match((await expect(200, mitra!.call('GET', '/api/v1/mitra/report'))).body, { from: dayOf(latest), to: dayOf(latest), days: [{}] }, 'without days it is today')
  })

  await t.test('what is no range is refused', async (t) => {
    for (const bad of ['from=2026-04-02&to=2026-04-01', 'from=2026-01-01&to=2026-12-31', 'from=yesterday', 'from=2026-02-30', 'nothing=1']) {
      t.match(await mitras[0]!.call('GET', `/api/v1/mitra/report?${bad}`), { status: 400, body: { code: 'validation_failed' } }, bad)
    }
  })

  async function seed(mitra: Person, intervals: readonly Interval[], offers: readonly Offer[]): Promise<void> {
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
    await app.query(`
      insert into mitra_intervals (id, mitra_id, kind, session_id, started_at, ended_at)
      select gen_random_uuid(), $1, kind, case when kind = 'served' then gen_random_uuid() end, started, ended
      from jsonb_to_recordset($2) as r(kind text, started timestamptz, ended timestamptz)`, [mitra.id, JSON.stringify(intervals.map((one) => ({ kind: one.kind, started: iso(one.from), ended: iso(one.until) })))])
    await app.query(`
      insert into offers (id, session_id, mitra_id, state, created_at, expires_at, ended_at)
      select gen_random_uuid(), $2, $1, state, made, made + interval '45 seconds', ended from jsonb_to_recordset($3) as r(state text, made timestamptz, ended timestamptz)`,
    [mitra.id, sessionId, JSON.stringify(offers.map((one) => ({ state: one.state, made: iso(one.made), ended: iso(one.made + one.tookMs) })))])
  }
})
