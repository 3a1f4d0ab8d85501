import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { openSocket } from '../../testing/socket.ts'
import { databaseErrorCode, transact } from '../../platform/database.ts'
import { notify, type Notice } from './index.ts'

const ABSENT = '0190a0a0-0000-7000-8000-000000000000'

const notice = (person: Person, key: string, more: Partial<Notice> = {}): Notice => ({
  userId: person.id, kind: 'session', dedupeKey: key, title: `Judul ${key}`, body: 'Isi', data: { sessionId: 's-1' }, ...more,
})

t.test('the in-app inbox', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, valkeyPatienceMs: 30_000 })
  const [a, b] = app.replicas.map((replica) => replica.ctx)
  const citra = await signIn(app, { kind: 'customer' })
  const made = await signIn(app, { kind: 'mitra', replica: 1 })
  const give = (notices: Notice[], ctx = a!) => transact(ctx, (tx) => notify(tx, notices))
  const inbox = async (person: Person, query = '') => (await person.call('GET', `/api/v1/notifications${query}`)).body
  const unread = async (person: Person) => (await person.call('GET', '/api/v1/notifications/unread/count')).body.count

  t.test('a notice given many times at once, on two replicas, in different orders, stands there once', async (t) => {
    const notices = Array.from({ length: 10 }, (_, index) => notice(index % 2 ? citra : made, `same-${index}`, { push: { tag: 'x', ttlSeconds: 60, highPriority: true } }))
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
    await t.rejects(give([notice({ ...citra, id: ABSENT }, 'nobody')]).catch((error: unknown) => Promise.reject(new Error(databaseErrorCode(error)))), { message: '23503' })
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
    await give([notice(citra, 'live'), notice(made, 'quiet', { inbox: false })])
    const { notification } = await own.next('notification:created')
    t.same(notification, (await inbox(citra, '?limit=1')).items[0])
    await give([notice(made, 'also-live')])
    t.equal((await others.next('notification:created')).notification.title, 'Judul also-live')
    t.equal(own.all('notification:created').length, 1)
    await Promise.all([own.close(), others.close()])
  })

  t.test('somebody else’s is as good as none', async (t) => {
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

  t.test('nobody without a token', async (t) => {
    for (const [method, path] of [['GET', ''], ['GET', '/unread/count'], ['PUT', `/${ABSENT}/read`], ['DELETE', `/${ABSENT}`]] as const) {
      t.match(await call(app.url, method, `/api/v1/notifications${path}`), { status: 401, body: { code: 'unauthenticated' } }, `${method} ${path}`)
    }
  })
})
