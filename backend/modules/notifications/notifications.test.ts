import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { openSocket, type ReceivedFrame } from '../../testing/socket.ts'
import { transact } from '../../platform/database.ts'
import { eventually } from '../../testing/wait.ts'
import { notify, purgeNotices, type Notice } from './index.ts'

const ABSENT = '0190a0a0-0000-7000-8000-000000000000'

const notice = (person: Person, key: string): Notice => ({
  userId: person.id, template: 'session.accepted', dedupeKey: key, text: { id: { title: `Judul ${key}`, body: 'Isi' } }, data: { sessionId: 's-1' },
})
const tip = (person: Person, key: string): Notice => ({ userId: person.id, template: 'tip.received', variables: { amount: 10_000 }, dedupeKey: key, data: { sessionId: 's-1', tipId: key } })

t.test('the in-app inbox', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, valkeyPatienceMs: 30_000 })
  const [a, b] = app.replicas.map((replica) => replica.ctx)
  const citra = await signIn(app, { kind: 'customer' })
  const made = await signIn(app, { kind: 'mitra', replica: 1 })
  const give = (notices: Notice[], ctx = a!) => transact(ctx, (tx) => notify(tx, notices))
  const inbox = async (person: Person, query = '') => (await person.call('GET', `/api/v1/notifications${query}`)).body
  const unread = async (person: Person) => (await person.call('GET', '/api/v1/notifications/unread/count')).body.count

  t.test('a notice given many times at once, on two replicas, in different orders, stands there once', async (t) => {
    const notices = Array.from({ length: 10 }, (_, index) => notice(index % 2 ? citra : made, `same-${index}`))
    await Promise.all(Array.from({ length: 20 }, (_, index) => give(index % 3 ? notices : notices.toReversed(), index % 2 ? a : b)))
    const counted = await app.query(`select 'notifications' as of, count(*)::int from notifications union all select 'pushes', count(*)::int from pushes order by 1`)
    t.same(counted, [{ of: 'notifications', count: 10 }, { of: 'pushes', count: 10 }])
    t.equal(await unread(citra), 5)
    await give([])
    await t.rejects(transact(a!, async (tx) => {
      await notify(tx, [notice(citra, 'rolled-back')])
      throw new Error('the act itself failed')
    }))
    t.equal(await unread(citra), 5, 'no act, no notice')
    await t.rejects(give([notice({ ...citra, id: ABSENT }, 'nobody')]), { message: 'there is nobody to tell of session.accepted' })
  })

  t.test('newest first, page by page', async (t) => {
    await give(Array.from({ length: 25 }, (_, index) => notice(citra, `page-${String(index).padStart(2, '0')}`)))
    const first = await inbox(citra)
    t.equal(first.items.length, 20)
    t.match(first.items[0], { kind: 'session', title: 'Judul page-24', body: 'Isi', data: { kind: 'session', sessionId: 's-1' } })
    t.notOk('readAt' in first.items[0] || 'dedupeKey' in first.items[0])
    await give([notice(citra, 'in-between')])
    const second = await inbox(citra, `?limit=50&cursor=${first.nextCursor}`)
    t.equal(second.items.length, 10)
    t.equal(second.nextCursor, null)
    t.equal(new Set([...first.items, ...second.items].map((item: { id: string }) => item.id)).size, 30)
    for (const query of ['?limit=0', '?limit=101', '?cursor=x', '?more=1']) t.equal((await citra.call('GET', `/api/v1/notifications${query}`)).status, 400, query)
  })

  t.test('reading and deleting: one’s own, twice at once, and again', async (t) => {
    const [item] = (await inbox(citra, '?limit=1')).items
    const before = await unread(citra)
    const reads = await Promise.all([0, 1].map((replica) => citra.on(replica).call('PUT', `/api/v1/notifications/${item.id}/read`)))
    t.same(reads.map((answer) => answer.status), [200, 200])
    t.equal(reads[0]!.body.notification.readAt, reads[1]!.body.notification.readAt, 'read since the first time')
    t.equal(await unread(citra), before - 1)
    t.match((await inbox(citra, '?limit=1')).items[0], { id: item.id, readAt: String })

    const deletions = await Promise.all([0, 1].map((replica) => citra.on(replica).call('DELETE', `/api/v1/notifications/${item.id}`)))
    t.same(deletions.map((answer) => answer.status), [200, 200])
    t.not((await inbox(citra, '?limit=1')).items[0].id, item.id)
    t.equal((await citra.call('PUT', `/api/v1/notifications/${item.id}/read`)).status, 404)
    t.equal((await citra.call('DELETE', `/api/v1/notifications/${item.id}`)).status, 200)
    const [next] = (await inbox(citra, '?limit=1')).items
    await citra.call('DELETE', `/api/v1/notifications/${next.id}`)
    t.equal(await unread(citra), before - 2, 'what is deleted unread is not unread')
    await give([notice(citra, 'in-between')])
    t.equal(await unread(citra), before - 2, 'and the same notice does not come back')
  })

  t.test('an open socket hears of it, on another replica too, and nobody else’s does', async (t) => {
    const [own, others] = await Promise.all([openSocket(app.replicas[1]!.url, { token: citra.token }), openSocket(app.replicas[0]!.url, { token: made.token })])
    await Promise.all([own.next('ready'), others.next('ready')])
    await give([notice(citra, 'live'), { userId: made.id, template: 'session.extended', variables: { minutes: 30 }, dedupeKey: 'push-only', data: { sessionId: 's-1' } }])
    // What was given before may be told as late as now.
    const titled = (title: string) => ({ matches: (frame: ReceivedFrame) => frame['notification'].title === title })
    const { notification } = await own.next('notification:created', titled('Judul live'))
    t.same(notification, (await inbox(citra, '?limit=1')).items[0])
    await give([notice(made, 'also-live')])
    await others.next('notification:created', titled('Judul also-live'))
    t.equal(own.all('notification:created').filter(titled('Judul live').matches).length, 1)
    t.notOk(own.all('notification:created').some(titled('Judul also-live').matches))
    t.notOk(others.all('notification:created').some(titled('Judul live').matches))
    await Promise.all([own.close(), others.close()])
  })

  t.test('the person’s other sockets hear what was read and deleted, and how many are unread', async (t) => {
    const socket = await openSocket(app.replicas[1]!.url, { token: citra.token })
    await socket.next('ready')
    await give([notice(citra, 'told-1'), notice(citra, 'told-2'), notice(citra, 'told-3')])
    await eventually(() => socket.all('notification:created').filter((frame) => frame['notification'].title.startsWith('Judul told-')).length === 3, 'all three are told')
    const [third, second, first] = (await inbox(citra, '?limit=3')).items.map((item: { id: string }) => item.id)
    await citra.call('PUT', `/api/v1/notifications/${second}/read`)
    t.same((await socket.next('notification:read')).ids, [second])
    await citra.call('DELETE', `/api/v1/notifications/${first}`)
    t.same((await socket.next('notification:deleted')).ids, [first])
    const newest = () => socket.all('notification:unread').toSorted((one, other) => one['asOf'] - other['asOf']).at(-1)
    const now = await unread(citra)
    await eventually(() => newest()?.['count'] === now, 'the count with the largest asOf is right')

    const answer = await citra.call('PUT', '/api/v1/notifications/read', { body: { upToId: third } })
    t.match(answer, { status: 200, body: { changed: now, count: 0, asOf: Number } })
    t.equal((await socket.next('notification:read')).upToId, third)
    await eventually(() => newest()?.['count'] === 0, 'and after all are read')
    t.match((await citra.call('PUT', '/api/v1/notifications/read', { body: { upToId: third } })).body, { changed: 0, count: 0 })
    for (const body of [{}, { upToId: 'x' }, { upToId: third, all: true }]) t.equal((await citra.call('PUT', '/api/v1/notifications/read', { body })).status, 400)
    await socket.close()
  })

  t.test('all up to one: the newer stay unread, others’ too', async (t) => {
    const others = await unread(made)
    await give(Array.from({ length: 6 }, (_, index) => (index % 2 ? tip(citra, `upto-${index}`) : notice(citra, `upto-${index}`))))
    const ids = (await inbox(citra, '?limit=6')).items.map((item: { id: string }) => item.id)
    t.match((await citra.call('PUT', '/api/v1/notifications/read', { body: { upToId: ids[2] } })).body, { changed: 4, count: 2 })
    t.same((await inbox(citra, '?unread=true')).items.map((item: { id: string }) => item.id), ids.slice(0, 2))
    t.same((await inbox(citra, '?unread=true&kind=tip')).items.length, 1)
    t.ok((await inbox(citra, '?kind=tip')).items.every((item: { kind: string }) => item.kind === 'tip'))
    t.same((await inbox(citra, '?kind=gossip')), { items: [], nextCursor: null })
    t.equal(await unread(made), others)
    for (const query of ['?unread=1', '?unread=false', '?kind=', `?kind=${'x'.repeat(41)}`]) t.equal((await citra.call('GET', `/api/v1/notifications${query}`)).status, 400, query)
  })

  t.test('the count holds while many write, read and delete at once; so does what the sockets were told last', async (t) => {
    const sockets = await Promise.all([0, 1].map((replica) => openSocket(app.replicas[replica]!.url, { token: citra.token })))
    await Promise.all(sockets.map((socket) => socket.next('ready')))
    await Promise.all(Array.from({ length: 30 }, async (_, index) => {
      await give([notice(citra, `many-${index}`)], index % 2 ? a : b)
      const { items } = await inbox(citra, '?limit=3')
      const id = items[index % items.length].id as string
      const one = citra.on(index % 2)
      if (index % 5 === 0) await one.call('DELETE', `/api/v1/notifications/${id}`)
      else if (index % 5 === 1) await one.call('PUT', '/api/v1/notifications/read', { body: { upToId: id } })
      else if (index % 5 === 2) await one.call('PUT', `/api/v1/notifications/${id}/read`)
    }))
    const [{ count }] = await app.query<{ count: number }>('select count(*)::int from notifications where user_id = $1 and read_at is null and deleted_at is null', [citra.id]) as [{ count: number }]
    t.equal(await unread(citra), count)
    for (const socket of sockets) {
      await eventually(() => socket.all('notification:unread').toSorted((one, other) => one['asOf'] - other['asOf']).at(-1)?.['count'] === count, 'every socket knows it')
      await socket.close()
    }
  })

  t.test('each filter is read along an index', async (t) => {
    await app.query(`insert into notifications (id, user_id, kind, title, body, dedupe_key, read_at)
      select gen_random_uuid(), $1, (array['session', 'tip', 'payout'])[1 + i % 3], 'x', 'x', 'seed-' || i, case when i % 50 > 0 then app_now() end from generate_series(1, 5000) i`, [made.id])
    await app.query('analyze notifications')
    const plan = async (text: string, values: unknown[]) => JSON.stringify(await app.query(`explain (format json) ${text}`, values))
    t.match(await plan('select * from notifications where user_id = $1 and deleted_at is null order by id desc limit 21', [made.id]), /notifications_user"/)
    t.match(await plan('select * from notifications where user_id = $1 and deleted_at is null and read_at is null order by id desc limit 21', [made.id]), /notifications_unread"/)
    t.match(await plan(`select * from notifications where user_id = $1 and deleted_at is null and kind = 'tip' order by id desc limit 21`, [citra.id]), /notifications_(kind|user)"/)
    t.match(await plan('select count(*) from notifications where user_id = $1 and read_at is null and deleted_at is null', [made.id]), /notifications_unread"/)
    await app.query(`delete from notifications where dedupe_key like 'seed-%'`)
  })

  t.test('what is old loses its words, and does not come back; long after, its key goes too', async (t) => {
    const ctx = a!
    await give([notice(made, 'old'), notice(made, 'young')])
    const socket = await openSocket(app.replicas[1]!.url, { token: made.token })
    await socket.next('ready')
    const before = await unread(made)
    await app.query(`update notifications set created_at = app_now() - interval '181 days' where dedupe_key = 'old'`)
    await eventually(async () => (await purgeNotices(ctx, 10)) === 0, 'nothing is left to be erased')
    t.equal((await socket.next('notification:unread', { matches: ({ count }) => count < before })).count, before - 1, 'what was not read by then is not unread any more: an open app hears of it')
    await socket.close()
    t.match(await app.query(`select title, body, data from notifications where dedupe_key = 'old'`), [{ title: '', body: '', data: {} }])
    t.same((await inbox(made)).items.map((item: { title: string }) => item.title).filter((title: string) => ['', 'Judul old'].includes(title)), [])
    await give([notice(made, 'old')])
    t.equal((await inbox(made)).items.filter((item: { title: string }) => item.title === 'Judul old').length, 0)
    await app.query(`update notifications set emptied_at = app_now() - interval '731 days' where dedupe_key = 'old'`)
    await eventually(async () => (await purgeNotices(ctx, 10)) === 0, 'nothing is left to be removed')
    t.same(await app.query(`select dedupe_key from notifications where dedupe_key in ('old', 'young') and user_id = $1`, [made.id]), [{ dedupe_key: 'young' }])
  })

  t.test('somebody else’s is as good as none', async (t) => {
    await give([notice(citra, 'hers')])
    const [item] = (await inbox(citra, '?limit=1')).items
    for (const [method, path] of [['PUT', '/read'], ['DELETE', '']] as const) {
      const others = await made.call(method, `/api/v1/notifications/${item.id}${path}`)
      const missing = await made.call(method, `/api/v1/notifications/${ABSENT}${path}`)
      t.match(others, { status: 404, body: { code: 'not_found', detail: missing.body.detail } })
      t.equal(missing.status, 404)
      t.equal((await made.call(method, `/api/v1/notifications/not-an-id${path}`)).status, 400)
    }
    t.notOk('readAt' in (await inbox(citra, '?limit=1')).items[0])
    t.notOk((await inbox(made)).items.some((one: { id: string }) => one.id === item.id))
  })

  t.test('a device tells what it got and what was opened: one’s own, once, never later than now nor before the sending', async (t) => {
    const ack = (person: Person, items: object[]) => person.call('POST', '/api/v1/notifications/acks', { body: { items } })
    await give(['a', 'b', 'c'].map((key) => notice(citra, `acked-${key}`)).concat(notice(made, 'acked-a')))
    // What was queued for them is put aside: these were sent an hour ago.
    await app.query(`delete from pushes where dedupe_key like 'acked-%'`)
    const sent = await app.query<{ id: string; dedupe_key: string; user_id: string; sent_at: Date }>(`
      insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, state, created_at, sent_at, settled_at, expires_at)
      select gen_random_uuid(), user_id, kind, 'tag', title, body, data, dedupe_key, 'sent', app_now() - interval '2 hours', app_now() - interval '1 hour', app_now(), app_now()
      from notifications where dedupe_key like 'acked-%' returning id, dedupe_key, user_id, sent_at`)
    const idOf = (key: string, person: Person) => sent.find((row) => row.dedupe_key === `acked-${key}` && row.user_id === person.id)!.id
    const [first, second, third, others] = [idOf('a', citra), idOf('b', citra), idOf('c', citra), idOf('a', made)]
    const rows = () => app.query<{ id: string; delivered: number | null; opened: number | null }>(`
      select id, extract(epoch from delivered_at - sent_at)::float8 as delivered, extract(epoch from opened_at - delivered_at)::float8 as opened from pushes where dedupe_key like 'acked-%'`)
    const rowOf = async (id: string) => (await rows()).find((row) => row.id === id)!
    const before = await unread(citra)
    const sentFor = (minutes: number) => new Date(sent[0]!.sent_at.getTime() + minutes * 60_000).toISOString()

    const items = [{ pushId: first, event: 'delivered', at: sentFor(30) }, { pushId: second, event: 'opened', at: '9999-12-31T23:59:59Z' }, { pushId: ABSENT, event: 'opened' }, { pushId: others, event: 'opened' }]
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => ack(citra.on(index % 2), index % 3 ? items : items.toReversed())))
    t.same(answers.map(({ status, text }) => [status, text]), answers.map(() => [204, '']), 'others’ and nobody’s are not told apart')
    t.match(await rowOf(first), { opened: null })
    t.equal((await rowOf(first)).delivered, 1800, 'half an hour after the sending, as the device says')
    t.match(await rowOf(second), { opened: 0 }, 'what is opened has been delivered')
    const [ahead] = await app.query(`select 1 from pushes where dedupe_key like 'acked-%' and greatest(delivered_at, opened_at) > app_now()`)
    t.equal(ahead, undefined)
    t.same(await rowOf(others), { id: others, delivered: null, opened: null })
    t.equal(await unread(citra), before - 1, 'what was opened is read in the inbox, what was delivered is not')

    const seen = await rows()
    await ack(citra, items)
    t.same(await rows(), seen, 'once more changes nothing')
    await ack(citra, [{ pushId: third, event: 'delivered', at: '0000-01-01T00:00:00Z' }, { pushId: third, event: 'opened', at: '0000-01-01T00:00:00Z' }, { pushId: first, event: 'opened', at: sentFor(10) }])
    t.match(await rowOf(third), { delivered: 0, opened: 0 }, 'not before it was sent')
    t.match(await rowOf(first), { opened: 0 }, 'nor opened before it was there')
    const counted = await Promise.all(app.replicas.map(({ ctx }) => ctx.metrics.pushAcks.get()))
    const sum = (event: string) => counted.flatMap(({ values }) => values).filter(({ labels }) => labels['event'] === event).reduce((total, { value }) => total + value, 0)
    t.same([sum('delivered'), sum('opened')], [3, 3])
    for (const wrong of [{ items: [] }, { items: Array.from({ length: 101 }, () => items[0]) }, { items: [{ pushId: first, event: 'seen' }] }, { items: [{ pushId: first, event: 'opened', at: 'today' }] }, { items: [{ pushId: 'x', event: 'opened' }] }]) {
      t.equal((await citra.call('POST', '/api/v1/notifications/acks', { body: wrong })).status, 400)
    }
    t.match(await call(app.url, 'POST', '/api/v1/notifications/acks', { body: { items: [items[0]] } }), { status: 401 })
  })

  t.test('nobody without a token', async (t) => {
    for (const [method, path] of [['GET', ''], ['GET', '/unread/count'], ['PUT', '/read'], ['PUT', `/${ABSENT}/read`], ['DELETE', `/${ABSENT}`]] as const) {
      t.match(await call(app.url, method, `/api/v1/notifications${path}`), { status: 401, body: { code: 'unauthenticated' } }, `${method} ${path}`)
    }
  })
})
