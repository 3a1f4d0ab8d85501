import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { approvedMitra, expect, goOnline, type Person } from '../../testing/people.ts'
import { changeSettings } from '../../testing/settings.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { connect } from '../../testing/socket.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

t.test('offers', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, valkeyPatienceMs: PATIENCE_MS })
  t.beforeEach(() => clearStage(app))

  await t.test('an offer says what the mitra needs to know, over HTTP and the socket, and nothing of the customer but a first name', async (t) => {
    const scene = await stage(app, 'held')
    const socket = await connect(scene.mitra.on(1))
    await scene.payInvoice()
    const { offer } = await socket.next('offer:created')
    t.match(offer, { sessionId: scene.sessionId, minutes: 15, earningsIdr: 17_500, customerFirstName: 'Citra', isReturning: false })
    const { body } = await scene.mitra.call('GET', '/api/v1/offers')
    t.same(body.items, [offer])
    t.equal((await scene.mitra.call('GET', `/api/v1/sessions/${scene.sessionId}`)).status, 404, 'the session is not theirs yet')
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    t.match(await socket.next('offer:ended'), { offerId: offer.id, outcome: 'withdrawn' })
    await socket.close()
  })

  await t.test('a ring lives as long as its offer, which may end with the ringing', async (t) => {
    await changeSettings(app, { offerSeconds: 600 })
    const scene = await stage(app, 'ringing')
    const [life] = await app.query<{ ring: number; offer: number }>(`
      select extract(epoch from p.expires_at - p.created_at)::float8 as ring, extract(epoch from o.expires_at - o.created_at)::float8 as offer
      from offers o join pushes p on p.dedupe_key = 'offer:' || o.id where o.session_id = $1`, [scene.sessionId])
    t.ok(life!.offer < 310 && life!.ring <= life!.offer + 0.01, JSON.stringify(life))
    await changeSettings(app, { offerSeconds: 45 })
  })

  await t.test('two accepts at once on two replicas: one session, one conversation, both answered the same', async (t) => {
    const scene = await stage(app, 'ringing')
    const id = await scene.offerId()
    const both = await Promise.all([0, 1].map((replica) => scene.mitra.on(replica).call('POST', `/api/v1/offers/${id}/accept`)))
    t.same(both.map((answer) => answer.status), [200, 200])
    t.equal(both[0]!.body.session.conversationId, both[1]!.body.session.conversationId)
    const [count] = await app.query<{ n: number }>(`select count(*)::int as n from session_events where session_id = $1 and event = 'accepted'`, [scene.sessionId])
    t.equal(count!.n, 1)
  })

  await t.test('an accept and a cancel at once: one wins, the other is told why, and no slot is lost', async (t) => {
    const scene = await stage(app, 'ringing')
    const id = await scene.offerId()
    const [accept, cancel] = await Promise.all([
      scene.mitra.on(1).call('POST', `/api/v1/offers/${id}/accept`), scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`),
    ])
    t.same(new Set([accept.status, cancel.status]), new Set([200, 409]))
    const row = await scene.row()
    t.equal(row.state, accept.status === 200 ? 'active' : 'cancelled')
    const [slots] = await app.query<{ used: number }>('select used from mitra_slots where mitra_id = $1', [scene.mitra.id])
    t.equal(slots!.used, accept.status === 200 ? 1 : 0)
  })

  await t.test('two ends at once settle once', async (t) => {
    const scene = await stage(app, 'active')
    const both = await Promise.all([scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`), scene.mitra.on(1).call('POST', `/api/v1/sessions/${scene.sessionId}/end`)])
    t.same(both.map((answer) => answer.status), [200, 200])
    const { escrow, payable, wallet } = await scene.money()
    t.equal(escrow, 0)
    t.equal(payable, Math.floor((25_000 - wallet) * 0.7))
  })

  await t.test('an offer that is over can not be accepted: expired, declined, withdrawn; somebody else’s looks missing', async (t) => {
    const scene = await stage(app, 'ringing')
    const id = await scene.offerId()
    const stranger = await approvedMitra(app)
    t.equal((await stranger.call('POST', `/api/v1/offers/${id}/accept`)).status, 404)
    t.equal((await scene.customer.call('POST', `/api/v1/offers/${id}/accept`)).status, 403)
    await expect(200, scene.mitra.call('POST', `/api/v1/offers/${id}/decline`))
    t.same((await scene.mitra.call('POST', `/api/v1/offers/${id}/accept`)).body.code, 'session_state_conflict')
    t.equal((await scene.mitra.call('POST', `/api/v1/offers/${id}/decline`)).status, 200, 'a repeat changes nothing')

    await clearStage(app)
    const missed = await stage(app, 'ringing')
    const missedId = await missed.offerId()
    await app.query(`update offers set expires_at = app_now() - interval '1 second' where id = $1`, [missedId])
    t.equal((await missed.mitra.call('POST', `/api/v1/offers/${missedId}/accept`)).body.code, 'offer_expired')

    await clearStage(app)
    const cancelled = await stage(app, 'ringing')
    const cancelledId = await cancelled.offerId()
    await expect(200, cancelled.customer.call('POST', `/api/v1/sessions/${cancelled.sessionId}/cancel`))
    t.equal((await cancelled.mitra.call('POST', `/api/v1/offers/${cancelledId}/accept`)).body.code, 'offer_taken')
  })

  await t.test('from a deactivation’s commit on nothing is accepted, also before its offer is withdrawn', async (t) => {
    const scene = await stage(app, 'ringing')
    const id = await scene.offerId()
    await app.query(`update mitras set status = 'deactivated', wants_online = false, stale = false where user_id = $1`, [scene.mitra.id])
    t.equal((await scene.mitra.call('POST', `/api/v1/offers/${id}/accept`)).body.code, 'offer_taken')
    t.equal((await scene.row()).state, 'ringing')
  })

  await t.test('a mitra who lets an offer pass is rung again only when nobody else is there; three offers and it is over', async (t) => {
    const scene = await stage(app, 'ringing')
    const first = await scene.offerId()
    await scene.travel(46)
    await eventually(async () => (await app.query(`select 1 from offers where session_id = $1 and state = 'ringing' and id <> $2`, [scene.sessionId, first]))[0], 'the same mitra is rung again')
    const other = await approvedMitra(app, { online: true })
    await scene.travel(46)
    await eventually(async () => (await scene.row()).slot_mitra_id === other.id, 'then the one who came')
    await scene.travel(46)
    const row = await scene.until('unserved')
    t.equal(row.end_reason, 'no_answer')
    t.equal((await scene.money()).wallet, 25_000)
  })

  await t.test('three offers in a row that run out take the mitra offline, once, and say why', async (t) => {
    const scene = await stage(app, 'ringing')
    const socket = await connect(scene.mitra.on(1))
    const status = async () => (await expect(200, scene.mitra.call('GET', '/api/v1/mitra/status'))).body.status
    for (const ringing of [2, 3]) {
      await scene.travel(46)
      await eventually(async () => (await app.query(`select 1 from offers where session_id = $1`, [scene.sessionId])).length === ringing, `offer ${ringing}`)
      t.match(await status(), { online: true, offlineBecause: null })
    }
    await scene.travel(46)
    await scene.until('unserved')
    t.match(await status(), { online: false, available: false, offlineBecause: 'missed_offers', used: 0 })
    t.match(await socket.next('mitra:status', { matches: (frame) => !(frame['status'] as { online: boolean }).online }), { status: { offlineBecause: 'missed_offers' } })
    const told = async () => (await expect(200, scene.mitra.call('GET', '/api/v1/notifications'))).body.items.filter((item: { kind: string }) => item.kind === 'status')
    t.match(await told(), [{ data: { kind: 'status', offlineBecause: 'missed_offers' }, body: /^3 permintaan/ }])
    t.equal((await app.query(`select 1 from pushes where user_id = $1 and kind = 'status'`, [scene.mitra.id])).length, 1)
    t.equal((await app.query(`select 1 from mitra_intervals where mitra_id = $1 and kind = 'online' and ended_at is null`, [scene.mitra.id])).length, 0, 'the hours end too')
    await goOnline(scene.mitra)
    t.match(await status(), { online: true, available: true, offlineBecause: null })
    t.same(await app.query('select missed_in_row as n from mitras where user_id = $1', [scene.mitra.id]), [{ n: 0 }], 'counted from the beginning')
    await socket.close()
  })

  await t.test('an answer forgets what was missed; an offer that is withdrawn is neither', async (t) => {
    const missed = async (mitra: Person) => (await app.query<{ n: number }>('select missed_in_row as n from mitras where user_id = $1', [mitra.id]))[0]!.n
    for (const [answer, left] of [['accept', 0], ['decline', 0], ['cancel', 2]] as const) {
      await clearStage(app)
      const scene = await stage(app, 'ringing')
      await app.query('update mitras set missed_in_row = 2 where user_id = $1', [scene.mitra.id])
      const id = await scene.offerId()
      await expect(200, answer === 'cancel' ? scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`) : scene.mitra.call('POST', `/api/v1/offers/${id}/${answer}`))
      t.equal(await missed(scene.mitra), left, answer)
    }
  })

  await t.test('whoever is taken offline for it loses what has not begun: offers go on, holds keep their time', async (t) => {
    const scene = await stage(app, 'ringing')
    await app.query('update mitras set capacity = 3, missed_in_row = 2 where user_id = $1', [scene.mitra.id])
    const { id: packageId } = await packageOf(app, 15)
    const customers = await crowd(app, { kind: 'customer', count: 2 })
    const [rung, held] = await Promise.all(customers.map(async (one) => (await expect(201, startSession(one, { packageId }))).body.session as { id: string; payment: { checkoutUrl: string } }))
    await app.simulators.control.xendit.pay(rung!.payment.checkoutUrl.split('/').at(-1)!)
    const row = async (id: string) => (await app.query<{ state: string; slot_mitra_id: string | null }>('select state, slot_mitra_id from chat_sessions where id = $1', [id]))[0]!
    await eventually(async () => (await row(rung!.id)).state === 'ringing', 'the second one rings')
    await scene.travel(46)
    await eventually(async () => (await row(held!.id)).slot_mitra_id === null && (await row(rung!.id)).slot_mitra_id === null, 'the slots are free')
    t.match(await row(held!.id), { state: 'held' })
    t.match(await row(rung!.id), { state: 'ringing' })
    t.match(await scene.row(), { state: 'ringing', slot_mitra_id: null }, 'the one that was missed waits for the next')
    t.same(await app.query('select state from offers where session_id = $1', [rung!.id]), [{ state: 'withdrawn' }])
  })

  await t.test('the clock starts when the customer is seen, or a minute after the accept', async (t) => {
    const scene = await stage(app, 'ringing')
    const accepted = await expect(200, scene.mitra.call('POST', `/api/v1/offers/${await scene.offerId()}/accept`))
    t.notOk(accepted.body.session.startedAt, 'nobody has seen the customer yet')
    const seen = await expect(200, scene.customer.call('GET', `/api/v1/sessions/${scene.sessionId}`))
    t.equal(Date.parse(seen.body.session.endsAt) - Date.parse(seen.body.session.startedAt), 15 * 60_000)

    await clearStage(app)
    const absent = await stage(app, 'ringing')
    await expect(200, absent.mitra.call('POST', `/api/v1/offers/${await absent.offerId()}/accept`))
    await absent.travel(61)
    await eventually(async () => (await absent.row())['clock_started_at'] !== null, 'the clock has started without the customer')
    const { accepted_at: at, clock_started_at: started, ends_at: ends } = (await absent.row()) as unknown as Record<string, Date> // the driver gives timestamptz as Date
    t.same([started!.getTime() - at!.getTime(), ends!.getTime() - started!.getTime()], [60_000, 15 * 60_000])
  })
})
