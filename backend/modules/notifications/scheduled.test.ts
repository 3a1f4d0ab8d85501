import fc from 'fast-check'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { expect, signIn, type Person } from '../../testing/people.ts'
import { clearStage, stage, STAGE_SETTINGS, type Scene } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { cancelScheduled, localDay, momentOf, scheduleNotices, sweepScheduled, type Notice, type ScheduledNotice } from './index.ts'

const ABSENT = '0190a0a0-0000-7000-8000-000000000000'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

t.test('a time of a wall clock is a moment at which it shows it, or the one after the gap', async (t) => {
  const zones = ['Asia/Jakarta', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Chatham', 'Pacific/Apia', 'Europe/Berlin', 'Africa/Casablanca'] as const
  const two = (value: number) => String(value).padStart(2, '0')
  const shown = (ms: number, timeZone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(ms)
  fc.assert(fc.property(fc.constantFrom(...zones), fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2031, 0, 1) }), fc.nat(40), fc.nat(1439), (zone, nowMs, inDays, minute) => {
    const day = localDay(nowMs, zone, inDays)
    const time = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
    const ms = momentOf({ day, time }, zone)
    if (shown(ms, zone) === `${day} ${time}`) return
    // Left out by the clock: an hour (or half of one) later, and the minute before the change is earlier than it.
    const late = (Date.parse(`${shown(ms, zone).replace(' ', 'T')}Z`) - Date.parse(`${day}T${time}Z`)) / 60_000
    if (late !== 60 && late !== 30) throw new Error(`${zone} ${day} ${time} became ${shown(ms, zone)}`)
    if (shown(ms - late * 60_000, zone) >= `${day} ${time}`) throw new Error('there was no gap')
  }), { numRuns: 400 })
  t.equal(momentOf({ day: '2026-11-23', time: '10:00' }, 'Mars/Olympus_Mons'), Date.parse('2026-11-23T03:00:00Z'), 'an unknown zone counts as Jakarta')
})

t.test('what is told later', async (t) => {
  // Days are counted below: none ends in the middle.
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, atNoon: true, worker: { housekeeping: false, timed: false } })
  const [one, other] = app.replicas.map((replica) => replica.ctx)
  const citra = await signIn(app, { kind: 'customer' })
  /** Signed in anew: time was moved beyond the life of a token. */
  const again = (person: Person) => signIn(app, { kind: person.kind, phone: person.phone })
  const reminder = (key: string, userId = citra.id): Notice => ({ userId, template: 'rating.reminder', dedupeKey: key, data: { sessionId: ABSENT } })
  const keep = (wanted: ScheduledNotice[], ctx = one!) => transact(ctx, (tx) => scheduleNotices(tx, wanted))
  const kept = async (person: Pick<Person, 'id'> = citra) => app.query<{ dedupe_key: string; due: string }>(
    'select dedupe_key, extract(epoch from due_at) * 1000 as due from scheduled_notices where user_id = $1 order by dedupe_key', [person.id])
  const dueOf = async (key: string) => Number((await kept()).find((row) => row.dedupe_key === key)?.due ?? Number.NaN)
  const told = async (key: string) => (await app.query<{ count: number }>('select count(*)::int from notifications where user_id = $1 and dedupe_key like $2', [citra.id, key]))[0]!.count
  const later = async (ms: number) => ({ at: new Date((await app.clock.now()).getTime() + ms) })

  await t.test('comes when it is due, once, whoever finds it, and not before', async (t) => {
    const when = await later(HOUR_MS)
    await Promise.all([one!, other!].map((ctx) => keep(Array.from({ length: 250 }, (_, index) => ({ notice: reminder(`many-${index}`), when })), ctx)))
    t.equal((await kept()).length, 250, 'given twice, kept once')
    t.equal(await sweepScheduled(one!, 10), 0)
    await app.clock.advance(3601)
    await Promise.all([one!, other!, one!, other!].map((ctx) => sweepScheduled(ctx, 40)))
    await eventually(async () => (await kept()).length === 0, 'all are taken')
    t.equal(await told('many-%'), 250)
    const { items } = (await (await again(citra)).call('GET', '/api/v1/notifications?limit=1')).body
    t.match(items[0], { kind: 'rating', data: { sessionId: ABSENT, template: 'rating.reminder' } })
  })

  await t.test('is not kept by a transaction that fails, and can be called off', async (t) => {
    const when = await later(HOUR_MS)
    await t.rejects(transact(one!, async (tx) => {
      await scheduleNotices(tx, [{ notice: reminder('failed'), when }])
      throw new Error('the act itself failed')
    }))
    await keep([{ notice: reminder('called-off'), when }, { notice: reminder('stays'), when }, { notice: reminder('nobody', ABSENT), when }])
    t.equal(await transact(one!, (tx) => cancelScheduled(tx, citra.id, ['called-off', 'failed'])), 1)
    t.equal(await transact(one!, (tx) => cancelScheduled(tx, ABSENT, ['stays'])), 0, 'only the person’s own')
    t.equal(await transact(one!, (tx) => cancelScheduled(tx, citra.id, [])), 0)
    t.same((await kept()).map((row) => row.dedupe_key), ['stays'])
    await keep([{ notice: reminder('stays'), when: await later(2 * HOUR_MS) }])
    t.ok(Math.abs((await dueOf('stays')) - (await later(2 * HOUR_MS)).at.getTime()) < 10 * 60_000, 'scheduled again, the last one counts')
    await transact(one!, (tx) => cancelScheduled(tx, citra.id, ['stays']))
  })

  await t.test('at a time of their own clock it follows them to another zone', async (t) => {
    const now = (await app.clock.now()).getTime()
    const day = localDay(now, 'Asia/Jakarta', 2)
    await keep([{ notice: reminder('local'), when: { inDays: 2, time: '10:00' } }, { notice: reminder('fixed'), when: await later(DAY_MS) }])
    t.equal(await dueOf('local'), momentOf({ day, time: '10:00' }, 'Asia/Jakarta'))
    const fixed = await dueOf('fixed')
    const mover = await again(citra)
    for (const timeZone of ['Asia/Kathmandu', 'America/St_Johns', 'Asia/Jayapura']) {
      await expect(200, mover.call('PATCH', '/api/v1/me', { body: { timeZone } }))
      await eventually(async () => (await dueOf('local')) === momentOf({ day, time: '10:00' }, timeZone), `it is 10:00 in ${timeZone}`)
    }
    t.equal(await dueOf('fixed'), fixed, 'a moment is a moment')
    // Whatever made it due too early (the move has not been heard of): what counts is the clock on their wall.
    await app.query(`update scheduled_notices set due_at = app_now() - interval '1 second' where dedupe_key = 'local'`)
    await eventually(async () => (await dueOf('local')) === momentOf({ day, time: '10:00' }, 'Asia/Jayapura'), 'it is moved on')
    t.equal(await told('local'), 0)
    await app.clock.advance((momentOf({ day, time: '10:00' }, 'Asia/Jayapura') - (await app.clock.now()).getTime()) / 1000 + 1)
    await eventually(async () => (await told('local')) === 1 && (await told('fixed')) === 1, 'both are told')
  })

  await t.test('what nobody wants any more is dropped; what can’t be given keeps nobody back', async (t) => {
    const when = await later(HOUR_MS)
    await keep([{ notice: reminder('late'), when, expiresAt: new Date(when.at.getTime() + 60_000) }, { notice: reminder('over'), when, expiresAt: when.at }])
    t.same((await kept()).map((row) => row.dedupe_key), ['late'], 'over before it is due: never kept')
    await app.query(`insert into scheduled_notices (id, user_id, dedupe_key, notice, due_at, expires_at)
      values ($1, $2, 'broken', '{"template": "of another version"}', app_now() + interval '30 minutes', app_now() + interval '1 day')`, [one!.ids.next(), citra.id])
    await keep([{ notice: reminder('good'), when: await later(HOUR_MS / 2) }])
    await app.clock.advance(3661)
    await eventually(async () => (await kept()).length === 1, 'all but one are settled')
    t.same([await told('good'), await told('late')], [1, 0])
    t.match(await kept(), [{ dedupe_key: 'broken' }])
    await app.clock.advance(86_400)
    await eventually(async () => (await kept()).length === 0, 'and that one expires')
    t.equal(await told('broken'), 0)
  })

  await t.test('a session that ended is asked about the next morning, unless it was rated or the two want nothing more of each other', async (t) => {
    const staged = async (state: 'ended' | 'cancelled') => {
      await clearStage(app)
      return stage(app, state)
    }
    const [asked, rated, blocked, cancelled] = [await staged('ended'), await staged('ended'), await staged('ended'), await staged('cancelled')]
    const keysOf = async (scene: Scene) => (await kept(scene.customer)).map((row) => row.dedupe_key)
    for (const scene of [asked, rated, blocked]) t.same(await keysOf(scene), [`rating-reminder:${scene.sessionId}`])
    t.same(await keysOf(cancelled), [])
    const [row] = await kept(asked.customer)
    t.equal(new Date(Number(row!.due)).toISOString().slice(11), '03:00:00.000Z', '10:00 in Jakarta')
    await expect(201, rated.customer.call('POST', `/api/v1/sessions/${rated.sessionId}/rating`, { body: { score: 5 } }))
    await expect(201, blocked.mitra.call('POST', `/api/v1/blocks/${blocked.customer.id}`))
    t.same([await keysOf(rated), await keysOf(blocked)], [[], []])
    await app.clock.advance(2 * 86_400)
    await eventually(async () => (await app.query('select 1 from scheduled_notices')).length === 0, 'they are asked')
    t.same(await app.query(`select user_id from notifications where kind = 'rating' and user_id <> $1`, [citra.id]), [{ user_id: asked.customer.id }])
  })
})
