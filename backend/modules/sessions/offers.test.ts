import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { approvedMitra, expect } from '../../testing/people.ts'
import { clearStage, stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { connect } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

t.test('offers', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
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
