import { Redis } from 'iovalkey'
import t from 'tap'
import { startTestApp } from './testing/app.ts'
import { approvedMitra, customer, expect } from './testing/people.ts'
import { connect } from './testing/socket.ts'
import { packageOf, STAGE_SETTINGS, stage, startSession } from './testing/stage.ts'
import { eventually } from './testing/wait.ts'

t.test('sessions and offers on the socket', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const valkey = new Redis(app.valkey.url)
  t.teardown(() => valkey.disconnect())

  t.test('every event comes once while pub/sub works, and ready has what is open', async (t) => {
    const scene = await stage(app, 'active')
    const [who, mitra] = await Promise.all([connect(scene.customer.on(1)), connect(scene.mitra)])
    for (const socket of [who, mitra]) {
      t.match(socket.ready, { sessions: [{ id: scene.sessionId, state: 'active' }], conversations: [{ headSeq: 0 }] })
      socket.send({ type: 'heartbeat' })
      t.match(await socket.next('heartbeat'), { sessions: [{ id: scene.sessionId, version: Number }], offers: [], conversations: [{ headSeq: 0 }] })
    }
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    for (const socket of [who, mitra]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'ended' })
    await Promise.all(app.replicas.map((replica) => replica.realtime.heal()))
    for (const socket of [who, mitra]) {
      const versions = socket.all('session:updated').map((frame) => frame['session'].version as number)
      t.equal(new Set(versions).size, versions.length, 'no version came twice')
    }
    await Promise.all([who.close(), mitra.close()])
  })

  t.test('with publishes refused by Valkey: offer, its end, session states, all within seconds', async (t) => {
    const [who, mitra] = await Promise.all([customer(app), approvedMitra(app, { online: true })])
    const { id: packageId } = await packageOf(app, 15)
    const started = await expect(201, startSession(who, { packageId, mitraId: mitra.id }))
    const sessionId = started.body.session.id as string
    const [a, b] = await Promise.all([connect(who.on(1)), connect(mitra.on(1))])
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    t.teardown(() => valkey.call('ACL', 'SETUSER', 'default', '+publish'))
    const [payment] = await app.query<{ provider_invoice_id: string }>('select provider_invoice_id from payments where session_id = $1', [sessionId])
    await app.simulators.control.xendit.pay(payment!.provider_invoice_id)
    const { offer } = await b.next('offer:created')
    t.equal(offer.sessionId, sessionId)
    await a.next('session:updated', { matches: (frame) => frame['session'].state === 'ringing' })
    await expect(200, mitra.call('POST', `/api/v1/offers/${offer.id}/accept`))
    t.match(await b.next('offer:ended'), { offerId: offer.id, outcome: 'accepted' })
    for (const socket of [a, b]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'active' })
    await expect(200, who.call('POST', `/api/v1/sessions/${sessionId}/end`))
    for (const socket of [a, b]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'ended' })
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    await eventually(() => b.isOpen() && a.isOpen(), 'the sockets are open')
    await Promise.all([a.close(), b.close()])
  })
})
