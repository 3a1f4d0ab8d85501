import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, goOffline, goOnline, type Person } from '../../testing/people.ts'
import { clearStage, packageOf, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { answerNotify } from './index.ts'

t.test('to be told that somebody is free', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, staleSeconds: 600, goneSeconds: 3600, notifyMeMost: 3, notifyMeSeconds: 3600, notifyMeHeadStartSeconds: 120, holdSeconds: 7200 } })
  const { id: packageId } = await packageOf(app, 15)
  t.beforeEach(async () => {
    await clearStage(app)
    await app.query('delete from notify_requests')
  })
  const newMitra = async (capacity = 1) => (await crowd(app, { kind: 'mitra', count: 1, capacity, displayName: 'Sari' }))[0]!
  const newCustomers = (count: number) => crowd(app, { kind: 'customer', count })
  const ask = (person: Person, mitraId?: string) => person.call('POST', '/api/v1/notify-me', mitraId === undefined ? {} : { body: { mitraId } })
  const toldOf = async (person: Person) => (await expect(200, person.call('GET', '/api/v1/notifications'))).body.items.filter((item: { kind: string }) => item.kind === 'availability') as { title: string; data: object }[]
  const isTold = async (person: Person) => (await toldOf(person)).length
  const told = async (people: readonly Person[]) => (await app.query<{ id: string }>(`select distinct user_id as id from notifications where kind = 'availability' and user_id = any($1)`, [people.map((one) => one.id)])).map((row) => row.id).toSorted()
  const ids = (people: readonly Person[]) => people.map((one) => one.id).toSorted()
  // Whatever was to be told has been: both replicas have looked, and look beside their own sweeps.
  const looked = async () => {
    for (let round = 0; round < 3; round++) await Promise.all(app.replicas.map((replica) => answerNotify(replica.ctx)))
  }

  await t.test('a named mitra: asked once, answered once, in the inbox and by push', async (t) => {
    const [citra] = await newCustomers(1) as [Person]
    const [mitra, other] = [await newMitra(), await newMitra()]
    const both = await Promise.all([0, 1].map((replica) => ask(citra.on(replica), mitra.id)))
    t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 201])
    t.same(both[0]!.body, both[1]!.body)
    t.match((await expect(200, citra.call('GET', '/api/v1/notify-me'))).body, { items: [{ mitraId: mitra.id, expiresAt: /Z$/ }], nextCursor: null })
    await goOnline(other)
    await looked()
    t.equal(await isTold(citra), 0, 'somebody else is not who was asked for')
    await goOnline(mitra)
    await eventually(async () => (await isTold(citra)) === 1, 'it is told')
    t.match(await toldOf(citra), [{ title: 'Sari tersedia', data: { kind: 'availability', mitraId: mitra.id } }])
    t.equal((await app.query(`select 1 from pushes where user_id = $1 and kind = 'availability'`, [citra.id])).length, 1)
    t.same((await citra.call('GET', '/api/v1/notify-me')).body.items, [])
    await goOffline(mitra)
    await goOnline(mitra)
    await looked()
    t.equal(await isTold(citra), 1, 'once')
    t.equal((await ask(citra, mitra.id)).status, 201, 'it may be asked anew')
    await eventually(async () => (await isTold(citra)) === 2, 'and is answered anew')
  })

  await t.test('any: no herd. As many are told as there are slots, in the order of asking, and the next when a slot is not taken', async (t) => {
    const people = await newCustomers(5)
    for (const one of people) await expect(201, ask(one))
    const mitra = await newMitra(2)
    await goOnline(mitra)
    await eventually(async () => (await told(people)).length >= 2, 'two are told')
    await looked()
    t.same(await told(people), ids(people.slice(0, 2)), 'two slots, the first two')
    await expect(201, startSession(people[0]!, { packageId }))
    await looked()
    t.same(await told(people), ids(people.slice(0, 2)), 'one has come and has a slot, the other is still promised to the second')
    await app.clock.advance(121)
    await eventually(async () => (await told(people)).length >= 3, 'the second let it pass')
    await looked()
    t.same(await told(people), ids(people.slice(0, 3)))
  })

  await t.test('who is in a session is not told, and keeps nobody from it; nor is anybody while others queue', async (t) => {
    const people = await newCustomers(4)
    const [busy, next, queued, fan] = people as [Person, Person, Person, Person]
    const [first, popular] = [await newMitra(), await newMitra()]
    await goOnline(first)
    const { body } = await expect(201, startSession(busy, { packageId }))
    await expect(201, startSession(queued, { packageId, mitraId: first.id }))
    for (const one of [busy, next]) await expect(201, ask(one))
    await expect(201, ask(fan, popular.id))
    await goOnline(popular)
    await eventually(async () => (await isTold(fan)) === 1, 'a named one is told')
    await looked()
    t.same(await told(people), ids([fan]), 'any is not, while somebody queues')
    await app.query(`update notify_requests set answered_at = answered_at - interval '10 minutes' where customer_id = $1`, [fan.id])
    await expect(200, queued.call('POST', `/api/v1/sessions/${(await app.query<{ id: string }>('select id from chat_sessions where customer_id = $1', [queued.id]))[0]!.id}/cancel`))
    await eventually(async () => (await isTold(next)) === 1, 'the queue is empty')
    await looked()
    t.same(await told(people), ids([fan, next]), 'who is in a session is passed over')
    await expect(200, busy.call('POST', `/api/v1/sessions/${body.session.id}/cancel`))
    await eventually(async () => (await isTold(busy)) === 1, 'and told once it is over')
  })

  await t.test('a request ends by itself, by withdrawing, and there are at most so many', async (t) => {
    const [citra, gone] = await newCustomers(2) as [Person, Person]
    const mitras = [await newMitra(), await newMitra(), await newMitra()]
    t.match(await ask(citra, citra.id), { status: 404, body: { code: 'not_found' } })
    t.match(await ask(mitras[0]!), { status: 403, body: { code: 'forbidden' } })
    const many = await Promise.all([...mitras.map((mitra) => ask(citra, mitra.id)), ask(citra)])
    t.same(many.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 201, 201, 409], 'three at most, however many at once')
    for (const mitraId of [...mitras.map((mitra) => mitra.id), undefined, undefined]) {
      t.match(await citra.call('DELETE', '/api/v1/notify-me', mitraId === undefined ? {} : { body: { mitraId } }), { status: 200, body: { isWaiting: false } })
    }
    await expect(201, ask(citra, mitras[0]!.id))
    await expect(200, citra.call('DELETE', '/api/v1/notify-me', { body: { mitraId: mitras[0]!.id } }))
    await expect(201, ask(citra, mitras[1]!.id))
    await expect(201, ask(gone))
    await app.query('update notify_requests set expires_at = app_now() where customer_id = $1', [citra.id])
    await app.query(`update users set suspended_until = app_now() + interval '1 day' where id = $1`, [gone.id])
    await Promise.all(mitras.map(goOnline))
    await looked()
    t.same(await told([citra, gone]), [], 'withdrawn, over, suspended: nobody is told')
    t.same((await citra.call('GET', '/api/v1/notify-me')).body.items, [])
    await app.query(`update users set suspended_until = app_now() - interval '1 second' where id = $1`, [gone.id])
    await eventually(async () => (await told([gone])).length === 1, 'a suspension that is over keeps nobody from it')
    t.equal((await ask(citra, mitras[1]!.id)).status, 201, 'what is over may be asked again')
    await eventually(async () => (await isTold(citra)) === 1, 'and is told, since the mitra is free')
  })

  await t.test('of two of whom one has blocked the other nobody is told, nor keeps anybody from it', async (t) => {
    const [blocked, next] = await newCustomers(2) as [Person, Person]
    const mitra = await newMitra()
    await expect(201, ask(blocked, mitra.id))
    await expect(201, ask(blocked))
    await expect(201, ask(next))
    await expect(201, blocked.call('POST', `/api/v1/blocks/${mitra.id}`))
    await goOnline(mitra)
    await eventually(async () => (await isTold(next)) === 1, 'the next one is told')
    await looked()
    t.equal(await isTold(blocked), 0)
    await expect(200, blocked.call('DELETE', '/api/v1/notify-me', { body: { mitraId: mitra.id } }))
    t.match(await ask(blocked, mitra.id), { status: 404, body: { code: 'not_found' } })
    t.match(await blocked.call('POST', `/api/v1/favourites/${mitra.id}`), { status: 404, body: { code: 'not_found' } })
  })

  await t.test('many deciders at once tell everybody once', async (t) => {
    const people = await newCustomers(30)
    const mitra = await newMitra(10)
    await Promise.all(people.map((one) => ask(one, mitra.id)))
    await goOnline(mitra)
    await Promise.all(Array.from({ length: 12 }, (_, index) => answerNotify(app.replicas[index % 2]!.ctx)))
    await eventually(async () => (await told(people)).length === people.length, 'all of them are told')
    const [count] = await app.query<{ inbox: number; pushes: number }>(`
      select (select count(*)::int from notifications where kind = 'availability' and user_id = any($1)) as inbox, (select count(*)::int from pushes where kind = 'availability' and user_id = any($1)) as pushes`, [people.map((one) => one.id)])
    t.same(count, { inbox: 30, pushes: 30 })
  })
})
