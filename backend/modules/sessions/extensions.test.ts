import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { askForExtension, extend, extensionsOf, OWN_IDR, payExtension, untilExtension } from '../../testing/extensions.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect, type Person } from '../../testing/people.ts'
import { fillWallet, giveLot } from '../../testing/promo-flows.ts'
import { connect, type ReceivedFrame } from '../../testing/socket.ts'
import { clearStage, newKey, reappear, stage, STAGE_SETTINGS, vanish, type Scene } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { readBooks } from '../../check-books.ts'
import { forgetExtensionKeys, sumHeldEarnings } from './index.ts'

t.test('extensions', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, worker: { timed: false } })
  const { ctx } = app.replicas[0]!
  const { xendit } = app.simulators.control
  const finance = await staffByRows(app, 'finance')
  t.beforeEach(() => clearStage(app))

  const codeOf = async (answer: ReturnType<typeof extend>) => {
    const { status, body } = await answer
    return [status, body.code]
  }
  const endsAt = async (scene: Scene) => ((await scene.row())['ends_at'] as Date).getTime()
  const mitraEnds = (scene: Scene) => expect(200, scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
  const secondsLeft = async (scene: Scene) => (await app.query<{ left: number }>('select extract(epoch from ends_at - app_now())::float8 as left from chat_sessions where id = $1', [scene.sessionId]))[0]!.left

  await t.test('asked for, paid and applied: both sides are told each time, and see the same end', async (t) => {
    const scene = await stage(app, 'active')
    const [a, b] = await Promise.all([connect(scene.customer.on(1)), connect(scene.mitra)])
    const before = await endsAt(scene)
    const asked = await expect(201, extend(scene, { replica: 1 }))
    t.match(asked.body, { session: { state: 'active', extension: { state: 'pending', minutes: 30, priceIdr: 45_000, payment: { state: 'pending', amountIdr: 45_000 } }, extendedMinutes: 0 }, payment: { state: 'pending', amountIdr: 45_000, walletIdr: 0 } })
    t.equal(Date.parse(asked.body.payment.expiresAt), before + 60_000, 'it can be paid until a minute after the end')
    t.equal(asked.body.session.payment.amountIdr, 25_000, 'the session’s own payment stays what it was')
    const shows = (state: string) => ({ matches: (frame: ReceivedFrame) => (frame['session'] as { extension?: { state: string } }).extension?.state === state })
    for (const socket of [a, b]) await socket.next('session:updated', shows('pending'))
    await payExtension(scene)
    const [mine, theirs] = [await a.next('session:updated', shows('applied')), await b.next('session:updated', shows('applied'))]
    t.match(mine['session'], { endsAt: new Date(before + 1_800_000).toISOString(), extendedMinutes: 30, extension: { payment: { state: 'paid' } } })
    t.match(theirs['session'], { endsAt: new Date(before + 1_800_000).toISOString(), extendedMinutes: 30, extension: { earningsIdr: 31_500, payment: undefined }, payment: undefined })
    const note = (frame: ReceivedFrame) => frame['code'] === 'session_extended'
    for (const socket of [a, b]) t.match((await socket.next('message:received', { matches: note }))['data'], { sessionId: scene.sessionId, minutes: 30, endsAt: new Date(before + 1_800_000).toISOString() })
    for (const event of xendit.webhooks((await extensionsOf(app, scene.sessionId))[0]!.invoice_id!)) await xendit.resendWebhook(event.id)
    t.equal(await endsAt(scene), before + 1_800_000, 'told twice, applied once')
    await Promise.all([a.close(), b.close()])
  })

  await t.test('both sides are warned five minutes and one minute before the end, once each; an end that moves is warned of once more', async (t) => {
    const scene = await stage(app, 'active')
    const warned = async () => (await app.query<{ who: string; body: string; n: number }>(`
      select case user_id when $1 then 'customer' else 'mitra' end as who, body, count(*)::int as n from pushes
      where user_id = any($2) and dedupe_key like $3 group by 1, 2 order by 2, 1`, [scene.customer.id, [scene.customer.id, scene.mitra.id], `warn:${scene.sessionId}:%`])).map(({ who, body, n }) => `${who}: ${body} × ${n}`)
    const both = (body: string, n: number) => [`customer: ${body} × ${n}`, `mitra: ${body} × ${n}`]
    const until = async (left: number, expected: string[]) => {
      await scene.travel((await secondsLeft(scene)) - left)
      await eventually(async () => (await warned()).join() === expected.join(), expected.join())
    }
    await until(299, both('Sisa 5 menit.', 1))
    await until(59, [...both('Sisa 1 menit.', 1), ...both('Sisa 5 menit.', 1)])
    await fillWallet(app, scene.customer.id, 25_000)
    await expect(201, extend(scene, { minutes: 15, useWallet: true }))
    await untilExtension(scene, 'funded')
    t.same(await warned(), [...both('Sisa 1 menit.', 1), ...both('Sisa 5 menit.', 1)], 'none while the end is far')
    await until(299, [...both('Sisa 1 menit.', 1), ...both('Sisa 5 menit.', 2)])
    await until(59, [...both('Sisa 1 menit.', 2), ...both('Sisa 5 menit.', 2)])
    t.equal((await app.query(`select 1 from notifications where dedupe_key like $1`, [`warn:${scene.sessionId}:%`])).length, 0, 'the inbox is not filled with them')
  })

  await t.test('two of them, and the end: unused time goes back from the last one on, each by its own split; the rest is shared', async (t) => {
    const scene = await stage(app, 'active')
    await giveLot(app, scene.customer.id, 20_000, 30)
    await fillWallet(app, scene.customer.id, 5_000)
    await expect(201, extend(scene, { minutes: 15, useWallet: true }))
    t.match(await extensionsOf(app, scene.sessionId), [{ state: 'funded', promo_idr: 20_000, wallet_idr: 5_000, invoice_idr: 0 }], 'nothing to pay: at once')
    await expect(201, extend(scene, { minutes: 30 }))
    await payExtension(scene)
    await untilExtension(scene, 'funded')
    t.same(await codeOf(extend(scene)), [409, 'extension_refused'], 'two are enough')
    t.equal((await scene.money()).escrow, 95_000)
    // A quarter of the first extension is used, the session's own quarter of an hour is over.
    await scene.travel(await secondsLeft(scene) - 1_800 - 675)
    await reappear(scene.mitra)
    await mitraEnds(scene)
    const [first, second] = await extensionsOf(app, scene.sessionId)
    t.equal(second!.returned_idr, 45_000)
    t.ok(first!.returned_idr > 18_000 && first!.returned_idr <= 18_750, `three quarters of Rp 25,000, less what this test took (${first!.returned_idr})`)
    const back = 45_000 + first!.returned_idr
    t.equal(Number((await scene.row()).returned_idr), back)
    const share = (idr: number) => Math.floor((idr * 70) / 100)
    const { revenue: _everybodys, ...money } = await scene.money()
    t.same(money, { escrow: 0, wallet: 45_000, payable: share(95_000 - back) }, 'the promotional part went back first, into its lot')
    t.equal(Number((await app.query<{ left: string }>('select remaining_idr as left from promo_lots where customer_id = $1', [scene.customer.id]))[0]!.left), first!.returned_idr)
    t.equal((await sumHeldEarnings(ctx.sql, [scene.mitra.id])).get(scene.mitra.id), share(20_000 - first!.returned_idr), 'what promotional credit paid for is held back')
    t.match((await expect(200, scene.mitra.call('GET', '/api/v1/mitra/earnings'))).body, { payableIdr: share(95_000 - back), heldIdr: share(20_000 - first!.returned_idr) })
    const csv = (await expect(200, scene.customer.call('GET', '/api/v1/wallet/statement?format=csv'))).text
    t.equal(csv.split('\n').filter((line) => line.includes(',hold,')).length, 2, 'wallet and credit of the first extension left')
    t.equal(csv.split('\n').filter((line) => line.includes(',return,')).length, 2)
    const story = (await expect(200, finance.call('GET', `/sessions/${scene.sessionId}/timeline`))).body.items as { kind: string; title: string; details: { kind?: string } }[]
    t.same(story.filter((entry) => entry.kind === 'event').map((entry) => entry.title).slice(-5), ['extension_asked', 'extended', 'extension_asked', 'extended', 'ended'])
    t.equal(story.filter((entry) => entry.kind === 'payment' && entry.details.kind === 'extension').length, 1)
  })

  await t.test('two at once are one; a key whose answer was lost finds its extension; after a day it is forgotten', async (t) => {
    const scene = await stage(app, 'active')
    const both = await Promise.all([0, 1].map((replica) => codeOf(extend(scene, { replica }))))
    t.same(both.toSorted((a, b) => Number(a[0]) - Number(b[0])), [[201, undefined], [409, 'extension_pending']])
    await xendit.expire((await extensionsOf(app, scene.sessionId))[0]!.invoice_id!)
    await untilExtension(scene, 'dropped')
    const key = newKey()
    const first = await expect(201, extend(scene, { key }))
    await app.query('delete from idempotency_keys')
    const again = await expect(201, extend(scene, { key, replica: 1 }))
    t.equal(again.body.session.extension.id, first.body.session.extension.id)
    t.equal(again.body.payment.id, first.body.payment.id)
    t.equal((await extensionsOf(app, scene.sessionId)).length, 2)
    await app.query(`update purchases set created_at = app_now() - interval '25 hours' where session_id = $1`, [scene.sessionId])
    t.ok(await forgetExtensionKeys(ctx, 100) >= 2)
    t.same(await codeOf(extend(scene, { key: newKey() })), [409, 'extension_pending'])
  })

  await t.test('what cannot be extended, and by whom', async (t) => {
    const scene = await stage(app, 'active')
    t.equal((await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, { body: { packageId: crypto.randomUUID() } })).body.code, 'idempotency_key_required')
    const post = (who: Scene['customer'], body: object) => who.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, { body, headers: { 'idempotency-key': newKey() } })
    t.match(await post(scene.customer, { packageId: crypto.randomUUID() }), { status: 404, body: { code: 'not_found' } })
    t.match(await post(scene.customer, {}), { status: 400, body: { code: 'validation_failed' } })
    t.match(await post(scene.mitra, { packageId: crypto.randomUUID() }), { status: 403 })
    const other = await stage(app, 'ended')
    t.same(await codeOf(extend({ ...scene, customer: other.customer })), [404, 'not_found'], 'somebody else’s')
    await expect(200, scene.mitra.call('PATCH', '/api/v1/mitra/profile', { body: { acceptsExtensions: false } }))
    t.same(await codeOf(extend(scene)), [409, 'extension_refused'])
    await expect(200, scene.mitra.call('PATCH', '/api/v1/mitra/profile', { body: { acceptsExtensions: true } }))
    await app.query(`insert into packages (id, minutes, price_idr) values (gen_random_uuid(), 5, 9000) on conflict do nothing`)
    t.same(await codeOf(extend(scene, { minutes: 5 })), [400, 'amount_below_minimum'], 'no invoice is that small')
    await fillWallet(app, scene.customer.id, 9_000)
    await expect(201, extend(scene, { minutes: 5, useWallet: true }))
    t.match(await scene.money(), { wallet: 0, escrow: 34_000 })
    // Over, and not yet noticed: the version is another, so that no sweep ends it meanwhile.
    await app.query('update chat_sessions set ends_at = app_now() - interval \'1 second\', due_at = app_now() + interval \'1 hour\' where id = $1', [scene.sessionId])
    t.same(await codeOf(extend(scene)), [409, 'time_is_up'])
  })

  await t.test('paid at zero, and the webhook is lost: the provider is asked while the slot is kept', async (t) => {
    const scene = await stage(app, 'active')
    const { invoice_id: invoiceId } = await askForExtension(scene)
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await xendit.pay(invoiceId!)
    app.simulators.control.resetFaults()
    await reappear(scene.mitra)
    await scene.travel(await secondsLeft(scene) + 2)
    await untilExtension(scene, 'funded')
    const left = await secondsLeft(scene)
    t.ok(left > 1_700 && left <= 1_800, 'half an hour from the moment that it was found')
    t.match(await scene.row(), { state: 'active' })
  })

  await t.test('the mitra was gone before zero, which shows only after the extension: their absence is given back, the wait for the money is not', async (t) => {
    const scene = await stage(app, 'active')
    await askForExtension(scene)
    await reappear(scene.mitra)
    await scene.travel(await secondsLeft(scene) + 30)
    const zero = await endsAt(scene)
    await payExtension(scene)
    await untilExtension(scene, 'funded')
    await vanish(app, scene.mitra, 121)
    const row = await scene.until('paused')
    const [gone] = await app.query<{ at: Date }>('select last_seen_at as at from mitras where user_id = $1', [scene.mitra.id])
    t.equal((row['ends_at'] as Date).getTime() - (row['paused_at'] as Date).getTime(), 1_800_000 + zero - gone!.at.getTime())
  })

  await t.test('before the clock has started: its start moves the end, and no bought minute is lost', async (t) => {
    const scene = await stage(app, 'ringing')
    await fillWallet(app, scene.customer.id, 45_000)
    await expect(200, scene.mitra.call('POST', `/api/v1/offers/${await scene.offerId()}/accept`))
    await expect(201, extend(scene, { useWallet: true }))
    // Asking was being seen: the clock starts by itself.
    const row = await eventually(async () => {
      const now = await scene.row()
      return now['clock_started_at'] === null ? undefined : now
    }, 'the clock has started')
    t.equal((row['ends_at'] as Date).getTime() - (row['clock_started_at'] as Date).getTime(), 45 * 60_000)
  })

  await t.test('money that comes too late: to the wallet, all of it may be refunded; of somebody banned it waits for staff', async (t) => {
    const refundable = async (paymentId: string) => (await expect(200, finance.call('GET', `/payments/${paymentId}`))).body.refundableIdr as number
    const scene = await stage(app, 'active')
    const { payment_id: paymentId } = await askForExtension(scene)
    await mitraEnds(scene)
    const [{ amount: before } = { amount: 0 }] = await app.query<{ amount: number }>(`select balance_idr::int as amount from ledger_balances where account = $1`, ['customer_wallet:' + scene.customer.id])
    await eventually(async () => xendit.invoice((await extensionsOf(app, scene.sessionId))[0]!.invoice_id!).status === 'EXPIRED', 'its invoice is ended')
    await payExtension(scene)
    await eventually(async () => (await scene.money()).wallet === before + 45_000 - OWN_IDR, 'it is in the wallet')
    const told = (who: Person) => app.query(`select title, body from notifications where user_id = $1 and kind = 'payment' order by created_at offset 1`, [who.id])
    t.match(await told(scene.customer), [{ title: 'Pembayaran masuk ke dompet', body: /^Rp 40\.000 / }])
    t.equal(await refundable(paymentId!), 45_000 - OWN_IDR, 'what came out of the wallet before is not among it')
    await clearStage(app)
    const banned = await stage(app, 'active')
    await askForExtension(banned)
    await mitraEnds(banned)
    await app.query(`update users set banned_at = app_now() where id = $1`, [banned.customer.id])
    await eventually(async () => xendit.invoice((await extensionsOf(app, banned.sessionId))[0]!.invoice_id!).status === 'EXPIRED', 'its invoice is ended')
    await payExtension(banned)
    await eventually(async () => (await app.query(`select 1 from suspense_items where customer_id = $1 and amount_idr = $2`, [banned.customer.id, 45_000 - OWN_IDR]))[0], 'it is suspended')
    t.same(await told(banned.customer), [], 'nobody is told that it is in their wallet')
  })

  await t.test('a refund of an extension takes its own money out of the escrow, and no more', async (t) => {
    const scene = await stage(app, 'active')
    await askForExtension(scene)
    await payExtension(scene)
    const { payment_id: paymentId } = await untilExtension(scene, 'funded')
    const give = (amountIdr: number) => finance.call('POST', '/refunds', { body: { paymentId, amountIdr, reason: 'a test' }, headers: { 'idempotency-key': newKey() } })
    t.match(await give(45_000), { status: 409, body: { code: 'refund_exceeds' } }, 'a part of it came out of the wallet')
    t.match((await expect(201, give(40_000))).body.refund, { sources: [{ account: `session_escrow:${scene.sessionId}`, amountIdr: 40_000 }] })
    await mitraEnds(scene)
    t.match(await scene.money(), { escrow: 0, wallet: 30_000, payable: 0 }, 'what was left of the escrow went back, nothing was earned')
  })

  t.same((await readBooks({ url: ctx.env.DATABASE_URL, log: ctx.log })).problems, [])
  t.same(await findUnrest(app), [])
})
