import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, goOnline, type Person } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'

t.test('blocks', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, holdCooldownCount: 100 } })
  const { id: packageId } = await packageOf(app, 15)
  t.beforeEach(() => clearStage(app))

  const people = async (kind: Person['kind'], count: number, online = false) => crowd(app, { kind, count, online })
  const block = (who: Person, whom: { id: string }) => who.call('POST', `/api/v1/blocks/${whom.id}`)
  const unblock = (who: Person, whom: { id: string }) => who.call('DELETE', `/api/v1/blocks/${whom.id}`)
  const listed = async (who: Person) => (await expect(200, who.call('GET', '/api/v1/mitras?limit=100'))).body.items.map((mitra: { id: string }) => mitra.id) as string[]
  const cancel = (who: Person, id: string) => expect(200, who.call('POST', `/api/v1/sessions/${id}/cancel`))
  const asks = async (who: Person, more: object = {}) => (await expect(201, startSession(who, { packageId, ...more }))).body.session as { id: string; state: string; mitra?: { id: string } }

  await t.test('is made once, listed to whoever made it, and known to nobody else', async (t) => {
    const [citra, dewi] = await people('customer', 2)
    const [made, wayan] = await people('mitra', 2)
    const answers = await Promise.all([0, 1, 0, 1].map((replica) => block(citra!.on(replica), made!)))
    t.same(answers.map(({ status }) => status).toSorted((a, b) => a - b), [200, 200, 200, 201], 'of many at once one makes it')
    t.match(answers[0]!.body, { block: { userId: made!.id, displayName: 'Made' } })
    await expect(201, block(citra!, wayan!))
    const first = (await expect(200, citra!.call('GET', '/api/v1/blocks?limit=1'))).body
    t.match(first, { items: [{ userId: wayan!.id }], nextCursor: String })
    t.match((await expect(200, citra!.call('GET', `/api/v1/blocks?limit=1&cursor=${first.nextCursor}`))).body, { items: [{ userId: made!.id }], nextCursor: null })
    t.same((await expect(200, made!.call('GET', '/api/v1/blocks'))).body.items, [])
    for (const [who, whom] of [[citra!, dewi!], [made!, wayan!], [made!, citra!], [citra!, { id: randomUUID() }], [made!, { id: randomUUID() }]] as const) {
      t.match(await block(who, whom), { status: 404, body: { code: 'not_found' } }, 'whom one can’t know, one can’t block')
    }
    t.equal((await unblock(citra!, { id: randomUUID() })).status, 200, 'nobody to unblock')
    await app.query('update users set history_from = app_now() where id = $1', [citra!.id])
    t.same((await expect(200, citra!.call('GET', '/api/v1/blocks'))).body.items, [], 'what an earlier owner of the number did is not told')
  })

  await t.test('hides the two from each other, whoever made it, and nobody else', async (t) => {
    const [citra, dewi, eka] = await people('customer', 3)
    const [made] = await people('mitra', 1, true)
    await stageSession(made!, dewi!)
    await expect(201, block(citra!, made!))
    await expect(201, block(made!, dewi!))
    for (const who of [citra!, dewi!]) {
      t.notOk((await listed(who)).includes(made!.id))
      t.match(await who.call('GET', `/api/v1/mitras/${made!.id}`), { status: 404, body: { code: 'not_found' } })
    }
    t.ok((await listed(eka!)).includes(made!.id))
    t.match(await startSession(citra!, { packageId, mitraId: made!.id }), { status: 409, body: { code: 'blocked' } }, 'who blocked knows it')
    t.match(await startSession(dewi!, { packageId, mitraId: made!.id }), { status: 409, body: { code: 'mitra_not_available' } }, 'who was blocked is told what an absent mitra is told')
    t.equal((await asks(dewi!, { mitraId: made!.id, anyMitra: true })).state, 'queued')
    t.equal((await asks(citra!)).state, 'queued', 'the only mitra is free, and not for them')
    const hers = await asks(eka!)
    t.same([hers.state, hers.mitra?.id], ['held', made!.id], 'nobody is overtaken for a mitra whom they may not meet')
  })

  await t.test('ends with the account’s own act, and outlives the account', async (t) => {
    const [citra, heir] = await people('customer', 2)
    const [made] = await people('mitra', 1, true)
    await stageSession(made!, citra!)
    await expect(201, block(citra!, made!))
    await expect(201, block(made!, citra!))
    t.equal((await unblock(citra!, made!)).status, 200)
    const queued = await asks(citra!)
    t.equal(queued.state, 'queued', 'the other side’s block stays')
    await cancel(citra!, queued.id)
    await app.query('update users set erased_at = app_now() where id = $1', [citra!.id])
    await app.query('update users set phone_hash = (select phone_hash from users where id = $1) where id = $2', [citra!.id, heir!.id])
    t.equal((await asks(heir!)).state, 'queued', 'a new account of the number')
    await app.query('update users set phone_hash = sha256(id::text::bytea) where id = any($1)', [[citra!.id, made!.id]])
    t.match(await made!.call('DELETE', `/api/v1/blocks/${heir!.id}`), { status: 200 }, 'taken back by the new account’s id')
    await eventually(async () => (await heir!.call('GET', '/api/v1/sessions')).body.items[0].state === 'held', 'and now they are matched')
  })

  await t.test('ends what runs at once, on every replica; neither hears why', async (t) => {
    const scene = await stage(app, 'active')
    const [hers, his] = await Promise.all([connect(scene.customer), connect(scene.mitra.on(1))])
    const { conversation_id: conversationId } = await scene.row()
    await expect(201, block(scene.mitra.on(1), scene.customer))
    const { session } = await hers.next('session:updated', { matches: (frame) => frame.session.state === 'ended' })
    t.match(session, { endReason: 'mitra_ended' })
    for (const socket of [hers, his]) {
      const clientId = randomUUID()
      socket.send({ type: 'message:send', clientId, conversationId, body: 'halo?' })
      t.match(await socket.next('message:rejected', { matches: (frame) => frame.clientId === clientId }), { code: 'conversation_closed' })
    }
    const told = await Promise.all(['/api/v1/notifications', `/api/v1/sessions/${scene.sessionId}`, '/api/v1/conversations'].map((path) => scene.customer.call('GET', path)))
    t.notMatch(told.map((answer) => answer.text).join(), /block/i)
    t.equal((await scene.money()).escrow, 0)
    await Promise.all([hers.close(), his.close()])
  })

  await t.test('a mitra’s block during an offer is not counted as one, the customer’s is', async (t) => {
    for (const [by, offers] of [['mitra', 0], ['customer', 1]] as const) {
      const scene = await stage(app, 'ringing')
      await expect(201, by === 'mitra' ? block(scene.mitra, scene.customer) : block(scene.customer, scene.mitra))
      t.match(await scene.row(), { state: 'ringing', offers_made: offers, slot_mitra_id: null }, by)
      await clearStage(app)
    }
  })

  await t.test('at the same moment as an accept or a start that names them: they are not together afterwards', async (t) => {
    for (let round = 0; round < 6; round++) {
      const scene = await stage(app, 'ringing')
      const offerId = await scene.offerId()
      await Promise.all([block(round % 2 ? scene.mitra.on(1) : scene.customer.on(1), round % 2 ? scene.customer : scene.mitra), scene.mitra.call('POST', `/api/v1/offers/${offerId}/accept`)])
      const row = await scene.row()
      t.ok(row.state === 'ringing' ? row.slot_mitra_id === null : row.state === 'ended', `after an accept: ${row.state}`)
      await clearStage(app)
      await goOnline(scene.mitra)
      const [eka] = await people('customer', 1)
      const [, started] = await Promise.all([block(eka!, scene.mitra), startSession(eka!.on(1), { packageId, mitraId: scene.mitra.id })])
      await eventually(async () => (await app.query(`select 1 from chat_sessions where customer_id = $1 and ended_at is null`, [eka!.id])).length === 0, `after a start (${started.status})`)
      await clearStage(app)
    }
    t.same(await app.query('select mitra_id from mitra_slots s where used <> (select count(*) from chat_sessions c where c.slot_mitra_id = s.mitra_id)'), [], 'slots in use equal the sessions that hold one')
  })

  // They have met: the mitra held a place for the customer.
  async function stageSession(mitra: Person, who: Person): Promise<void> {
    const { id, state } = await asks(who, { mitraId: mitra.id })
    if (state !== 'held') throw new Error(`the session is ${state}`)
    await cancel(who, id)
    await eventually(async () => (await app.query('select 1 from chat_sessions where id = $1 and ended_at is not null', [id])).length === 1, 'the hold is over')
  }
})
