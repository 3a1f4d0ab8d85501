import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { payoutStage } from '../../testing/payout-stage.ts'
import { STAGE_SETTINGS } from '../../testing/stage.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { account, checkLedger, post } from '../ledger/index.ts'
import type { Outcome } from '../payments/index.ts'
import { judgePayoutEvent } from './index.ts'

const AMOUNT = 60_000

t.test('what the provider tells of payouts, on two replicas', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const contexts = app.replicas.map((replica) => replica.ctx)
  const [a, b] = contexts as [typeof contexts[0], typeof contexts[0]]
  const { xendit } = app.simulators.control
  const p = await payoutStage(app)
  const mitra = await p.newMitra()
  const [{ id: accountId }] = await app.query<{ id: string }>('select id from mitra_bank_accounts where mitra_id = $1', [mitra.id]) as [{ id: string }]

  /** A payout as it stands right after it was sent, made by rows; `known`: we have heard the provider's id. */
  async function sent(known = true): Promise<{ id: string; providerId: string }> {
    const id = a.ids.next()
    const made = await a.gateways.payouts.createPayout({ id, channelCode: 'ID_BCA', accountNumber: '7310284596', holderName: 'Made', amountIdr: AMOUNT, description: 'Halobestie' })
    await app.query(`insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind, approved_at, sent_at, provider_payout_id)
      values ($1, $2, $3, 'sent', $4, 'system', app_now(), app_now(), $5)`, [id, mitra.id, accountId, AMOUNT, known ? made.id : null])
    await transact(a, (tx) => post(tx, { key: `payout:${id}:send`, flow: 'payout.sent', entries: [{ account: account.payable(mitra.id), amountIdr: -AMOUNT }, { account: account.payoutsPending, amountIdr: AMOUNT }] }))
    return { id, providerId: made.id }
  }
  const now = async (providerId: string, status: string) => void await xendit.movePayout(providerId, { status, notify: false })
  const bodyOf = (providerId: string, status: string, change: object = {}) => {
    const body = xendit.payoutCallback(providerId, status)
    return { ...body, data: { ...body['data'] as object, ...change } }
  }
  const judge = (body: unknown, ctx = a): Promise<Outcome> => judgePayoutEvent(ctx, { id: randomUUID(), kind: 'payout', body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) })
  const row = async (id: string) => (await app.query<{ state: string; needs_staff: string | null; provider_payout_id: string | null }>('select state, needs_staff, provider_payout_id from payouts where id = $1', [id]))[0]!
  const postings = async (id: string) => (await app.query<{ key: string }>(`select key from ledger_transactions where key like $1 order by id`, [`payout:${id}:%`])).map(({ key }) => key.split(':')[2])

  t.test('in every order, each one doubled and at once: what the provider says in the end counts', async (t) => {
    const events = ['ACCEPTED', 'SUCCEEDED', 'FAILED', 'REVERSED']
    const before = await p.money(mitra)
    for (const order of permutations(events)) {
      const { id, providerId } = await sent()
      await now(providerId, 'REVERSED')
      const outcomes = await judgeDoubled(order.map((status) => bodyOf(providerId, status)))
      t.same([(await row(id)).state, await postings(id)], ['reversed', ['send', 'reversed']], order.join(', '))
      t.ok(outcomes.every((outcome) => outcome.to === 'applied'), 'all of that can have been true on the way')
    }
    t.same(await p.money(mitra), before, 'all came back')
  })

  t.test('what the provider does not confirm is parked, in whatever order it comes', async (t) => {
    for (const order of permutations(['ACCEPTED', 'SUCCEEDED', 'FAILED', 'REVERSED'])) {
      const { id, providerId } = await sent()
      await now(providerId, 'SUCCEEDED')
      const outcomes = await judgeDoubled(order.map((status) => bodyOf(providerId, status)))
      t.same([(await row(id)).state, await postings(id)], ['succeeded', ['send', 'succeeded']], order.join(', '))
      t.equal(outcomes.filter((outcome) => outcome.to === 'parked' && outcome.reason === 'not_confirmed').length, 4, 'the failure and the reversal that never were')
    }
  })

  async function judgeDoubled(bodies: readonly unknown[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const body of bodies) outcomes.push(...await Promise.all([judge(body, a), judge(body, b)]))
    return outcomes
  }

  t.test('a success that is reversed later comes back, from where it went to', async (t) => {
    const { id, providerId } = await sent()
    const before = { ...await p.money(mitra), clearing: await p.sum('provider_clearing') }
    await now(providerId, 'SUCCEEDED')
    t.match(await judge(bodyOf(providerId, 'SUCCEEDED')), { to: 'applied', subjectId: id })
    await now(providerId, 'REVERSED')
    t.match(await judge(bodyOf(providerId, 'REVERSED')), { to: 'applied' })
    t.match(await judge(bodyOf(providerId, 'SUCCEEDED')), { to: 'applied', reason: 'already_posted' }, 'told again, late')
    t.same(await postings(id), ['send', 'succeeded', 'reversed'])
    t.same({ ...await p.money(mitra), clearing: await p.sum('provider_clearing') }, { payable: before.payable + AMOUNT, pending: before.pending - AMOUNT, clearing: before.clearing })
    t.match(await row(id), { state: 'reversed', needs_staff: null })
    t.same((await p.notices(mitra)).slice(-2).toSorted(), ['Pencairan berhasil', 'Pencairan dikembalikan'])
  })

  t.test('what contradicts what we know changes nothing, and is for staff', async (t) => {
    for (const [first, then] of [['FAILED', 'SUCCEEDED'], ['REVERSED', 'SUCCEEDED'], ['SUCCEEDED', 'FAILED']] as const) {
      const { id, providerId } = await sent()
      await now(providerId, first)
      await judge(bodyOf(providerId, first))
      const before = [await postings(id), await p.money(mitra)]
      await now(providerId, then)
      t.match(await judge(bodyOf(providerId, then)), { to: 'parked', reason: 'contradiction' }, `${then} after ${first}`)
      t.match(await row(id), { state: first.toLowerCase(), needs_staff: 'contradiction' })
      t.same([await postings(id), await p.money(mitra)], before)
    }
    t.match((await p.finance.call('GET', '/payouts?needsStaff=true')).body.items.length, 3)
  })

  t.test('what is not about a payout of ours, or not of this amount, moves nothing', async (t) => {
    const { id, providerId } = await sent()
    await now(providerId, 'SUCCEEDED')
    const calls = app.simulators.control.calls('xendit.payout-get')
    const table: [unknown, string][] = [
      ['<html>', 'unreadable'], ['[]', 'unreadable'], [{ event: 'payout.succeeded', data: null }, 'unreadable'],
      [bodyOf(providerId, 'SUCCEEDED', { reference_id: randomUUID(), id: 'disb-other' }), 'unknown_payout'],
      [bodyOf(providerId, 'SUCCEEDED', { amount: AMOUNT + 1 }), 'amount_mismatch'],
      [bodyOf(providerId, 'SUCCEEDED', { amount: `${AMOUNT}` }), 'amount_mismatch'],
      [bodyOf(providerId, 'SUCCEEDED', { currency: 'PHP' }), 'currency_mismatch'],
      [bodyOf(providerId, 'SUCCEEDED', { id: 'disb-other' }), 'second_payout'],
      [bodyOf(providerId, 'UNDER_A_SPELL'), 'unknown_status'],
    ]
    for (const [body, reason] of table) t.match(await judge(body), { to: 'parked', reason }, reason)
    t.equal(app.simulators.control.calls('xendit.payout-get'), calls, 'nor does it cost a call')
    t.match(await row(id), { state: 'sent', needs_staff: null })
    const other = await sent()
    t.match(await judge(bodyOf(other.providerId, 'SUCCEEDED')), { to: 'parked', reason: 'not_confirmed' }, 'a forged success')
    await now(other.providerId, 'UNDER_A_SPELL')
    t.match(await judge(bodyOf(other.providerId, 'FAILED')), { to: 'parked', reason: 'not_confirmed' })
    t.equal((await row(other.id)).state, 'sent')
    for (const one of [{ id, providerId }, other]) {
      await now(one.providerId, 'SUCCEEDED')
      t.match(await judge({ event: 'v3_payout.succeeded', data: { data: (bodyOf(one.providerId, 'SUCCEEDED')).data } }), { to: 'applied' }, 'nested as some versions do')
    }
    app.simulators.control.setFaults({ xendit: { api: { error: 503, operations: ['payout-get'] } } })
    const late = await sent()
    t.match(await judge(bodyOf(late.providerId, 'SUCCEEDED')), { to: 'later', isFailure: true }, 'a provider that is away is waited for')
    app.simulators.control.resetFaults()
    await now(late.providerId, 'FAILED')
    await judge(bodyOf(late.providerId, 'FAILED'))
  })

  t.test('quicker than the answer to our own call', async (t) => {
    const { id, providerId } = await sent(false)
    await now(providerId, 'SUCCEEDED')
    t.match(await judge(bodyOf(providerId, 'SUCCEEDED')), { to: 'applied' })
    t.match(await row(id), { state: 'succeeded', provider_payout_id: providerId })
  })

  t.test('a storm of 200 copies, 50 at once, has one effect and costs next to no calls', async (t) => {
    const { id, providerId } = await sent()
    await now(providerId, 'FAILED')
    const body = JSON.stringify(bodyOf(providerId, 'FAILED'))
    const calls = app.simulators.control.calls('xendit.payout-get')
    const send = (n: number) => fetch(`${app.replicas[n % 2]!.url}/webhooks/xendit/payout`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-callback-token': testSecrets.xenditWebhookToken } })
    const statuses: number[] = []
    for (let batch = 0; batch < 4; batch++) statuses.push(...await Promise.all(Array.from({ length: 50 }, async (_, n) => (await send(n)).status)))
    t.ok(statuses.every((status) => status === 200), 'all are taken')
    await eventually(async () => (await row(id)).state === 'failed', 'it is applied')
    await eventually(async () => (await app.query(`select 1 from provider_inbox where subject_id = $1 and state = 'applied'`, [id])).length === 1, 'and settled')
    t.same(await postings(id), ['send', 'failed'])
    t.ok(app.simulators.control.calls('xendit.payout-get') - calls <= 2)
  })

  t.test('at rest the books are right', async (t) => {
    t.same((await checkLedger(a.sql)).problems, [])
    t.same((await findUnrest(app)).filter((what) => !what.includes('parked')), [])
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, index) => permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]))
}
