import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { approvedMitra, customer, expect, goOnline, signIn, type Person } from '../../testing/people.ts'
import { clearStage, newKey, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { account, post } from '../ledger/index.ts'

t.test('starting a session', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const { id: packageId } = await packageOf(app, 15)
  t.beforeEach(() => clearStage(app))

  await t.test('the packages on sale are listed by minutes', async (t) => {
    await packageOf(app, 60)
    await packageOf(app, 30)
    const { body } = await call(app.url, 'GET', '/api/v1/packages')
    t.same(body.items.map((one: { minutes: number; priceIdr: number }) => [one.minutes, one.priceIdr]), [[15, 25_000], [30, 45_000], [60, 80_000]])
  })

  await t.test('a held session carries its payment and the reserved mitra; its price is copied', async (t) => {
    const mitra = await approvedMitra(app, { online: true })
    const { status, body } = await startSession(await customer(app), { packageId })
    t.equal(status, 201)
    t.match(body.session, { state: 'held', mitra: { id: mitra.id }, package: { minutes: 15, priceIdr: 25_000 }, payment: { state: 'pending', amountIdr: 25_000, walletIdr: 0 } })
    t.match(body.payment.checkoutUrl, /\/checkout\/[0-9a-f]+$/)
  })

  await t.test('nobody there: queued, with a place and no false promise', async (t) => {
    const { body } = await startSession(await customer(app), { packageId })
    t.match(body.session, { state: 'queued', queue: { waitSeconds: null } })
    t.notOk(body.payment)
  })

  await t.test('who is not signed in, a mitra, and a customer without consent are refused', async (t) => {
    t.equal((await call(app.url, 'POST', '/api/v1/sessions', { body: { packageId }, headers: { 'idempotency-key': newKey() } })).status, 401)
    t.equal((await startSession(await approvedMitra(app), { packageId })).status, 403)
    const { status, body } = await startSession(await signIn(app, { kind: 'customer' }), { packageId })
    t.same([status, body.code], [403, 'consent_required'])
  })

  await t.test('bad input is told by its code', async (t) => {
    const who = await customer(app)
    const codes = async (body: object) => {
      const answer = await startSession(who, body)
      return [answer.status, answer.body.code]
    }
    t.same(await codes({}), [400, 'validation_failed'])
    t.same(await codes({ packageId, unknown: 1 }), [400, 'validation_failed'])
    t.same(await codes({ packageId: crypto.randomUUID() }), [404, 'not_found'])
    t.same(await codes({ packageId, mitraId: crypto.randomUUID() }), [404, 'not_found'])
    t.same(await codes({ packageId, promoCode: 'NONE' }), [404, 'not_found'])
    const away = await approvedMitra(app)
    t.same(await codes({ packageId, mitraId: away.id }), [409, 'mitra_not_available'])
    t.same((await who.call('POST', '/api/v1/sessions', { body: { packageId } })).body.code, 'idempotency_key_required')
  })

  await t.test('one open session a customer, also when asked twice at once on two replicas; the same key answers the same', async (t) => {
    const who = await customer(app)
    const both = await Promise.all([startSession(who, { packageId }), startSession(who.on(1), { packageId })])
    t.same(new Set(both.map((answer) => answer.status)), new Set([201, 409]))
    t.equal(both.find((answer) => answer.status === 409)!.body.code, 'session_already_open')
    const other = await customer(app)
    const key = { 'idempotency-key': newKey() }
    const first = await other.call('POST', '/api/v1/sessions', { body: { packageId }, headers: key })
    const again = await other.on(1).call('POST', '/api/v1/sessions', { body: { packageId }, headers: key })
    t.equal(again.headers['idempotency-replayed'], 'true')
    t.equal(again.body.session.id, first.body.session.id)
    await app.query('delete from idempotency_keys')
    const afterCrash = await other.call('POST', '/api/v1/sessions', { body: { packageId }, headers: key })
    t.same([afterCrash.status, afterCrash.body.session.id], [201, first.body.session.id], 'the answer was lost before it was kept: the session is found by its key')
  })

  await t.test('the wallet pays first; what it covers whole rings at once', async (t) => {
    await approvedMitra(app, { online: true })
    await approvedMitra(app, { online: true })
    const give = async (customerId: string, amountIdr: number) => transact(app.replicas[0]!.ctx, (tx) => post(tx, {
      key: `test:${customerId}`, flow: 'test', entries: [{ account: account.promotions, amountIdr: -amountIdr }, { account: account.wallet(customerId), amountIdr }] }))
    const [rich, poor] = [await customer(app), await customer(app)]
    await give(rich.id, 30_000)
    await give(poor.id, 20_000)
    t.match((await startSession(rich, { packageId, useWallet: true })).body.session, { state: 'ringing' })
    const { body } = await startSession(poor, { packageId, useWallet: true })
    t.match(body.session, { state: 'held', payment: { amountIdr: 10_000, walletIdr: 15_000 } }, 'the invoice is at least 10,000')
    const wallet = await expect(200, rich.call('GET', '/api/v1/wallet'))
    t.equal(wallet.body.balanceIdr, 5_000)
  })

  await t.test('two holds let go unpaid make the next one wait', async (t) => {
    await approvedMitra(app, { online: true })
    const who = await customer(app)
    for (let hold = 0; hold < 2; hold++) {
      const { body } = await expect(201, startSession(who, { packageId }))
      await expect(200, who.call('POST', `/api/v1/sessions/${body.session.id}/cancel`))
      await eventually(async () => (await who.call('GET', `/api/v1/sessions/${body.session.id}`)).body.session.state === 'cancelled', 'the provider has answered, and it is over')
    }
    const third = await startSession(who, { packageId })
    t.same([third.status, third.body.code], [429, 'hold_cooldown'])
    t.ok(Number(third.headers['retry-after']) > 1700)
  })

  await t.test('a named mitra is waited for; the same person under another account is never matched', async (t) => {
    const scene = await stage(app, 'queued', { named: true })
    t.equal((await scene.row()).state, 'queued')
    await clearStage(app)
    const mitra = await approvedMitra(app, { online: true })
    const self = await customer(app, { phone: mitra.phone })
    const { body } = await startSession(self, { packageId })
    t.equal(body.session.state, 'queued')
    await self.call('POST', `/api/v1/sessions/${body.session.id}/cancel`)
    t.equal((await startSession(self, { packageId, mitraId: mitra.id })).body.code, 'no_eligible_mitra')
  })

  await t.test('a favourite has no rank: neither in the queue nor in whom one gets', async (t) => {
    const [first, fan] = await crowd(app, { kind: 'customer', count: 2 })
    const [longIdle, loved] = await crowd(app, { kind: 'mitra', count: 2 })
    const favour = (mitra: Person) => expect(201, fan!.call('POST', `/api/v1/favourites/${mitra.id}`))
    await Promise.all([favour(loved!), favour(longIdle!)])
    const asked = (await expect(201, startSession(first!, { packageId }))).body.session.id as string
    const later = (await expect(201, startSession(fan!, { packageId }))).body.session.id as string
    const mitraOf = async (id: string) => (await app.query<{ slot: string | null }>('select slot_mitra_id as slot from chat_sessions where id = $1', [id]))[0]!.slot
    await goOnline(loved!)
    await eventually(async () => (await mitraOf(asked)) === loved!.id, 'who came first is served first, by the other’s favourite')
    t.equal(await mitraOf(later), null)
    await clearStage(app)
    await goOnline(longIdle!)
    await goOnline(loved!)
    await app.query(`update mitra_slots set idle_since = app_now() - interval '1 hour' where mitra_id = $1`, [longIdle!.id])
    await expect(200, fan!.call('DELETE', `/api/v1/favourites/${longIdle!.id}`))
    const { body } = await expect(201, startSession(fan!, { packageId }))
    t.equal(body.session.mitra.id, longIdle!.id, 'who is idle longest is next, though the other one is the favourite')
  })

  await t.test('a place that came up from the queue is told and held for three minutes', async (t) => {
    const who = await customer(app)
    const { body } = await expect(201, startSession(who, { packageId }))
    await approvedMitra(app, { online: true })
    const [row] = await eventually(async () => {
      const rows = await app.query<{ seconds: number }>(`select extract(epoch from hold_until - held_at)::int as seconds from chat_sessions where id = $1 and state = 'held'`, [body.session.id])
      return rows.length > 0 ? rows : undefined
    }, 'the queued session is held')
    t.equal(row!.seconds, 180)
    await eventually(async () => (await who.call('GET', `/api/v1/sessions/${body.session.id}`)).body.session.payment?.checkoutUrl, 'its invoice is made')
    const inbox = await who.call('GET', '/api/v1/notifications')
    t.equal(inbox.body.items.length, 1, 'the customer is told')
  })
})

t.test('with payments off, what costs money is refused and what is free works', async (t) => {
  const app = await startTestApp(t, { settings: STAGE_SETTINGS, env: { XENDIT_ENABLED: 'false' } })
  await approvedMitra(app, { online: true })
  const { id: packageId } = await packageOf(app, 15)
  const { body, status } = await startSession(await customer(app), { packageId })
  t.same([status, body.code], [503, 'payments_disabled'])
  await app.query('update packages set price_idr = 0')
  t.equal((await startSession(await customer(app), { packageId })).body.session.state, 'ringing')
})
