import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect } from '../../testing/people.ts'
import { fillWallet, giveLot, promoCode, spentOf } from '../../testing/promo-flows.ts'
import { clearStage, stage, STAGE_SETTINGS, type Scene, type StagedState } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { account, post, sumAccount } from '../ledger/index.ts'
import { endByStaff, sumHeldEarnings } from './index.ts'

t.test('promotional credit and codes in a session', async (t) => {
  const app = await startTestApp(t, { settings: STAGE_SETTINGS })
  const { ctx } = app.replicas[0]!
  t.beforeEach(() => clearStage(app))

  // Rp 25,000 = a code of 6,000, a lot of 4,000 (one day left), 3,000 of the wallet, and an invoice of 12,000.
  const mixed = async (state: StagedState) => {
    const { id, code } = await promoCode(app, { worth: { amountIdr: 6_000 } })
    const scene = await stage(app, state, {
      ask: { promoCode: code, useWallet: true },
      before: async (who) => {
        await giveLot(app, who.id, 4_000, 1)
        await fillWallet(app, who.id, 3_000)
      },
    })
    return { scene, codeId: id }
  }
  const endedByStaff = (scene: Scene) => endByStaff(ctx, { staffId: crypto.randomUUID(), sessionId: scene.sessionId, reason: 'a test' }, async () => {})
  const lotsOf = (scene: Scene) => app.query<{ source: string; left: number; days: number }>(
    `select split_part(source, ':', 1) as source, remaining_idr::int as left, round(extract(epoch from expires_at - app_now()) / 86400)::int as days from promo_lots where customer_id = $1 order by source`, [scene.customer.id])
  const promoOf = (scene: Scene) => sumAccount(ctx.sql, account.promo(scene.customer.id))
  const useOf = async (scene: Scene) => (await app.query<{ state: string; used: number; returned: number }>('select state, used_idr::int as used, returned_idr::int as returned from promo_uses where session_id = $1', [scene.sessionId]))[0]

  await t.test('the code pays first, then credit, then the wallet, the rest by invoice; given up, each goes back where it was', async (t) => {
    const { scene, codeId } = await mixed('held')
    t.match((await app.query('select promo_idr::int, wallet_idr::int, invoice_idr::int from purchases where session_id = $1', [scene.sessionId]))[0], { promo_idr: 10_000, wallet_idr: 3_000, invoice_idr: 12_000 })
    t.same([await scene.money(), await promoOf(scene)], [{ escrow: 13_000, wallet: 0, payable: 0, revenue: 0 }, 0])
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    await scene.until('cancelled')
    t.same([await scene.money(), await promoOf(scene)], [{ escrow: 0, wallet: 3_000, payable: 0, revenue: 0 }, 4_000])
    t.same(await lotsOf(scene), [{ source: 'code', left: 0, days: 0 }, { source: 'test', left: 4_000, days: 7 }], 'what comes back lives seven days at least; a code is for its session')
    t.same(await useOf(scene), { state: 'given_back', used: 6_000, returned: 6_000 })
    await eventually(async () => (await spentOf(app, codeId)) === 0, 'the budget is given back')
  })

  await t.test('credit shrinks so that the invoice is none or large enough', async (t) => {
    const scene = await stage(app, 'held', { ask: { useWallet: true }, before: (who) => giveLot(app, who.id, 20_000, 30) })
    t.match((await app.query('select promo_idr::int, invoice_idr::int from purchases where session_id = $1', [scene.sessionId]))[0], { promo_idr: 15_000, invoice_idr: 10_000 })
    t.equal(await promoOf(scene), 5_000)
    const { id, code } = await promoCode(app, { worth: { amountIdr: 20_000 } })
    const other = await stage(app, 'held', { ask: { promoCode: code } })
    t.match(await useOf(other), { state: 'used', used: 15_000 })
    await eventually(async () => (await spentOf(app, id)) === 15_000, 'what was not needed of the code is given back')
  })

  await t.test('banked time gives credit back first, the code last; the share of what is left is held back', async (t) => {
    const { scene, codeId } = await mixed('active')
    await scene.travel(675)
    await endedByStaff(scene)
    const back = Number((await scene.until('ended')).returned_idr)
    t.ok(back > 4_000 && back < 7_000, 'a quarter of the time was left')
    t.same(await lotsOf(scene), [{ source: 'code', left: 0, days: 0 }, { source: 'test', left: 4_000, days: 7 }])
    t.same(await useOf(scene), { state: 'used', used: 6_000, returned: back - 4_000 })
    const share = (idr: number) => Math.floor((idr * ctx.settings.get('mitraSharePercent')) / 100)
    const { revenue: _ofAll, ...money } = await scene.money()
    t.same(money, { escrow: 0, wallet: 0, payable: share(25_000 - back) })
    t.equal((await sumHeldEarnings(ctx.sql, [scene.mitra.id])).get(scene.mitra.id), share(10_000 - back), 'to the rupiah')
    t.same(await app.query(`select e.amount_idr::int as idr from ledger_transactions t join ledger_entries e on e.transaction_id = t.id where t.key = $1 and e.account = 'platform_revenue'`, [`session:${scene.sessionId}:settle`]),
      [{ idr: 25_000 - back - money.payable }], 'the rest is the platform’s')
    await app.query(`update earning_holds set held_until = app_now() where session_id = $1`, [scene.sessionId])
    t.equal((await sumHeldEarnings(ctx.sql, [scene.mitra.id])).get(scene.mitra.id), 0, 'after 14 days nothing is')
    await eventually(async () => (await spentOf(app, codeId)) === 6_000 - (back - 4_000), 'the budget is given back what came back')
  })

  await t.test('used up to the end: all of the code is spent, and held for fourteen days', async (t) => {
    const { scene, codeId } = await mixed('ended')
    t.same(await useOf(scene), { state: 'used', used: 6_000, returned: 0 })
    t.equal(await spentOf(app, codeId), 6_000)
    const [hold] = await app.query<{ idr: number; days: number }>(`select amount_idr::int as idr, round(extract(epoch from held_until - created_at) / 86400)::int as days from earning_holds where session_id = $1`, [scene.sessionId])
    t.same(hold, { idr: Math.floor((10_000 * ctx.settings.get('mitraSharePercent')) / 100), days: 14 })
  })

  await t.test('what a refund has taken out of the escrow cannot go back a second time', async (t) => {
    const scene = await stage(app, 'active')
    await transact(ctx, async (tx) => {
      await post(tx, { key: `test:${scene.sessionId}`, flow: 'test', sessionId: scene.sessionId, entries: [{ account: account.escrow(scene.sessionId), amountIdr: -20_000 }, { account: account.refundsPending, amountIdr: 20_000 }] })
    })
    await endedByStaff(scene)
    t.equal(Number((await scene.until('ended')).returned_idr), 5_000)
    t.match(await scene.money(), { escrow: 0, wallet: 5_000, payable: 0 })
    // A refund would end where the money came from.
    await transact(ctx, async (tx) => {
      await post(tx, { key: `test:${scene.sessionId}:sent`, flow: 'test', sessionId: scene.sessionId, entries: [{ account: account.refundsPending, amountIdr: -20_000 }, { account: account.providerClearing, amountIdr: 20_000 }] })
    })
  })

  await t.test('more was paid than was asked: the surplus is in the wallet', async (t) => {
    const scene = await stage(app, 'held')
    const [payment] = await app.query<{ provider_invoice_id: string }>('select provider_invoice_id from payments where session_id = $1', [scene.sessionId])
    await app.simulators.control.xendit.pay(payment!.provider_invoice_id, { amount: 31_000 })
    await scene.until('ringing')
    t.match(await scene.money(), { escrow: 25_000, wallet: 6_000 })
  })

  t.same(await findUnrest(app), [])
})
