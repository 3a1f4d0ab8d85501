import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { customer, expect, introduce, signIn, type Person } from '../../testing/people.ts'
import { fillWallet, giveLot } from '../../testing/promo-flows.ts'
import { invoiceOf, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { planRefund } from '../refunds/index.ts'
import { account, findWalletAccount, sumAccount } from './index.ts'

const migrations = join(import.meta.dirname, '../../../migrations')

t.test('wallets of recycled numbers', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, atNoon: true })
  const { ctx } = app.replicas[0]!
  const [finance, boss, admin] = await Promise.all([staffByRows(app, 'finance'), staffByRows(app, 'super_admin'), staffByRows(app, 'admin')])
  const get = async (who: Person, path: string) => (await expect(200, who.call('GET', `/api/v1/wallet${path}`))).body
  const recycled = async (who: Person): Promise<Person> => {
    await app.query(`update users set last_active_at = app_now() - interval '181 days' where id = $1`, [who.id])
    return signIn(app, { kind: who.kind, phone: who.phone })
  }
  const holdOf = async (who: Person) => (await app.query<{ id: string; state: string; suspense_id: string | null }>('select * from wallet_holds where customer_id = $1', [who.id]))[0]!
  const release = (id: string, to: string, by: StaffPerson = finance) => by.call('POST', `/wallet-holds/${id}/release`, { body: { to, reason: 'a test' } })
  const approve = (id: string, by: StaffPerson, replica = 0) => by.call('POST', `/approvals/${id}/approve`, { body: {}, replica })
  const flowsOf = (items: { flow: string; amountIdr: number }[]) => items.map(({ flow, amountIdr }) => [flow, amountIdr])

  await t.test('accounts that had started afresh before there were holds: what was there before is held, what came since is theirs', async (t) => {
    const [who] = await crowd(app, { kind: 'customer', count: 1 })
    await fillWallet(app, who!.id, 9_000)
    await giveLot(app, who!.id, 3_000, 30)
    await app.query(`update users set history_from = app_now() + interval '5 milliseconds' where id = $1`, [who!.id])
    await eventually(async () => (await app.query('select 1 from users where id = $1 and history_from < app_now()', [who!.id])).length === 1, 'later')
    await fillWallet(app, who!.id, 500)
    await giveLot(app, who!.id, 200, 30)
    const [file] = globSync('*_wallet_holds.sql', { cwd: migrations })
    await app.query(/^do \$\$[\s\S]*^end \$\$;/m.exec(readFileSync(join(migrations, file!), 'utf8'))![0])
    t.match(await get(who!, ''), { balanceIdr: 500, promoIdr: 200 })
    const hold = await holdOf(who!)
    t.match((await finance.call('GET', '/wallet-holds')).body.items, [{ id: hold.id, walletIdr: 9_000, promoIdr: 3_000 }])
    t.same(await Promise.all([account.wallet(hold.id), account.promo(hold.id)].map((name) => sumAccount(ctx.sql, name))), [9_000, 3_000])
  })

  await t.test('the new owner of a number neither sees nor spends what the old one left; what comes later is theirs', async (t) => {
    const old = await stage(app, 'held', { phones: true })
    const invoiceId = await invoiceOf(app, old.sessionId)
    const [{ paymentId }] = await app.query<{ paymentId: string }>('select id as "paymentId" from payments where session_id = $1', [old.sessionId]) as [{ paymentId: string }]
    await expect(200, old.customer.call('POST', `/api/v1/sessions/${old.sessionId}/cancel`))
    await old.until('cancelled')
    await app.simulators.control.xendit.pay(invoiceId, { afterExpiry: true })
    await eventually(async () => (await old.money()).wallet === 25_000, 'the late money is in the wallet')
    await giveLot(app, old.customer.id, 8_000, 30)

    const owner = await recycled(old.customer)
    t.equal(owner.id, old.customer.id, 'the same account')
    t.same(await get(owner, ''), { balanceIdr: 0, promoIdr: 0, lots: [] })
    t.same((await get(owner, '/entries')).items, [])
    t.match(await get(owner, '/statement'), { opening: { walletIdr: 0, promoIdr: 0 }, closing: { walletIdr: 0, promoIdr: 0 }, items: [] })
    const hold = await holdOf(owner)
    t.match(await admin.call('GET', '/wallet-holds?state=held'), { status: 200, body: { items: [{ id: hold.id, customerId: owner.id, walletIdr: 25_000, promoIdr: 8_000 }, {}] } })

    await fillWallet(app, owner.id, 5_000)
    t.match(await get(owner, ''), { balanceIdr: 5_000, promoIdr: 0 })
    t.match(await get(owner, '/statement'), { opening: { walletIdr: 0 }, closing: { walletIdr: 5_000 }, items: [{ amountIdr: 5_000 }] })
    await introduce(owner)
    await app.query('update mitras set wants_online = true, last_seen_at = app_now() where user_id = $1', [old.mitra.id])
    const { id: packageId } = await packageOf(app, 15)
    const started = await expect(201, startSession(owner, { packageId, useWallet: true }))
    t.match(started.body.payment, { walletIdr: 5_000, amountIdr: 20_000 }, 'spends what is theirs, and no more')
    await expect(200, owner.call('POST', `/api/v1/sessions/${started.body.session.id}/cancel`))
    await eventually(async () => (await get(owner, '')).balanceIdr === 5_000, 'it is back')

    const { sources } = await transact(ctx, (tx) => planRefund(tx, { paymentId, amountIdr: 10_000, clawback: false, method: 'provider' }))
    t.same(sources, [{ account: account.wallet(hold.id), amountIdr: 10_000 }], 'an old payment goes back out of the old money')
    t.match(await release(hold.id, 'owner', admin), { status: 403 })
    t.match(await release(crypto.randomUUID(), 'owner'), { status: 404 })
    t.match(await release(hold.id, 'revenue'), { status: 400 })
    const asked = await release(hold.id, 'owner')
    t.match(asked, { status: 202, body: { approval: { state: 'pending' } } })
    t.match(await approve(asked.body.approval.id, finance), { status: 403, body: { code: 'approval_self' } })
    t.equal((await get(owner, '')).balanceIdr, 5_000, 'not before the second person')
    const answers = await Promise.all([0, 1].map((replica) => approve(asked.body.approval.id, boss, replica)))
    t.same(answers.map(({ status }) => status), [200, 200])
    t.match(await release(hold.id, 'suspense'), { status: 409, body: { code: 'conflict' } }, 'placed is placed')
    const now = await get(owner, '')
    t.match(now, { promoIdr: 8_000, lots: [{ amountIdr: 8_000 }] })
    t.ok(flowsOf((await get(owner, '/entries')).items).some(([flow]) => flow === 'wallet.released'))
    t.match(await app.query('select act from audit_log where target_id = $1 order by seq', [hold.id]), [{ act: 'approval.requested' }, { act: 'approval.approved' }, { act: 'wallet.released' }])
    t.equal(await sumAccount(ctx.sql, account.wallet(hold.id)), 0)
  })

  await t.test('two sign-ins at once hold it once; a second time what has come since is held; of a mitra it is the earnings', async (t) => {
    const who = await customer(app)
    await fillWallet(app, who.id, 7_000)
    await app.query(`update users set last_active_at = app_now() - interval '181 days' where id = $1`, [who.id])
    await Promise.allSettled([0, 1].map((replica) => signIn(app, { kind: 'customer', phone: who.phone, replica })))
    t.equal((await app.query('select 1 from wallet_holds where customer_id = $1', [who.id])).length, 1)
    await fillWallet(app, who.id, 2_000)
    const again = await recycled(who)
    t.equal((await get(again, '')).balanceIdr, 0)
    const held = await app.query<{ id: string }>('select id from wallet_holds where customer_id = $1 order by held_at', [who.id])
    t.same(await Promise.all(held.map(({ id }) => sumAccount(ctx.sql, account.wallet(id)))), [7_000, 2_000])
    const mitra = await signIn(app, { kind: 'mitra' })
    await recycled(mitra)
    const [empty] = await app.query<{ id: string }>('select id from wallet_holds where customer_id = $1', [mitra.id])
    t.notOk((await finance.call('GET', '/wallet-holds')).body.items.some((one: { id: string }) => one.id === empty!.id), 'nothing was owed: nothing waits')
  })

  await t.test('of somebody else than the owner: into suspense, the credit ends, and no wallet can have it', async (t) => {
    const who = await customer(app)
    await fillWallet(app, who.id, 9_000)
    await giveLot(app, who.id, 4_000, 30)
    const [paidAt] = await app.query<{ now: Date }>('select app_now() as now')
    const owner = await recycled(who)
    const hold = await holdOf(owner)
    t.equal(await findWalletAccount(ctx.sql, who.id, paidAt!.now), account.wallet(hold.id), 'old money that still comes waits with the rest')
    const asked = await release(hold.id, 'suspense')
    t.match(await approve(asked.body.approval.id, boss, 1), { status: 200 })
    const { state, suspense_id: suspenseId } = await holdOf(owner)
    t.equal(state, 'suspended')
    t.match(await app.query('select amount_idr::int, reason, customer_id from suspense_items where id = $1', [suspenseId]), [{ amount_idr: 9_000, reason: 'number_recycled', customer_id: null }])
    t.same(await Promise.all([account.wallet(hold.id), account.promo(hold.id), account.suspense(suspenseId!)].map((name) => sumAccount(ctx.sql, name))), [0, 0, 9_000])
    t.equal(await findWalletAccount(ctx.sql, who.id, paidAt!.now), undefined)
    t.match(await finance.call('POST', `/suspense/${suspenseId}/resolve`, { body: { to: 'wallet', reason: 'a test' } }), { status: 409 })
    t.match(await finance.call('POST', `/suspense/${suspenseId}/resolve`, { body: { to: 'revenue', reason: 'a test' } }), { status: 202 })
    t.match(await get(owner, ''), { balanceIdr: 0, promoIdr: 0 })
  })

  t.same(await findUnrest(app), [])
})
