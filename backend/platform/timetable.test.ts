import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { eventually } from '../testing/wait.ts'
import { runTimed, type Every, type Timed } from './timetable.ts'

const quiet = { simulators: false, settings: { sweepMs: 10_000 } } as const

t.test('regular work is done by one replica at a time, again when it is due, and sooner after a failure', async (t) => {
  const app = await startTestApp(t, { ...quiet, replicas: 2 })
  const [a, b] = app.replicas.map((replica) => replica.ctx)
  const done: string[] = []
  let fails = false
  const counted: Timed = {
    what: 'counted', every: () => ({ seconds: 600 }),
    async run() {
      done.push('run')
      if (fails) throw new Error('as told')
    },
  }
  const turn = async () => {
    await Promise.all([a!, b!].flatMap((ctx) => [runTimed(ctx, [counted]), runTimed(ctx, [counted])]))
    return done.splice(0).length
  }
  const dueIn = async () => Math.round(Number((await app.query<{ seconds: string }>(`select extract(epoch from due_at - app_now()) as seconds from timetable where what = 'counted'`))[0]!.seconds))

  // Who comes after the one that made the row may find it due in the same turn.
  t.equal(await turn() + await turn(), 1, 'its row is made, and it is due at once, for one')
  t.equal(await turn(), 0, 'not before its time')
  await app.clock.advance(601)
  t.equal(await turn(), 1)
  t.ok(await dueIn() > 500)

  fails = true
  await app.clock.advance(601)
  t.equal(await turn(), 1)
  t.ok(await dueIn() <= 30, 'what failed is tried again soon')
  for (let tries = 0; tries < 8; tries++) {
    await app.clock.advance(601)
    await turn()
  }
  t.ok(await dueIn() <= 600, 'and never later than its next time')
  fails = false
  await app.clock.advance(601)
  await turn()
  t.match(await app.query(`select failures, claimed_until from timetable where what = 'counted'`), [{ failures: 0, claimed_until: null }])

  t.test('a worker that died is followed after its lease; one that was only slow changes nothing then', async (t) => {
    const held = Promise.withResolvers<void>()
    let runs = 0
    const slow: Timed = { what: 'slow', every: () => ({ seconds: 600 }), leaseSeconds: 60, run: () => (++runs === 1 ? held.promise : Promise.resolve()) }
    await runTimed(a!, [slow])
    const first = runTimed(a!, [slow])
    await eventually(() => runs === 1, 'the first has it')
    t.equal(await runTimed(b!, [slow]), 0)
    await app.clock.advance(61)
    t.equal(await runTimed(b!, [slow]), 1)
    await app.query(`update timetable set due_at = app_now() + interval '5 hours' where what = 'slow'`)
    held.resolve()
    await first
    t.match(await app.query(`select due_at > app_now() + interval '4 hours' as untouched from timetable where what = 'slow'`), [{ untouched: true }])
  })

  t.test('times of day and weekdays are those of Jakarta', async (t) => {
    const rows: [Every, string, string][] = [
      [{ daily: '00:05' }, '2026-03-10T17:04:00Z', '2026-03-10T17:05:00.000Z'],
      [{ daily: '00:05' }, '2026-03-10T17:05:00Z', '2026-03-11T17:05:00.000Z'],
      [{ daily: '02:30' }, '2026-03-10T12:00:00Z', '2026-03-10T19:30:00.000Z'],
      // 9 March 2026 is a Monday; in Jakarta it begins at 17:00 UTC of the 8th.
      [{ weekly: { weekday: 1, at: '09:00' } }, '2026-03-08T17:30:00Z', '2026-03-09T02:00:00.000Z'],
      [{ weekly: { weekday: 1, at: '09:00' } }, '2026-03-09T02:00:00Z', '2026-03-16T02:00:00.000Z'],
    ]
    for (const [index, [every, now, due]] of rows.entries()) {
      await app.clock.advance((Date.parse(now) - (await app.clock.now()).getTime()) / 1000)
      const work: Timed = { what: `timed-${index}`, every: () => every, run: async () => {} }
      await runTimed(a!, [work])
      const [row] = await app.query<{ due_at: Date }>('select due_at from timetable where what = $1', [work.what])
      t.ok(Math.abs(row!.due_at.getTime() - Date.parse(due)) < 1 || row!.due_at.toISOString() === due, `${JSON.stringify(every)} after ${now}: ${row!.due_at.toISOString()}`)
    }
  })
})

t.test('it happens without Valkey', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { sweepMs: 100 } })
  await app.valkey.stop()
  await app.query(`insert into users (id, kind, phone_hash, phone_prefix) values ('01a00000-0000-7000-8000-000000000001', 'customer', 'hash', '+6281234')`)
  await app.query(`insert into staff_credits (id, customer_id, amount_idr, expires_at, reason, given_by, state, request_key, created_at)
    select gen_random_uuid(), '01a00000-0000-7000-8000-000000000001', 1000, app_now(), 'a test', gen_random_uuid(), 'asked', 'key', app_now() - make_interval(hours => age) from unnest(array[1, 25]) age`)
  // Its last row: what comes later than the next line, and at a time of its own, would not be done today.
  await eventually(async () => (await app.query(`select 1 from timetable where what = 'weekly-payouts'`)).length === 1, 'the timetable stands')
  await app.query(`update timetable set due_at = app_now(), finished_at = null`)
  await eventually(async () => (await app.query('select 1 from timetable where finished_at is null')).length === 0, 'everything regular is done', { timeoutMs: 120_000 }) // what fails once has its next turn half a minute later
  t.match(await app.query('select request_key from staff_credits order by created_at'), [{ request_key: null }, { request_key: 'key' }], 'a key is over after a day')
})
