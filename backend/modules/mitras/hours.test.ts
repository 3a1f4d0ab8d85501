import fc from 'fast-check'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, goOffline, goOnline, type Person } from '../../testing/people.ts'
import { clearStage, packageOf, STAGE_SETTINGS, startSession, vanish } from '../../testing/stage.ts'
import { startMitras } from '../../testing/mitras.ts'
import { eventually } from '../../testing/wait.ts'
import { sql } from '../../platform/drizzle.ts'
import type { ScheduleException, WeeklyHours } from './contract.ts'
import { findPlans } from './find-plans.ts'
import { sweepBreaks, sweepSchedules } from './index.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const at = (time: string) => sql`${time}::timestamptz`

t.test('what a schedule says of a moment', async (t) => {
  const app = await startMitras(t)
  const mitraId = await app.newMitra()
  const plan = async (schedule: { timeZone: string; weekly: WeeklyHours[]; exceptions?: ScheduleException[] }, now: string) => {
    await app.query(`
      insert into mitra_schedules (mitra_id, time_zone, weekly, exceptions, next_edge_at) values ($1, $2, $3, $4, app_now())
      on conflict (mitra_id) do update set time_zone = excluded.time_zone, weekly = excluded.weekly, exceptions = excluded.exceptions`,
    [mitraId, schedule.timeZone, JSON.stringify(schedule.weekly), JSON.stringify(schedule.exceptions ?? [])])
    const found = (await findPlans(app.ctx.sql, [mitraId], at(now))).get(mitraId)!
    return [found.isOn, found.edge?.at.toISOString() ?? null]
  }

  await t.test('hours are of the mitra’s own day, over midnight, and as long as a day on which the clocks change is', async (t) => {
    const monday = { timeZone: 'Asia/Jakarta', weekly: [{ weekday: 1, from: '09:00', to: '17:00' }] }
    t.same(await plan(monday, '2027-03-01T01:59:59Z'), [false, '2027-03-01T02:00:00.000Z'])
    t.same(await plan(monday, '2027-03-01T02:00:00Z'), [true, '2027-03-01T10:00:00.000Z'], 'the edge itself is within')
    t.same(await plan(monday, '2027-03-01T10:00:00Z'), [false, '2027-03-08T02:00:00.000Z'])
    const night = { timeZone: 'America/New_York', weekly: [{ weekday: 6, from: '22:00', to: '06:00' }] }
    t.same(await plan(night, '2027-03-14T03:00:00Z'), [true, '2027-03-14T10:00:00.000Z'], 'spring: seven hours')
    t.same(await plan(night, '2027-11-07T02:00:00Z'), [true, '2027-11-07T11:00:00.000Z'], 'autumn: nine hours')
    t.same(await plan(night, '2027-03-06T12:00:00Z'), [false, '2027-03-07T03:00:00.000Z'], 'any other: eight')
    t.same(await plan(night, '2027-03-07T03:00:00Z'), [true, '2027-03-07T11:00:00.000Z'])
    const gap = { timeZone: 'America/New_York', weekly: [{ weekday: 7, from: '02:30', to: '03:15' }] }
    t.same(await plan(gap, '2027-03-14T06:00:00Z'), [false, '2027-03-21T06:30:00.000Z'], 'hours that the clocks skip are none, and harm nothing')
    const always = { timeZone: 'Europe/Berlin', weekly: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: '00:00', to: '24:00' })) }
    t.same(await plan(always, '2027-03-27T12:00:00Z'), [true, null], 'hours that touch are one, and have no edge')
  })

  await t.test('exceptions: a date that is off, extra hours, hours of their own', async (t) => {
    const weekly = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: '20:00', to: '02:00' }))
    const off = { timeZone: 'Asia/Jakarta', weekly, exceptions: [{ date: '2027-03-02', off: true as const }] }
    t.same(await plan(off, '2027-03-01T18:00:00Z'), [true, '2027-03-01T19:00:00.000Z'], 'what began the evening before goes to its end')
    t.same(await plan(off, '2027-03-01T19:00:00Z'), [false, '2027-03-03T13:00:00.000Z'], 'what begins on the date is dropped, its morning after too')
    const extra = { timeZone: 'Asia/Jakarta', weekly: [], exceptions: [{ date: '2027-03-05', from: '10:00', to: '11:00' }, { date: '2027-03-05', from: '10:30', to: '12:00' }] }
    t.same(await plan(extra, '2027-03-01T00:00:00Z'), [false, '2027-03-05T03:00:00.000Z'])
    t.same(await plan(extra, '2027-03-05T03:10:00Z'), [true, '2027-03-05T05:00:00.000Z'], 'overlapping hours are one')
    t.same(await plan(extra, '2027-02-01T00:00:00Z'), [false, null], 'too far ahead: it is looked again')
    const own = { timeZone: 'Asia/Jakarta', weekly, exceptions: [{ date: '2027-03-02', off: true as const }, { date: '2027-03-02', from: '08:00', to: '09:00' }] }
    t.same(await plan(own, '2027-03-01T19:00:00Z'), [false, '2027-03-02T01:00:00.000Z'], 'instead of the weekly ones')
  })

  await t.test('random weeks say what a model says minute by minute', async (t) => {
    const minutes = fc.integer({ min: 0, max: 1439 })
    const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    const hours = fc.record({ from: minutes.map(clock), to: minutes.map(clock) })
    const dates = fc.integer({ min: 0, max: 12 }).map((ahead) => new Date(Date.parse('2027-02-25') + ahead * DAY).toISOString().slice(0, 10))
    const week = fc.record({
      weekly: fc.array(fc.record({ weekday: fc.integer({ min: 1, max: 7 }) }).chain(({ weekday }) => hours.map((one) => ({ weekday, ...one }))), { maxLength: 8 }),
      exceptions: fc.array(fc.oneof(dates.map((date) => ({ date, off: true as const })), dates.chain((date) => hours.map((one) => ({ date, ...one })))), { maxLength: 5 }),
      now: fc.integer({ min: 0, max: 5 * 1440 }).map((minute) => Date.parse('2027-03-01T00:00:00Z') + minute * MINUTE),
    })
    const offset = 7 * 3_600_000
    for (const { weekly, exceptions, now } of fc.sample(week, { numRuns: 60, seed: 20_261_121 })) {
      const spans: [number, number][] = []
      for (let day = Date.parse('2027-02-24'); day <= Date.parse('2027-03-25'); day += DAY) {
        const date = new Date(day).toISOString().slice(0, 10)
        const ofDate = exceptions.filter((one) => one.date === date)
        const ofWeek = ofDate.some((one) => 'off' in one) ? [] : weekly.filter((one) => one.weekday === (new Date(day).getUTCDay() || 7))
        for (const { from, to } of [...ofWeek, ...ofDate.flatMap((one) => ('from' in one ? [one] : []))]) {
          const [begin, end] = [from, to].map((time) => day - offset + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * MINUTE) as [number, number]
          spans.push([begin, end <= begin ? end + DAY : end])
        }
      }
      const isOn = (moment: number) => spans.some(([begin, end]) => begin <= moment && moment < end)
      let edge: number | undefined
      for (let moment = now + MINUTE; moment < now + 13 * DAY && edge === undefined; moment += MINUTE) if (isOn(moment) !== isOn(now)) edge = moment
      t.same(await plan({ timeZone: 'Asia/Jakarta', weekly, exceptions }, new Date(now).toISOString()), [isOn(now), edge === undefined ? null : new Date(edge).toISOString()])
    }
  })
})

t.test('breaks and schedules at work', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, staleSeconds: 600, goneSeconds: 3600, breakMostMinutes: 60 } })
  t.beforeEach(() => clearStage(app))
  const newMitra = async () => (await crowd(app, { kind: 'mitra', count: 1 }))[0]!
  const statusOf = async (mitra: Person) => (await expect(200, mitra.call('GET', '/api/v1/mitra/status'))).body.status
  const looked = async () => {
    for (let round = 0; round < 3; round++) await Promise.all(app.replicas.flatMap(({ ctx }) => [sweepSchedules(ctx), sweepBreaks(ctx)]))
  }
  const takeBreak = (mitra: Person, minutes: number) => mitra.call('PUT', '/api/v1/mitra/break', { body: { minutes } })
  const breakIsOver = (mitra: Person) => app.query('update mitras set break_until = app_now() where user_id = $1 and break_until is not null', [mitra.id])

  await t.test('a break takes the mitra offline as they would go themselves, and ends by itself', async (t) => {
    const mitra = await newMitra()
    t.match(await takeBreak(mitra, 15), { status: 409, body: { code: 'conflict' } }, 'who is offline needs none')
    await goOnline(mitra)
    t.match(await takeBreak(mitra, 61), { status: 400, body: { code: 'validation_failed' } })
    const [named] = await crowd(app, { kind: 'customer', count: 1 })
    const { body } = await expect(201, startSession(named!, { packageId: (await packageOf(app, 15)).id, mitraId: mitra.id }))
    t.match((await expect(200, takeBreak(mitra, 15))).body.status, { online: false, state: 'break', offlineBecause: 'break', breakUntil: /Z$/ })
    await eventually(async () => (await app.query('select 1 from chat_sessions where id = $1 and slot_mitra_id is null', [body.session.id]))[0], 'the hold loses its slot, as the table says')
    t.match((await expect(200, takeBreak(mitra, 30))).body.status, { state: 'break' }, 'another one replaces it')
    await looked()
    t.match(await statusOf(mitra), { state: 'break' }, 'it is not over yet')
    await breakIsOver(mitra)
    await eventually(async () => (await statusOf(mitra)).online, 'online again')
    t.match(await statusOf(mitra), { breakUntil: null, offlineBecause: null, stale: false })
    t.equal((await app.query(`select 1 from mitra_intervals where mitra_id = $1 and kind = 'online' and ended_at is null`, [mitra.id])).length, 1)
    t.same(await app.query(`select ended_at is not null as over from mitra_intervals where mitra_id = $1 and kind = 'break'`, [mitra.id]), [{ over: true }, { over: true }], 'each break is in the hours, and over')
  })

  await t.test('it is ended early, overruled by the mitra, and nobody who may not serve comes back by it', async (t) => {
    const [early, offline, deactivated, banned, unseen] = await crowd(app, { kind: 'mitra', count: 5 }) as [Person, Person, Person, Person, Person]
    for (const one of [early, offline, deactivated, banned, unseen]) {
      await goOnline(one)
      await expect(200, takeBreak(one, 15))
    }
    t.match((await expect(200, early.call('DELETE', '/api/v1/mitra/break'))).body.status, { online: true, state: 'online', breakUntil: null })
    t.match((await expect(200, early.call('DELETE', '/api/v1/mitra/break'))).body.status, { online: true }, 'a repeat changes nothing')
    await goOffline(offline)
    t.match(await statusOf(offline), { state: 'offline', breakUntil: null, offlineBecause: null })
    await app.query(`update mitras set status = 'deactivated' where user_id = $1`, [deactivated.id])
    await app.query('update users set banned_at = app_now() where id = $1', [banned.id])
    await vanish(app, unseen, 3600)
    for (const one of [early, offline, deactivated, banned, unseen]) await breakIsOver(one)
    const wishes = async () => (await app.query<{ online: boolean }>('select wants_online as online from mitras where user_id = any($1) order by user_id', [[offline, deactivated, banned].map((one) => one.id)])).map((row) => row.online)
    await eventually(async () => (await app.query('select 1 from mitras where user_id = $1 and wants_online and stale', [unseen.id]))[0], 'who was not seen for long is back by wish alone')
    await looked()
    t.same(await wishes(), [false, false, false])
    t.match((await app.query(`select title, data from notifications where user_id = $1 and kind = 'status'`, [unseen.id])), [{ title: 'Istirahatmu selesai', data: { onlineBecause: 'break' } }])
    t.same(await app.query(`select 1 from mitra_slots where mitra_id = $1 and open_capacity > 0`, [unseen.id]), [], 'and gets no session yet')
  })

  await t.test('a schedule is kept, checked, and shown with its next edge', async (t) => {
    const mitra = await newMitra()
    const put = (schedule: object) => mitra.call('PUT', '/api/v1/mitra/schedule', { body: schedule })
    t.same((await mitra.call('GET', '/api/v1/mitra/schedule')).body, { schedule: { timeZone: 'Asia/Jakarta', weekly: [], exceptions: [], isOn: false, nextEdge: null } })
    const weekly = [{ weekday: 1, from: '09:00', to: '17:00' }]
    const exceptions = [{ date: '2027-01-01', off: true }, { date: '2027-01-02', from: '08:00', to: '24:00' }]
    t.match(await put({ timeZone: 'America/New_York', weekly, exceptions }), { status: 200, body: { schedule: { timeZone: 'America/New_York', weekly, exceptions, nextEdge: { at: /Z$/, goes: /line$/ } } } })
    for (const bad of [
      { timeZone: '+07:00', weekly }, { timeZone: 'Asia/Nowhere', weekly }, { timeZone: 'Asia/Jakarta', weekly: [{ weekday: 8, from: '09:00', to: '17:00' }] },
      { timeZone: 'Asia/Jakarta', weekly: [{ weekday: 1, from: '9:00', to: '17:00' }] }, { timeZone: 'Asia/Jakarta', weekly: [{ weekday: 1, from: '24:00', to: '01:00' }] },
      { timeZone: 'Asia/Jakarta', weekly, exceptions: [{ date: '2027-02-30', off: true }] }, { timeZone: 'Asia/Jakarta', weekly, exceptions: [{ date: '2027-02-03', off: false }] },
    ]) t.match(await put(bad), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(bad))
    t.match((await mitra.call('GET', '/api/v1/mitra/schedule')).body.schedule, { timeZone: 'America/New_York' }, 'what was refused changed nothing')
    await expect(200, put({ timeZone: 'Asia/Jakarta', weekly: [] }))
    t.equal((await app.query('select 1 from mitra_schedules where mitra_id = $1', [mitra.id])).length, 0, 'no hours are no schedule')
  })

  await t.test('a schedule acts at its edges, once on however many replicas; in between the mitra decides', async (t) => {
    const mitras = await crowd(app, { kind: 'mitra', count: 3 })
    const [mitra, byHand, away] = mitras as [Person, Person, Person]
    await Promise.all(mitras.map((one) => hoursAround(app, one, 'now')))
    await looked()
    t.match(await statusOf(mitra), { online: false }, 'within its hours, and nothing happens before an edge')
    await edge(app, mitras, 'online')
    await eventually(async () => (await Promise.all(mitras.map(statusOf))).every((status) => status.online), 'all of them are online')
    await goOffline(byHand)
    await looked()
    t.match(await statusOf(byHand), { online: false, offlineBecause: null }, 'their own word counts until the next edge')
    await Promise.all(mitras.map((one) => hoursAround(app, one, 'later')))
    await goOnline(away)
    await expect(200, takeBreak(away, 30))
    await edge(app, mitras, 'offline')
    await eventually(async () => !(await statusOf(mitra)).online && (await statusOf(away)).breakUntil === null, 'the hours are over')
    t.match(await statusOf(mitra), { offlineBecause: 'schedule', state: 'offline' })
    t.match(await statusOf(byHand), { offlineBecause: null }, 'who was offline stays so by their own word')
    t.match(await statusOf(away), { state: 'offline', offlineBecause: 'schedule' }, 'a break ends with the hours')
    const topics = await app.query<{ topic: string; n: number }>(`select topic, count(*)::int as n from outbox where payload ->> 'mitraId' = $1 and topic like 'mitras.%' group by 1 order by 1`, [mitra.id])
    t.same(topics, [{ topic: 'mitras.available', n: 1 }, { topic: 'mitras.unavailable', n: 1 }], 'each edge once')
    const [next] = await app.query<{ later: boolean; goes: string }>('select next_edge_at > app_now() as later, edge_goes as goes from mitra_schedules where mitra_id = $1', [mitra.id])
    t.same(next, { later: true, goes: 'online' }, 'the next edge is known')
  })

  await t.test('whoever is not approved, suspended or in a break is never put online by a schedule', async (t) => {
    const mitras = await crowd(app, { kind: 'mitra', count: 4 })
    const [deactivated, suspended, inBreak, fine] = mitras as [Person, Person, Person, Person]
    await Promise.all(mitras.map((one) => hoursAround(app, one, 'now')))
    await goOnline(inBreak)
    await expect(200, takeBreak(inBreak, 30))
    await app.query(`update mitras set status = 'deactivated' where user_id = $1`, [deactivated.id])
    await app.query(`update users set suspended_until = app_now() + interval '1 day' where id = $1`, [suspended.id])
    await edge(app, mitras, 'online')
    await eventually(async () => (await statusOf(fine)).online, 'the others are')
    await looked()
    t.same(await app.query('select 1 from mitras where user_id = any($1) and wants_online', [[deactivated, suspended, inBreak].map((one) => one.id)]), [])
    t.match(await statusOf(inBreak), { state: 'break' })
  })
})

/** Hours that hold at this very moment, or that begin later today or tomorrow: each of twelve hours. */
async function hoursAround(app: TestApp, mitra: Person, when: 'now' | 'later'): Promise<void> {
  const [local] = await app.query<{ hour: number }>(`select extract(hour from app_now() at time zone 'Asia/Jakarta')::int as hour`)
  const begin = (local!.hour + (when === 'now' ? 18 : 6)) % 24
  const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`
  const weekly = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: clock(begin), to: clock(begin + 12) }))
  await expect(200, mitra.call('PUT', '/api/v1/mitra/schedule', { body: { timeZone: 'Asia/Jakarta', weekly } }))
}

/** Their edge is due now: as if it had come while nobody looked. */
async function edge(app: TestApp, mitras: readonly Person[], goes: 'online' | 'offline'): Promise<void> {
  await app.query('update mitra_schedules set next_edge_at = app_now(), edge_goes = $2 where mitra_id = any($1)', [mitras.map((one) => one.id), goes])
}
