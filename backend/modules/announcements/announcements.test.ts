import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp, type Answer, type TestApp } from '../../testing/app.ts'
import { changeSettings } from '../../testing/settings.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { measureAnnouncements } from './measure-announcements.ts'

const TEXTS = { id: { title: 'Kabar', body: 'Ada kabar baru.' }, en: { title: 'News', body: 'There is news.' } }
const reason = 'a test'

type Who = Partial<{ kind: string; language: string; time_zone: string; banned_at: string; suspended_until: string; erased_at: string; erasing_at: string; last_active_at: string; created_at: string }>

let app: TestApp
let admin: StaffPerson

async function person(who: Who = {}, platform?: string): Promise<string> {
  const id = randomUUID()
  const columns = Object.keys(who)
  await app.query(`insert into users (id, kind, phone_hash, phone_prefix${columns.filter((name) => name !== 'kind').map((name) => `, ${name}`).join('')})
    values ($1, $2, sha256($1::uuid::text::bytea), '+6281234'${columns.filter((name) => name !== 'kind').map((_, index) => `, $${index + 3}`).join('')})`,
  [id, who.kind ?? 'customer', ...Object.entries(who).filter(([name]) => name !== 'kind').map(([, value]) => value)])
  if (platform === undefined) return id
  const signIn = randomUUID()
  await app.query('insert into sign_ins (id, user_id) values ($1, $2)', [signIn, id])
  await app.query('insert into devices (id, user_id, sign_in_id, token, platform) values ($1, $2, $3, $4, $5)', [randomUUID(), id, signIn, `token-${id}`, platform])
  return id
}

const people = (count: number, who: Who = {}) => Promise.all(Array.from({ length: count }, () => person(who)))

async function ok(answer: Promise<Answer>): Promise<Answer['body']> {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(`${status}: ${text}`)
  return body
}

async function draft(userIds: readonly string[], more: object = {}): Promise<string> {
  const body = { texts: TEXTS, segment: { userIds }, channels: ['inbox'], schedule: { when: 'now' }, ...more }
  return (await ok(admin.call('POST', '/announcements', { body }))).announcement.id
}
const act = (id: string, verb: string, version: number, more: object = {}) => admin.call('POST', `/announcements/${id}/${verb}`, { body: { version, reason, ...more } })
const record = (id: string) => ok(admin.call('GET', `/announcements/${id}`))
const told = async (id: string) => (await app.query<{ user_id: string }>('select user_id from notifications where dedupe_key = $1', [`announcement:${id}`])).map((row) => row.user_id)
const countedAgain = async (id: string) => {
  const at = async () => (await record(id)).figuresAt
  const before = await at()
  await measureAnnouncements(app.replicas[0]!.ctx)
  return await at() !== before
}
const isDone = (id: string) => eventually(async () => (await record(id)).announcement.state === 'done', 'it is done')

t.test('announcements', async (t) => {
  app = await startTestApp(t, { worker: { housekeeping: false, timed: false }, settings: { sweepMs: 50 } })
  admin = await staffByRows(app, 'admin')

  t.test('from a draft to the inbox: changed, counted, tried out, sent, written down', async (t) => {
    const [english, indonesian, other] = [await person({ language: 'en' }), await person({ language: 'id' }), await person({ language: 'fr' })]
    const id = await draft([english, indonesian], { link: '/help/news' })
    const changed = await ok(admin.call('PATCH', `/announcements/${id}`, { body: { version: 1, segment: { userIds: [english, indonesian, other] } } }))
    t.match(changed.announcement, { state: 'draft', version: 2, link: '/help/news', texts: TEXTS, counted: null })
    t.equal((await admin.call('PATCH', `/announcements/${id}`, { body: { version: 1, link: null } })).status, 409, 'somebody was quicker')

    await ok(admin.call('POST', `/announcements/${id}/test`, { body: { userIds: [other], reason } }))
    t.match(await app.query('select title from notifications where user_id = $1', [other]), [{ title: 'News' }])
    t.same(await told(id), [], 'a test counts for nothing')

    t.equal((await act(id, 'start', 1)).status, 409)
    t.match((await act(id, 'start', 2, { expected: 9 })).body, { code: 'conflict', detail: 'It would tell 3 people, not 9.' })
    t.match(await ok(act(id, 'start', 2, { expected: 3 })), { announcement: { state: 'running', counted: 3, version: 3 } })
    await isDone(id)
    t.same((await told(id)).toSorted(), [english, indonesian, other].toSorted())
    t.same(await app.query('select title, body, kind, data from notifications where user_id = $1', [indonesian]),
      [{ ...TEXTS.id, kind: 'system_announcement', data: { announcementId: id, kind: 'system_announcement', template: 'announcement', link: '/help/news' } }])
    t.match(await record(id), { announcement: { state: 'done', reached: 3, endReason: null }, waves: [{ place: 0, timeZone: null, state: 'done', reached: 3 }], names: { [admin.id]: { kind: 'staff' } } })
    t.match(await app.query(`select details from audit_log where target_id = $1 and act = 'announcement.tested'`, [id]), [{ details: { version: 2, texts: TEXTS, userIds: [other] } }], 'with the words that people were given')
    t.same((await app.query<{ act: string; reason: string | null }>(`select act, reason from audit_log where target_id = $1 order by seq`, [id])).map((row) => [row.act, row.reason]),
      [['announcement.created', null], ['announcement.changed', null], ['announcement.tested', reason], ['announcement.started', reason]])
    for (const [verb, version] of [['start', 3], ['pause', 3], ['resume', 3], ['cancel', 3]] as const) t.equal((await act(id, verb, version)).status, 409, `${verb} of what is done`)
    t.equal((await admin.call('PATCH', `/announcements/${id}`, { body: { version: 3, link: null } })).status, 409)
  })

  t.test('many are told by nobody who has not counted them', async (t) => {
    const ids = await people(3)
    await changeSettings(app, { announcementsUncounted: 2 })
    const id = await draft(ids)
    t.match((await act(id, 'start', 1)).body, { code: 'conflict', detail: 'It would tell 3 people: more than 2 need the number of the dry run.' })
    t.match((await act(id, 'start', 1, { expected: 2 })).body, { code: 'conflict' })
    t.equal((await act(id, 'start', 1, { expected: 3 })).status, 200)
    await isDone(id)
    const nobody = await draft([randomUUID()])
    t.match((await act(nobody, 'start', 1)).body, { code: 'conflict', detail: 'Nobody belongs to this segment.' })
    await changeSettings(app, { announcementsUncounted: 10_000 })
  })

  t.test('a segment is who fits all of it, and never who is out or gone', async (t) => {
    const zone = 'Pacific/Niue' // nobody else's here
    const made = {
      plain: await person({ time_zone: zone, language: 'id-ID' }), mitra: await person({ time_zone: zone, kind: 'mitra', language: 'en' }), english: await person({ time_zone: zone, language: 'en' }, 'ios'),
      android: await person({ time_zone: zone }, 'android'), asleep: await person({ time_zone: zone, last_active_at: '2020-01-01' }),
      early: await person({ time_zone: zone, created_at: '2024-03-31T17:00:00Z' }), late: await person({ time_zone: zone, created_at: '2024-04-30T16:59:59Z' }), may: await person({ time_zone: zone, created_at: '2024-04-30T17:00:00Z' }),
    }
    await person({ time_zone: zone, banned_at: '2026-01-01' })
    await person({ time_zone: zone, suspended_until: '2999-01-01' })
    await person({ time_zone: zone, erased_at: '2026-01-01' })
    await person({ time_zone: zone, erasing_at: '2026-01-01' })
    const over = await person({ time_zone: zone, suspended_until: '2020-01-01' })
    const all = [...Object.values(made), over]
    const CASES: readonly [object, readonly string[]][] = [
      [{}, all],
      [{ kind: 'mitra' }, [made.mitra]],
      [{ kind: 'customer', language: 'en' }, [made.english]],
      [{ platforms: ['ios'] }, [made.english]],
      [{ platforms: ['ios', 'android'] }, [made.english, made.android]],
      [{ activeDays: 30 }, all.filter((id) => id !== made.asleep)],
      [{ joinedFrom: '2024-04-01', joinedUntil: '2024-04-30' }, [made.early, made.late]],
      [{ joinedUntil: '2024-05-01' }, [made.early, made.late, made.may]],
      [{ userIds: [made.plain, made.mitra], kind: 'customer' }, [made.plain]],
    ]
    for (const [segment, expected] of CASES) {
      const size = await ok(admin.call('POST', '/announcements/dry-run', { body: { texts: TEXTS, segment: { timeZones: [zone], ...segment } } }))
      t.match(size, { people: expected.length, samples: TEXTS }, JSON.stringify(segment))
      const id = await draft([], { segment: { timeZones: [zone], ...segment } })
      await ok(act(id, 'start', 1))
      await isDone(id)
      t.same((await told(id)).toSorted(), [...expected].toSorted(), JSON.stringify(segment))
    }
  })

  t.test('a dry run says who can be reached', async (t) => {
    const [reachable, off, none, quiet] = [await person({ language: 'id' }, 'android'), await person({}, 'ios'), await person(), await person({ language: 'en' })]
    await app.query(`insert into preferences (user_id, values) values ($1, '{"notificationsEnabled": false}')`, [none])
    await app.query(`insert into notification_preferences (user_id, choices) values ($1, '{"system_announcement.push": false}')`, [off])
    const now = await app.clock.now()
    const wall = (minutes: number) => new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Jakarta', hour: '2-digit', minute: '2-digit' }).format(new Date(now.getTime() + minutes * 60_000))
    await app.query('insert into notification_preferences (user_id, quiet_from, quiet_to) values ($1, $2, $3)', [quiet, wall(-60), wall(60)])
    t.same(await ok(admin.call('POST', '/announcements/dry-run', { body: { texts: TEXTS, segment: { userIds: [reachable, off, none, quiet] } } })),
      { people: 4, languages: { id: 3, en: 1 }, withDevice: 2, pushesOff: 2, inQuietHours: 1, samples: TEXTS })
  })

  t.test('what is no announcement is refused', async (t) => {
    const good = { texts: TEXTS, segment: {}, channels: ['inbox'], schedule: { when: 'now' } }
    const BAD: readonly object[] = [
      { texts: { id: TEXTS.id } }, { texts: { ...TEXTS, en: { title: 'a\nb', body: 'x' } } }, { texts: { ...TEXTS, en: { title: '\u202Eevil', body: 'x' } } }, { texts: { ...TEXTS, en: { title: '', body: 'x' } } },
      { segment: { timeZones: ['Asia/Atlantis'] } }, { segment: { userIds: [] } }, { segment: { everybody: true } }, { channels: [] }, { channels: ['sms'] }, { channels: ['inbox', 'inbox'] }, { priority: 'urgent' },
      { schedule: { when: 'local', at: '2026-12-01T09:00:00Z' } }, { schedule: { when: 'at', at: '2026-12-01T09:00' } }, { perMinute: 0 }, { link: 'https://elsewhere.example' }, { link: '//elsewhere.example' }, { expiresAt: 'soon' },
      // What one of the two that read it calls no date.
      { segment: { joinedFrom: '0000-01-01' } }, { segment: { joinedUntil: '9999-12-31' } }, { schedule: { when: 'at', at: '0000-01-01T00:00:00Z' } }, { schedule: { when: 'local', at: '0000-01-01T00:00' } }, { expiresAt: '9999-12-31T23:59:59-23:00' },
    ]
    for (const bad of BAD) t.match((await admin.call('POST', '/announcements', { body: { ...good, ...bad } })).body, { code: 'validation_failed' }, JSON.stringify(bad))
    const past = await draft(await people(1), { schedule: { when: 'at', at: '2020-01-01T00:00:00Z' } })
    t.match((await act(past, 'start', 1)).body, { code: 'conflict', detail: 'Its time is over.' })
    t.match(await record(past), { announcement: { state: 'draft' }, waves: [] }, 'and nothing of it is left')
    const late = await draft(await people(1), { schedule: { when: 'at', at: '2999-01-01T00:00:00Z' }, expiresAt: '2998-01-01T00:00:00Z' })
    t.match((await act(late, 'start', 1)).body, { code: 'conflict', detail: 'It expires before it is due everywhere.' })
    const offset = await draft(await people(1), { schedule: { when: 'at', at: '2998-01-02T23:00:00+23:00' } })
    await ok(act(offset, 'start', 1))
    t.match((await record(offset)).waves, [{ dueAt: '2998-01-02T00:00:00.000Z' }], 'an offset that no place on earth has')
  })

  t.test('where time stands', async (t) => {
    const { clock } = app.db
    await clock.stop()
    t.teardown(() => clock.reset())
    const isTime = async (time: string) => {
      await clock.set(new Date(time))
      // A sign-in does not last from one to the next.
      admin = await staffByRows(app, 'admin')
    }

    t.test('it goes no faster than said, waits while it is paused, and ends where it is cancelled', async (t) => {
      const ids = await people(12)
      const id = await draft(ids, { perMinute: 60, channels: ['inbox', 'push'] })
      const reached = async () => (await record(id)).announcement.reached
      const isReached = (count: number) => eventually(async () => (await reached()) === count, `${count} are told`)
      await ok(act(id, 'start', 1))
      await isReached(5)
      await clock.advance(5)
      await changeSettings(app, { sweepMs: 51 })
      t.equal(await reached(), 5, 'sixty a minute are five in five seconds, and what may be caught up')
      await clock.advance(1)
      await isReached(10)
      t.match(await ok(act(id, 'pause', 2)), { announcement: { state: 'paused', version: 3 } })
      await clock.advance(60)
      t.equal((await act(id, 'resume', 2)).status, 409, 'by the version that was seen')
      t.equal(await reached(), 10)
      t.equal(await countedAgain(id), true, 'it told somebody since the last count')
      await clock.advance(20)
      t.equal(await countedAgain(id), false, 'nobody is told while it is paused')
      await clock.advance(300)
      t.equal(await countedAgain(id), true, 'devices tell later that they have it')
      // As a batch leaves it whose pushes nobody has sent yet.
      await changeSettings(app, { pushesClosed: true })
      t.match(await record(id), { waitsForPushes: true })
      await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at, announcement_id)
        values (gen_random_uuid(), $1, 'system_announcement', 'tag', 'Judul', 'Isi', $2, 'waits', app_now() + interval '1 day', $3)`, [ids[0], JSON.stringify({ announcementId: id }), id])
      // One of two devices has it, the other is tried again.
      await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, sent_at, accepted_at, expires_at, announcement_id)
        values (gen_random_uuid(), $1, 'system_announcement', 'tag', 'Judul', 'Isi', $2, 'had', app_now(), app_now(), app_now() + interval '1 day', $3)`, [ids[0], JSON.stringify({ announcementId: id }), id])
      await app.query(`insert into letters (id, user_id, channel, kind, template, subject, text, dedupe_key, due_at, expires_at)
        values (gen_random_uuid(), $1, 'email', 'system_announcement', 'announcement', 'Judul', 'Isi', $2, app_now() + interval '1 hour', app_now() + interval '1 day')`, [ids[0], `announcement:${id}`])
      // One that a mail server is just refusing: it comes back to be tried again.
      await app.query(`insert into letters (id, user_id, channel, kind, template, subject, text, dedupe_key, claimed_until, expires_at)
        values (gen_random_uuid(), $1, 'email', 'system_announcement', 'announcement', 'Judul', 'Isi', $2, app_now() + interval '1 minute', app_now() + interval '1 day')`, [ids[1], `announcement:${id}`])
      t.match(await ok(act(id, 'resume', 3)), { announcement: { state: 'running', version: 4 } })
      t.match(await ok(act(id, 'cancel', 4)), { announcement: { state: 'cancelled', endReason: 'cancelled', reached: 10 } })
      await eventually(async () => (await app.query(`select 1 from pushes where dedupe_key = 'waits' and state = 'dropped' and reason = 'cancelled'`)).length === 1, 'what waits is dropped')
      await eventually(async () => (await app.query(`select 1 from pushes where dedupe_key = 'had' and state = 'sent' and reason is null`)).length === 1, 'what a device has is sent')
      await eventually(async () => (await app.query(`select 1 from letters where dedupe_key = $1 and state = 'dropped' and reason = 'cancelled' and text = ''`, [`announcement:${id}`])).length === 1, 'letters too')
      t.match(await app.query(`select state from letters where user_id = $1`, [ids[1]]), [{ state: 'queued' }], 'left to who sends it')
      await app.query(`update letters set claimed_until = null, due_at = app_now() + interval '1 hour' where user_id = $1`, [ids[1]])
      await eventually(async () => (await app.query(`select 1 from letters where user_id = $1 and state = 'dropped' and reason = 'cancelled'`, [ids[1]])).length === 1, 'what came back too')
      await changeSettings(app, { pushesClosed: false })
      await clock.advance(60)
      t.match(await record(id), { announcement: { state: 'cancelled', reached: 10 }, waves: [{ state: 'cancelled', reached: 10 }] })
      // A worker that had some in hand when it was cancelled ends them itself.
      await eventually(async () => (await app.query(`select 1 from pushes where announcement_id = $1 and state = 'queued'`, [id])).length === 0, 'none waits any more')
      // What has ended is counted again every five minutes.
      await clock.advance(301)
      await eventually(async () => {
        await measureAnnouncements(app.replicas[0]!.ctx)
        return (await record(id)).figures.queued === 0
      }, 'and that is counted')
      t.match((await record(id)).figures, { queued: 0, dropped: 11, accepted: 1 })
    })

    t.test('a pause makes it no faster', async (t) => {
      const id = await draft(await people(12), { perMinute: 60 })
      await ok(act(id, 'start', 1))
      await eventually(async () => (await record(id)).announcement.reached === 5, 'it has begun')
      await ok(act(id, 'pause', 2))
      await ok(act(id, 'resume', 3))
      await clock.advance(1)
      const beside = await draft(await people(1))
      await ok(act(beside, 'start', 1))
      await isDone(beside)
      t.equal((await record(id)).announcement.reached, 5, 'whoever waited longer would have come before')
      await clock.advance(5)
      await eventually(async () => (await record(id)).announcement.reached === 10, 'when it is time it goes on')
      await ok(act(id, 'cancel', 4))
    })

    t.test('what has a push waits while pushes are closed; what has none goes on', async (t) => {
      await changeSettings(app, { pushesClosed: true })
      const [silent, loud] = [await draft(await people(2)), await draft(await people(2), { channels: ['inbox', 'push'] })]
      await ok(act(loud, 'start', 1))
      await ok(act(silent, 'start', 1))
      await isDone(silent)
      t.match(await record(loud), { announcement: { state: 'running', reached: 0 }, waitsForPushes: true })
      await changeSettings(app, { pushesClosed: false })
      await isDone(loud)
      t.equal((await app.query('select 1 from pushes where announcement_id = $1', [loud])).length, 2)
    })

    t.test('it comes at a time of the day where people are, and once to whoever travels', async (t) => {
      await isTime('2031-03-05T22:00:00Z')
      const [east, middle, west] = [await people(2, { time_zone: 'Asia/Jayapura' }), await people(2, { time_zone: 'Asia/Makassar' }), await people(3, { time_zone: 'Asia/Jakarta' })]
      const ids = [...east, ...middle, ...west]
      const id = await draft(ids, { segment: { userIds: ids, timeZones: ['Asia/Jayapura', 'Asia/Makassar', 'Asia/Jakarta', 'Asia/Pontianak'] }, schedule: { when: 'local', at: '2031-03-06T09:00' } })
      t.match(await ok(act(id, 'start', 1)), { announcement: { state: 'scheduled', counted: 7 } })
      const isToldTo = async (expected: readonly string[], what: string) => {
        await eventually(async () => (await record(id)).announcement.reached === expected.length, what)
        t.same((await told(id)).toSorted(), [...expected].toSorted(), what)
      }
      const isDue = (zone: string) => app.query(`select due_at from announcement_waves where announcement_id = $1 and time_zone = $2`, [id, zone])
      t.match(await isDue('Asia/Jayapura'), [{ due_at: new Date('2031-03-06T00:00:00Z') }])
      t.match(await isDue('Asia/Jakarta'), [{ due_at: new Date('2031-03-06T02:00:00Z') }])
      await isTime('2031-03-06T00:00:01Z')
      await isToldTo(east, 'nine o’clock in Jayapura')
      // One who was told goes to where it is due yet, one who was not goes to where it is over, one to where nobody was.
      const move = (who: string, zone: string) => app.query('update users set time_zone = $2, updated_at = app_now() where id = $1', [who, zone])
      await move(east[0]!, 'Asia/Jakarta')
      await move(west[0]!, 'Asia/Jayapura')
      await move(west[1]!, 'Asia/Pontianak')
      await isTime('2031-03-06T01:00:01Z')
      await isToldTo([...east, ...middle], 'nine o’clock in Makassar')
      await isTime('2031-03-06T02:00:01Z')
      await isDone(id)
      await isToldTo(ids, 'nine o’clock in Jakarta, and whoever has moved')
      const { waves } = await record(id)
      t.equal(waves.reduce((sum: number, wave: { reached: number }) => sum + wave.reached, 0), 7, 'everybody counts once')
      t.match(waves.at(-1), { isLast: true, timeZone: null, reached: 2 })
    })

    t.test('whoever has it as a letter alone counts once as well', async (t) => {
      await isTime('2031-03-06T02:30:00Z')
      const ids = [...await people(1, { time_zone: 'Asia/Jayapura' }), ...await people(1, { time_zone: 'Asia/Jakarta' })]
      await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) select id, sha256(id::text::bytea), $2 from unnest($1::uuid[]) as id', [ids, Buffer.from('address')])
      await app.query(`insert into notification_preferences (user_id, choices) select id, '{"system_announcement.email": true}' from unnest($1::uuid[]) as id`, [ids])
      const id = await draft([], { segment: { userIds: ids, timeZones: ['Asia/Jayapura', 'Asia/Jakarta'] }, channels: ['email'], schedule: { when: 'local', at: '2031-03-07T09:00' }, expiresAt: '2031-03-07T03:00:00Z' })
      await ok(act(id, 'start', 1))
      await isTime('2031-03-07T00:00:01Z')
      await eventually(async () => (await record(id)).announcement.reached === 1, 'nine o’clock in Jayapura')
      await app.query(`update users set time_zone = 'Asia/Jakarta', updated_at = app_now() where id = $1`, [ids[0]])
      await isTime('2031-03-07T02:00:01Z')
      await isDone(id)
      t.equal((await record(id)).announcement.reached, 2)
      t.same(await app.query(`select expires_at <= '2031-03-07T03:00:00Z' as in_time from letters where dedupe_key = $1`, [`announcement:${id}`]), [{ in_time: true }, { in_time: true }], 'no letter is sent when it is out of date')
    })

    t.test('a zone that Postgres has never heard of keeps nobody’s from starting', async (t) => {
      await isTime('2031-03-06T03:00:00Z')
      const zones = ['AET', 'US/Pacific-New'] // both are names to the people's own platforms
      const ids = (await Promise.all(zones.map((time_zone) => people(1, { time_zone })))).flat()
      const id = await draft(ids, { segment: { userIds: ids, timeZones: zones }, schedule: { when: 'local', at: '2031-03-07T09:00' } })
      await ok(act(id, 'start', 1))
      t.match(await app.query('select time_zone, due_at from announcement_waves where announcement_id = $1 order by place', [id]), [
        { time_zone: 'AET', due_at: new Date('2031-03-07T02:00:00Z') }, { time_zone: 'US/Pacific-New', due_at: new Date('2031-03-07T17:00:00Z') }, { time_zone: null, due_at: new Date('2031-03-07T17:00:00Z') },
      ])
      await ok(act(id, 'cancel', 2))
    })

    t.test('what is out of date is told to nobody any more', async (t) => {
      const now = await clock.now()
      const id = await draft(await people(12), { perMinute: 60, expiresAt: new Date(now.getTime() + 60_000).toISOString() })
      await ok(act(id, 'start', 1))
      await eventually(async () => (await record(id)).announcement.reached === 5, 'it has begun')
      await clock.advance(61)
      await isDone(id)
      t.match(await record(id), { announcement: { reached: 5, endReason: 'expired' }, waves: [{ state: 'cancelled' }] })
    })
  })
})
