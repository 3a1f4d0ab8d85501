import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { approvedMitra, customer, goOffline, goOnline, introduce, signIn } from '../../testing/people.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

const application = { bio: '  I listen.  ', topics: ['work', 'family', 'work'], languages: ['id', 'en'], acceptsExtensions: false }

t.test('an application: draft, applied once, rejected, applied again', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2 })
  const mitra = await signIn(app, { kind: 'mitra' })
  t.match(await mitra.call('GET', '/api/v1/mitra/application'), { status: 200, body: { mitraId: mitra.id, status: 'draft', reason: null, appliedAt: null } })
  t.match(await mitra.call('POST', '/api/v1/mitra/application', { body: application }), { status: 403, body: { code: 'consent_required' } })
  t.match(await mitra.call('PATCH', '/api/v1/mitra/profile', { body: { bio: 'soon' } }), { status: 200, body: { status: 'draft', bio: 'soon' } })
  await introduce(mitra)
  await mitra.call('PATCH', '/api/v1/me', { body: { gender: 'female' } })

  const both = await Promise.all([0, 1].map((replica) => mitra.on(replica).call('POST', '/api/v1/mitra/application', { body: application })))
  t.strictSame(new Set(both.map((answer) => answer.status)), new Set([200, 201]), 'two at once make one')
  const made = both.find((answer) => answer.status === 201)!
  t.match(made.body, { mitraId: mitra.id, status: 'applied', bio: 'I listen.', topics: ['work', 'family'], languages: ['id', 'en'], acceptsExtensions: false, appliedAt: /Z$/ })
  t.strictSame(both.find((answer) => answer.status === 200)!.body, made.body)
  t.match(await mitra.call('PUT', '/api/v1/mitra/status', { body: { online: true } }), { status: 403, body: { code: 'mitra_not_approved' } })

  await app.query(`update mitras set status = 'rejected', status_reason = 'no picture' where user_id = $1`, [mitra.id])
  t.match((await mitra.call('GET', '/api/v1/mitra/application')).body, { status: 'rejected', reason: 'no picture' })
  t.match(await mitra.call('POST', '/api/v1/mitra/application'), { status: 201, body: { status: 'applied', reason: null, bio: 'I listen.' } }, 'an absent body keeps what was there')
  await app.query(`update mitras set status = 'approved' where user_id = $1`, [mitra.id])
  t.match(await mitra.call('POST', '/api/v1/mitra/application', { body: application }), { status: 409, body: { code: 'conflict' } })
})

t.test('a minor is refused', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  const mitra = await introduce(await signIn(app, { kind: 'mitra' }))
  await app.query(`update users set birth_date = app_now()::date - interval '17 years' where id = $1`, [mitra.id])
  t.match(await mitra.call('POST', '/api/v1/mitra/application', { body: application }), { status: 403, body: { code: 'age_refused' } })
})

t.test('only mitras reach what is theirs, only customers the list, and unknown fields are refused', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  const [mitra, client] = [await approvedMitra(app), await customer(app)]
  const ofMitras = [
    ['GET', '/mitra/application'], ['POST', '/mitra/application'], ['GET', '/mitra/profile'], ['PATCH', '/mitra/profile'], ['GET', '/mitra/status'],
    ['PUT', '/mitra/status'], ['POST', '/mitra/heartbeat'],
  ] as const
  for (const [method, path] of ofMitras) {
    const body = method === 'GET' ? {} : { body: path === '/mitra/status' ? { online: true } : {} }
    t.equal((await call(app.url, method, `/api/v1${path}`, body)).status, 401, `nobody: ${method} ${path}`)
    t.match(await client.call(method, `/api/v1${path}`, body), { status: 403, body: { code: 'forbidden' } }, `a customer: ${method} ${path}`)
    if (method !== 'GET') t.match(await mitra.call(method, `/api/v1${path}`, { body: { ...body.body, capacity: 5, status: 'approved' } }), { status: 400, body: { code: 'validation_failed' } })
  }
  for (const path of ['/mitras', `/mitras/${mitra.id}`]) {
    t.equal((await call(app.url, 'GET', `/api/v1${path}`)).status, 401)
    t.equal((await mitra.call('GET', `/api/v1${path}`)).status, 403)
    t.equal((await client.call('GET', `/api/v1${path}`)).status, 200)
  }
})

t.test('the profile is read and changed', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2 })
  const mitra = await approvedMitra(app, { displayName: 'Sari' })
  const change = { bio: 'New words', topics: ['love'], languages: ['en'], acceptsExtensions: false }
  t.match(await mitra.call('PATCH', '/api/v1/mitra/profile', { body: change }), { status: 200, body: { ...change, displayName: 'Sari', status: 'approved', capacity: 1, rating: null } })
  t.match((await mitra.on(1).call('GET', '/api/v1/mitra/profile')).body, change)
  const before = (await mitra.call('GET', '/api/v1/mitra/profile')).body
  t.strictSame((await mitra.call('PATCH', '/api/v1/mitra/profile', { body: {} })).body, before, 'nothing asked, nothing changed')
  await Promise.all([mitra.call('PATCH', '/api/v1/mitra/profile', { body: { bio: 'a' } }), mitra.on(1).call('PATCH', '/api/v1/mitra/profile', { body: { topics: ['b'] } })])
  t.match((await mitra.call('GET', '/api/v1/mitra/profile')).body, { bio: 'a', topics: ['b'], version: before.version + 2 }, 'two at once on different fields both hold')
  for (const body of [{ languages: [] }, { bio: 'x'.repeat(1001) }, { topics: [''] }, { topics: 'work' }, { acceptsExtensions: 'yes' }]) {
    t.equal((await mitra.call('PATCH', '/api/v1/mitra/profile', { body })).status, 400, JSON.stringify(body).slice(0, 40))
  }
})

t.test('online and offline: repeated without effect, seen on every replica, two at once', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, valkeyPatienceMs: PATIENCE_MS })
  const [mitra, client] = [await approvedMitra(app), await customer(app)]
  const put = (online: boolean, replica = 0) => mitra.on(replica).call('PUT', '/api/v1/mitra/status', { body: { online } })
  const seenAs = async (replica: number) => {
    const { isOnline, isFree } = (await client.on(replica).call('GET', `/api/v1/mitras/${mitra.id}`)).body
    return { isOnline, isFree }
  }
  t.match((await mitra.call('GET', '/api/v1/mitra/status')).body, { status: { online: false, available: false, capacity: 1, used: 0 } })
  const first = await put(true)
  t.match(first, { status: 200, body: { status: { online: true, available: true, stale: false, capacity: 1, used: 0, status: 'approved', lastSeenAt: /Z$/ } } })
  for (const replica of [0, 1]) t.strictSame(await seenAs(replica), { isOnline: true, isFree: true }, `at once on replica ${replica}`)
  t.equal((await put(true, 1)).body.status.version, first.body.status.version)
  t.match((await put(false)).body, { status: { online: false, available: false } })
  t.match((await put(false)).body, { status: { online: false } })
  for (const replica of [0, 1]) t.strictSame(await seenAs(replica), { isOnline: false, isFree: false })
  await Promise.all([put(true, 0), put(true, 1), put(true, 0)])
  const topics = await app.query(`select topic, count(*)::int as n from outbox where topic like 'mitras.%' group by topic order by topic`)
  t.strictSame(topics, [{ topic: 'mitras.available', n: 2 }, { topic: 'mitras.unavailable', n: 1 }])
  const intervals = await app.query(`select ended_at is null as open from mitra_intervals where mitra_id = $1 and kind = 'online' order by started_at`, [mitra.id])
  t.strictSame(intervals, [{ open: false }, { open: true }])
  t.equal((await call(app.url, 'PUT', '/api/v1/mitra/status', { token: mitra.token, body: { online: 'yes' } })).status, 400)
})

t.test('a heartbeat, and any other request, is a sign of life', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { livenessWriteSeconds: 0 } })
  const mitra = await approvedMitra(app, { online: true })
  const seenAt = async () => (await app.query(`select last_seen_at from mitras where user_id = $1`, [mitra.id]))[0]!['last_seen_at'] as Date
  for (const [method, path, status] of [['POST', '/mitra/heartbeat', 204], ['GET', '/mitra/profile', 200], ['GET', '/me', 200]] as const) {
    await eventually(async () => Date.now() - (await seenAt()).getTime() > 50, 'time passes')
    const before = await seenAt()
    t.equal((await mitra.call(method, `/api/v1${path}`)).status, status)
    await eventually(async () => (await seenAt()) > before, `${method} ${path} is noted`)
  }
})

t.test('the list: who is online first, filters, pages, and only approved mitras', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { favouritesMost: 4 } })
  const client = await customer(app)
  const all = []
  for (let index = 0; index < 5; index++) {
    all.push(await approvedMitra(app, { displayName: `M${index}`, profile: { topics: index % 2 ? ['love'] : ['work'], languages: index > 2 ? ['en', 'id'] : ['id'] } }))
  }
  const [one, two, three, four, five] = all as [typeof all[0], typeof all[0], typeof all[0], typeof all[0], typeof all[0]]
  await three.call('PATCH', '/api/v1/me', { body: { gender: 'female' } })
  await Promise.all([goOnline(three), goOnline(five)])
  const applied = await introduce(await signIn(app, { kind: 'mitra' }))
  await applied.call('POST', '/api/v1/mitra/application', { body: {} })

  const list = async (query = '') => (await client.call('GET', `/api/v1/mitras${query}`)).body as { items: { id: string; isOnline: boolean }[]; nextCursor: string | null }
  const ids = async (query = '') => (await list(query)).items.map((item) => item.id)
  t.strictSame(await ids(), [three.id, five.id, one.id, two.id, four.id])
  const first = await list('?limit=3')
  t.match(first.items, [{ id: three.id, isOnline: true, isFree: true, state: 'online', rating: null, displayName: 'M2', gender: 'female' }, { id: five.id }, { id: one.id, isOnline: false, state: 'offline' }])
  const rest = await list(`?limit=3&cursor=${first.nextCursor}`)
  t.strictSame([rest.items.map((item) => item.id), rest.nextCursor], [[two.id, four.id], null])
  t.strictSame(await ids('?topic=love'), [two.id, four.id])
  t.strictSame(await ids('?language=en'), [five.id, four.id])
  t.strictSame(await ids('?gender=female'), [three.id])
  t.strictSame(await ids('?gender=female&topic=love'), [])
  const favour = (mitra: { id: string }, method = 'POST') => client.call(method, `/api/v1/favourites/${mitra.id}`)
  t.match(await favour(four), { status: 201, body: { mitraId: four.id, isFavourite: true } })
  const both = await Promise.all([favour(five), favour(five)])
  t.strictSame(new Set(both.map((answer) => answer.status)), new Set([200, 201]), 'two at once make one')
  t.strictSame(await ids(), [five.id, four.id, three.id, one.id, two.id], 'favourites first, of them too the online ones')
  t.match((await list()).items.map((item) => (item as { isFavourite?: boolean }).isFavourite), [true, true, false, false, false])
  t.strictSame((await (await customer(app)).call('GET', '/api/v1/mitras')).body.items.map((item: { id: string }) => item.id), [three.id, five.id, one.id, two.id, four.id], 'for this customer alone')
  for (const limit of [1, 2, 3, 4]) {
    const paged: string[] = []
    for (let page = await list(`?limit=${limit}`); ; page = await list(`?limit=${limit}&cursor=${page.nextCursor}`)) {
      paged.push(...page.items.map((item) => item.id))
      if (page.nextCursor === null) break
    }
    t.strictSame(paged, [five.id, four.id, three.id, one.id, two.id], `pages of ${limit}`)
  }
  t.strictSame(await ids('?topic=love'), [four.id, two.id])
  t.strictSame((await client.call('GET', '/api/v1/favourites')).body.items.map((item: { id: string }) => item.id), [five.id, four.id], 'the newest first')
  t.match(await favour(applied), { status: 404, body: { code: 'not_found' } })
  t.match(await one.call('POST', `/api/v1/favourites/${two.id}`), { status: 403, body: { code: 'forbidden' } })
  const fourth = await Promise.all([one, two, three].map((mitra) => favour(mitra)))
  t.strictSame(fourth.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 201, 409], 'at most four, however many at once')
  for (const mitra of [five, four, one, two, three, three]) t.match(await favour(mitra, 'DELETE'), { status: 200, body: { mitraId: mitra.id, isFavourite: false } })
  t.strictSame(await ids(), [three.id, five.id, one.id, two.id, four.id])
  for (const query of ['?limit=0', '?limit=101', '?cursor=x', '?gender=x', '?nothing=1']) t.equal((await client.call('GET', `/api/v1/mitras${query}`)).status, 400, query)

  t.match(await client.call('GET', `/api/v1/mitras/${applied.id}`), { status: 404, body: { code: 'not_found' } })
  t.match(await client.call('GET', '/api/v1/mitras/01900000-0000-7000-8000-000000000000'), { status: 404, body: { code: 'not_found' } })
  await goOffline(three)
  t.strictSame(await ids('?gender=female'), [three.id])
  const shown = Object.keys((await client.call('GET', `/api/v1/mitras/${five.id}`)).body).toSorted()
  t.strictSame(shown, ['acceptsExtensions', 'bio', 'displayName', 'gender', 'id', 'isFavourite', 'isFree', 'isOnline', 'languages', 'mitraId', 'rating', 'state', 'topics'])
})
