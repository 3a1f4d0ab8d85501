import { Redis } from 'iovalkey'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../testing/app.ts'
import { approvedMitra, customer, expect, goOffline, goOnline } from '../testing/people.ts'
import { startValkey } from '../testing/servers/valkey.ts'
import { connect } from '../testing/socket.ts'
import { invoiceOf, newKey, packageOf, reappear, stage, type Scene } from '../testing/stage.ts'
import { eventually, PATIENCE_MS } from '../testing/wait.ts'

/** Valkey is disposable: without it requests go on and effects are done; when it is back, the mirror is right within 10 s. */
/** Whoever waited for Valkey would wait until it is back, which is after all of this; a busy machine alone takes its seconds. */
const REQUEST_WITHIN_MS = PATIENCE_MS

async function timed<T>(t: Test, what: string, work: Promise<T>): Promise<T> {
  const startedAt = performance.now()
  const result = await work
  t.ok(performance.now() - startedAt < REQUEST_WITHIN_MS, `${what} does not wait for Valkey (${Math.round(performance.now() - startedAt)} ms)`)
  return result
}

// Everything from asking for a session to its end, while Valkey is away.
async function liveWithout(t: Test, app: TestApp): Promise<void> {
  const { id: packageId } = await packageOf(app, 15)
  const [who, mitra] = [await customer(app), await approvedMitra(app, { replica: 1 })]
  await timed(t, 'going online', goOnline(mitra))
  t.same((await mitra.call('GET', '/api/v1/offers')).body.items, [], 'nobody else is waiting')
  // Not patiently: that there is no moment for it just now is what must not be said.
  const started = await timed(t, 'starting a session', expect(201, who.call('POST', '/api/v1/sessions', { body: { packageId }, headers: { 'idempotency-key': newKey() } })))
  const { session } = started.body
  await app.simulators.control.xendit.pay(await invoiceOf(app, session.id))
  const offer = await eventually(async () => (await mitra.call('GET', '/api/v1/offers')).body.items[0], 'the payment is applied and the offer rings', { timeoutMs: 30_000 })
  const accepted = await timed(t, 'accepting', expect(200, mitra.call('POST', `/api/v1/offers/${offer.id}/accept`)))
  const { conversationId } = accepted.body.session
  const socket = await connect(who)
  const clientId = crypto.randomUUID()
  socket.send({ type: 'message:send', clientId, conversationId, body: 'is anybody there?' })
  await timed(t, 'a message', socket.next('message:ack', { matches: (frame) => frame['clientId'] === clientId }))
  const other = await connect(mitra)
  other.send({ type: 'message:send', clientId: crypto.randomUUID(), conversationId, body: 'yes' })
  await socket.next('message:received', { matches: (frame) => frame['body'] === 'yes' })
  await timed(t, 'the beacon', expect(200, who.call('GET', '/api/v1/availability')))
  await timed(t, 'ending', expect(200, mitra.call('POST', `/api/v1/sessions/${session.id}/end`)))
  await timed(t, 'going offline', goOffline(mitra))
  await Promise.all([socket.close(), other.close()])
}

async function mirrorIsRight({ app, mitra }: Scene, url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null })
  client.on('error', () => {})
  // Who was not seen for a minute is taken out of it, and a busy machine takes more than that to come here.
  await reappear(mitra)
  const wanted = await eventually(async () => {
    const ids = (await app.query<{ id: string }>(`select user_id as id from mitras where status = 'approved' and wants_online and not stale`)).map((row) => row.id)
    const members = await client.smembers('mitras:online')
    return ids.includes(mitra.id) && members.length === ids.length && ids.every((id) => members.includes(id)) ? ids : undefined
  }, 'the mirror is right, and there is something to mirror')
  const used = await app.query<{ mitra_id: string; used: number }>('select mitra_id, used from mitra_slots where mitra_id = any($1)', [wanted])
  await eventually(async () => (await Promise.all(used.map((row) => client.get(`mitra:capacity:${row.mitra_id}`)))).every((value, index) => Number(value) === used[index]!.used), 'so are the slots')
  client.disconnect()
}

t.test('Valkey is disposable', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { healMs: 500, sweepMs: 250 } })
  const scene = await stage(app, 'active')

  await t.test('FLUSHALL', async (t) => {
    const client = new Redis(app.valkey.url)
    await client.flushall()
    client.disconnect()
    await liveWithout(t, app)
    await mirrorIsRight(scene, app.valkey.url)
  })

  await t.test('stopped for 20 s', async (t) => {
    app.valkey.kill('SIGSTOP')
    const back = new Promise((resolve) => setTimeout(resolve, 20_000))
    await liveWithout(t, app)
    await back
    app.valkey.kill('SIGCONT')
    await mirrorIsRight(scene, app.valkey.url)
  })

  await t.test('restarted empty', async (t) => {
    app.valkey.kill('SIGKILL')
    await liveWithout(t, app)
    const again = await startValkey({ port: app.valkey.port })
    t.after(() => again.stop())
    await mirrorIsRight(scene, again.url)
    await liveWithout(t, app)
  })
})
