import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect } from '../../testing/people.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'

const V1 = '/internal/v1'
type Row = { id: string; state: string; customer_id: string; mitra_id: string | null; topic: string | null; minutes: number; end_reason: string; queued_at: Date; day: string; marks: string[] }

t.test('sessions as staff look for them', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, userRequests: 100_000 } })
  const [admin, moderator, viewer, finance] = [await staffOf(app, 'admin'), await staffOf(app, 'moderator'), await staffOf(app, 'viewer'), await staffOf(app, 'finance')]
  const [customers, mitras] = [await crowd(app, { kind: 'customer', count: 5 }), await crowd(app, { kind: 'mitra', count: 4 })]
  const { id: packageId } = await packageOf(app, 15)
  // Ids say nothing of the time: the list goes by when they were asked for. Several at one moment, too.
  await app.query(`
    insert into chat_sessions (id, state, customer_id, mitra_id, package_id, minutes, price_idr, mitra_share_percent, topic, queued_at, ended_at, ended_by, end_reason)
    select gen_random_uuid(), (array['ended', 'cancelled', 'expired', 'unserved'])[1 + n % 4], ($1::uuid[])[1 + n % 5], case when n % 3 > 0 then ($2::uuid[])[1 + n % 4] end, $3, (array[15, 30, 60])[1 + n % 3], 25000, 70,
      (array['work', 'love', null])[1 + n % 3], '2026-03-10T17:00:00Z'::timestamptz + make_interval(hours => (n * 7919 % 200) / 2), '2026-03-20T00:00:00Z', 'system', (array['time_up', 'mitra_ended'])[1 + n % 2]
    from generate_series(1, 120) n`, [customers.map((one) => one.id), mitras.map((one) => one.id), packageId])
  const some = (await app.query<{ id: string }>('select id from chat_sessions order by id')).map((row) => row.id)
  await app.query(`insert into purchases (id, session_id, kind, position, package_id, minutes, price_idr, state) select gen_random_uuid(), id, 'extension', 2, $2, 15, 25000, 'settled' from unnest($1::uuid[]) id`, [some.slice(0, 30), packageId])
  await app.query(`insert into safety_cases (id, kind, session_id, subject_id) select gen_random_uuid(), 'staff', id, $2 from unnest($1::uuid[]) id`, [some.slice(20, 50), customers[0]!.id])
  const all = await app.query<Row>(`
    select s.*, (queued_at at time zone 'Asia/Jakarta')::date::text as day, array(select mark from session_marks m where m.session_id = s.id) as marks
    from chat_sessions s order by queued_at desc, id desc`)
  t.same([all.filter((row) => row.marks.includes('extension')).length, all.filter((row) => row.marks.includes('case')).length], [30, 30], 'marked by the database itself')

  const pages = async (query: string, limit = 7) => {
    const ids: string[] = []
    for (let cursor = ''; ;) {
      const { body } = await expect(200, admin.call('GET', `${V1}/sessions?limit=${limit}&${query}${cursor}`))
      ids.push(...body.items.map((item: { id: string }) => item.id))
      if (body.nextCursor === null) return ids
      cursor = `&cursor=${body.nextCursor}`
    }
  }
  const [someone, somebody] = [customers[2]!.id, mitras[1]!.id]

  await t.test('each filter and several together, page by page, show what there is and nothing twice', async (t) => {
    const filters: [string, (row: Row) => boolean][] = [
      ['', () => true],
      ['state=expired', (row) => row.state === 'expired'],
      ['state=expired,unserved', (row) => row.state === 'expired' || row.state === 'unserved'],
      [`customerId=${someone}`, (row) => row.customer_id === someone],
      [`mitraId=${somebody}`, (row) => row.mitra_id === somebody],
      ['endReason=mitra_ended', (row) => row.end_reason === 'mitra_ended'],
      ['topic=love', (row) => row.topic === 'love'],
      ['minutes=60', (row) => row.minutes === 60],
      ['from=2026-03-12&until=2026-03-13', (row) => row.day >= '2026-03-12' && row.day <= '2026-03-13'],
      ['from=2026-03-11&until=2026-03-11', (row) => row.day === '2026-03-11'],
      ['has=extension', (row) => row.marks.includes('extension')],
      ['has=extension,case', (row) => row.marks.length === 2],
      ['has=case&state=ended,expired&from=2026-03-12', (row) => row.marks.includes('case') && ['ended', 'expired'].includes(row.state) && row.day >= '2026-03-12'],
      ['state=ended&topic=work&minutes=15', (row) => row.state === 'ended' && row.topic === 'work' && row.minutes === 15],
      [`q=${someone}`, (row) => row.customer_id === someone],
      [`q=${somebody.toUpperCase()}&state=ended`, (row) => row.mitra_id === somebody && row.state === 'ended'],
      [`q=${some[7]}`, (row) => row.id === some[7]],
      [`q=${some[7]!.slice(0, 13)}`, (row) => row.id === some[7]],
      [`q=${randomUUID()}`, () => false],
    ]
    for (const [query, fits] of filters) t.same(await pages(query), all.filter(fits).map((row) => row.id), query === '' ? 'all' : query)
    for (const wrong of ['state=gone', 'from=2026-02-30', 'q=zz', 'q=%25', 'has=money', `cursor=${randomUUID()}`, 'minutes=0', 'colour=red']) {
      t.match(await admin.call('GET', `${V1}/sessions?${wrong}`), { status: 400, body: { code: 'validation_failed' } }, wrong)
    }
    t.match(await viewer.call('GET', `${V1}/sessions?has=case`), { status: 403, body: { code: 'forbidden' } }, 'who has a case is not for everybody')
    t.equal((await finance.call('GET', `${V1}/sessions?has=extension`)).status, 200)
  })

  await t.test('a payment’s and a conversation’s id lead to their session', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'active')
    const row = await scene.row()
    const [payment] = await app.query<{ id: string }>('select id from payments where session_id = $1', [scene.sessionId])
    const [offer] = await app.query<{ id: string }>('select id from offers where session_id = $1', [scene.sessionId])
    for (const id of [payment!.id, offer!.id, row.conversation_id!]) t.same(await pages(`q=${id}`), [scene.sessionId])
    t.same(await pages('state=active,paused'), [scene.sessionId])
  })

  await t.test('the whole of a session is one line of time, and each role sees its part of it', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'active', { phones: true })
    const path = `${V1}/sessions/${scene.sessionId}/timeline`
    await expect(201, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, { body: { packageId }, headers: { 'idempotency-key': randomUUID() } }))
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await expect(201, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/rating`, { body: { score: 4, comment: 'Made was kind' } }))
    await expect(201, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/tip`, { body: { amountIdr: 20_000 }, headers: { 'idempotency-key': randomUUID() } }))
    await expect(201, moderator.call('POST', `${V1}/cases`, { subjectId: scene.mitra.id, sessionId: scene.sessionId, reason: 'a look at it' }))
    await app.query(`insert into notifications (id, user_id, kind, title, body, data, dedupe_key) values (gen_random_uuid(), $1, 'safety', 'You’re not alone', 'Call 119', $2, 'card')`, [scene.customer.id, { sessionId: scene.sessionId }])
    const [payment] = await app.query<{ id: string }>(`select id from payments where session_id = $1 and kind = 'session'`, [scene.sessionId])
    await expect(201, moderator.call('POST', `${V1}/refunds`, { paymentId: payment!.id, reason: 'asked for it' }, { headers: { 'idempotency-key': randomUUID() } }))
    await eventually(async () => (await app.query('select 1 from provider_inbox where payment_id = $1', [payment!.id]))[0], 'what the provider said is stored')
    const seen = async (staff: typeof admin) => (await expect(200, staff.call('GET', path))).body as { items: { at: string; kind: string; title: string; details: Record<string, unknown> }[]; people: { id: string; kind: string; displayName: string }[] }
    const kinds = (line: { items: { kind: string }[] }) => [...new Set(line.items.map((item) => item.kind))].toSorted()
    const whole = await seen(admin)
    t.same(kinds(whole), ['case', 'event', 'extension', 'notification', 'offer', 'payment', 'posting', 'provider', 'push', 'rating', 'refund', 'tip'])
    t.same(whole.items.map((item) => item.at), whole.items.map((item) => item.at).toSorted(), 'in order')
    t.match(whole.items.find((item) => item.kind === 'rating'), { title: '4', details: { comment: 'Made was kind' } })
    t.ok(whole.people.some((person) => person.id === scene.mitra.id && person.kind === 'mitra') && whole.people.some((person) => person.kind === 'staff'), 'who is who')
    t.same(kinds(await seen(finance)), ['event', 'extension', 'notification', 'offer', 'payment', 'posting', 'provider', 'push', 'rating', 'refund', 'tip'])
    t.same(kinds(await seen(moderator)), ['case', 'event', 'extension', 'notification', 'offer', 'payment', 'push', 'rating', 'refund', 'tip'])
    const least = await seen(viewer)
    t.same(kinds(least), ['event', 'extension', 'notification', 'offer', 'payment', 'push', 'rating', 'tip'])
    for (const line of [await seen(moderator), least]) {
      t.notMatch(JSON.stringify(line), /Idr"|Made(?! was kind)|Citra|providerInvoice/, 'no money and no names')
      t.notOk(line.items.some((item) => 'body' in item.details))
    }
    t.notMatch(JSON.stringify(least), /was kind/, 'comments are for who acts on them')
    const hasSafety = (line: { items: { title: string }[] }) => line.items.some((item) => item.title === 'safety')
    t.same([whole, await seen(moderator), await seen(finance), least].map(hasSafety), [true, true, false, false], 'that somebody was in danger, too')
    t.match(await admin.call('GET', `${V1}/sessions/${randomUUID()}/timeline`), { status: 404 })
  })

  await t.test('a pause and what the system wrote into the conversation are in it', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'paused')
    const { body } = await expect(200, admin.call('GET', `${V1}/sessions/${scene.sessionId}/timeline`))
    t.match(body.items.filter((item: { kind: string }) => item.kind === 'note'), [{ title: 'session_paused', details: { sessionId: scene.sessionId } }])
  })

  await t.test('views: one’s own, shared ones, and nobody else’s', async (t) => {
    const made = await expect(201, moderator.call('POST', `${V1}/views`, { page: 'sessions', name: 'Late ones', filters: { state: ['expired', 'unserved'], minutes: '15' } }))
    const { id } = made.body.view
    t.match(made.body.view, { page: 'sessions', name: 'Late ones', filters: { state: ['expired', 'unserved'], minutes: '15' }, shared: false, isOwn: true, ownerName: 'Test moderator' })
    const namesOf = async (staff: typeof admin, page = 'sessions') => (await expect(200, staff.call('GET', `${V1}/views?page=${page}`))).body.items.map((view: { name: string; isOwn: boolean }) => [view.name, view.isOwn])
    t.same([await namesOf(moderator), await namesOf(viewer), await namesOf(moderator, 'mitras')], [[['Late ones', true]], [], []])
    t.match(await viewer.call('PATCH', `${V1}/views/${id}`, { name: 'Mine now' }), { status: 404 }, 'somebody else’s looks missing')
    await expect(200, moderator.call('PATCH', `${V1}/views/${id}`, { shared: true }))
    t.same(await namesOf(viewer), [['Late ones', false]])
    t.match(await viewer.call('PATCH', `${V1}/views/${id}`, { name: 'Mine now' }), { status: 404 }, 'shared is not given away')
    await expect(200, viewer.call('DELETE', `${V1}/views/${id}`))
    t.same(await namesOf(moderator), [['Late ones', true]], 'nor may others remove it')
    const both = await Promise.all(app.replicas.map(({ internalUrl }) => moderator.call('POST', `${V1}/views`, { page: 'sessions', name: 'Twice', filters: {} }, { url: internalUrl })))
    t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 409], 'two at once: one name, one view')
    t.match(await moderator.call('POST', `${V1}/views`, { page: 'sessions', name: 'late ONES', filters: {} }), { status: 409 })
    t.match(await moderator.call('POST', `${V1}/views`, { page: 'customers', name: 'Her', filters: { q: '+62812' }, shared: true }), { status: 400, body: { errors: [{ path: 'filters.q' }] } }, 'a number is not shared')
    t.match(await moderator.call('PATCH', `${V1}/views/${id}`, { filters: { q: 'Citra' } }), { status: 400 }, 'nor put into what is')
    for (const wrong of [{ page: 'sessions', name: '', filters: {} }, { page: '../x', name: 'a', filters: {} }, { page: 'sessions', name: 'a', filters: { 'a b': 'c' } }, { page: 'sessions', name: 'a', filters: { a: { b: 'c' } } }, { page: 'sessions', name: 'a', filters: { a: 'x'.repeat(201) } }]) {
      t.match(await moderator.call('POST', `${V1}/views`, wrong), { status: 400, body: { code: 'validation_failed' } })
    }
    await expect(200, moderator.call('DELETE', `${V1}/views/${id}`))
    t.same(await namesOf(viewer), [])
    t.same((await app.query('select act from audit_log where target_id = $1 order by seq', [id])).map((row) => row['act']), ['view.saved', 'view.changed', 'view.removed'])
  })
})
