import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { MIGRATIONS } from '../../platform/migrations.ts'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { payoutStage } from '../../testing/payout-stage.ts'
import { expect } from '../../testing/people.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { account, checkLedger, post } from '../ledger/index.ts'
import type { Outcome } from '../payments/index.ts'
import { judgePayoutEvent, resendLostPayouts } from './index.ts'
import { sendPayout } from './send-payout.ts'

const AMOUNT = 60_000

t.test('what the provider tells of payouts, on two replicas', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { sweepMs: 1000 }, worker: { timed: false } })
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
    await eachOrder(events, async (order) => {
      const { id, providerId } = await sent()
      await now(providerId, 'REVERSED')
      const outcomes = await judgeDoubled(order.map((status) => bodyOf(providerId, status)))
      t.same([(await row(id)).state, await postings(id)], ['reversed', ['send', 'reversed']], order.join(', '))
      t.ok(outcomes.every((outcome) => outcome.to === 'applied'), 'all of that can have been true on the way')
    })
    t.same(await p.money(mitra), before, 'all came back')
  })

  t.test('what the provider does not confirm is parked, in whatever order it comes', async (t) => {
    await eachOrder(['ACCEPTED', 'SUCCEEDED', 'FAILED', 'REVERSED'], async (order) => {
      const { id, providerId } = await sent()
      await now(providerId, 'SUCCEEDED')
      const outcomes = await judgeDoubled(order.map((status) => bodyOf(providerId, status)))
      t.same([(await row(id)).state, await postings(id)], ['succeeded', ['send', 'succeeded']], order.join(', '))
      t.equal(outcomes.filter((outcome) => outcome.to === 'parked' && outcome.reason === 'not_confirmed').length, 4, 'the failure and the reversal that never were')
    })
  })

  // Each order has a payout of its own: several at a time.
  async function eachOrder(events: readonly string[], act: (order: string[]) => Promise<void>): Promise<void> {
    const orders = permutations(events)
    await Promise.all(Array.from({ length: 6 }, async () => {
      for (let order = orders.shift(); order; order = orders.shift()) await act(order)
    }))
  }

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
    const body = JSON.stringify(bodyOf(providerId, 'FAILED', { channel_properties: { account_number: '7310284596', account_holder_name: 'I Made Wirawan' }, account_number: 7310284596 }))
    const calls = app.simulators.control.calls('xendit.payout-get')
    const send = (n: number) => fetch(`${app.replicas[n % 2]!.url}/webhooks/xendit/payout`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-callback-token': testSecrets.xenditWebhookToken } })
    const statuses: number[] = []
    for (let batch = 0; batch < 4; batch++) statuses.push(...await Promise.all(Array.from({ length: 50 }, async (_, n) => (await send(n)).status)))
    t.ok(statuses.every((status) => status === 200), 'all are taken')
    await eventually(async () => (await row(id)).state === 'failed', 'it is applied')
    await eventually(async () => (await app.query(`select 1 from provider_inbox where subject_id = $1 and state = 'applied'`, [id])).length === 1, 'and settled')
    t.same(await postings(id), ['send', 'failed'])
    t.ok(app.simulators.control.calls('xendit.payout-get') - calls <= 2)
    const broken = await fetch(`${app.replicas[0]!.url}/webhooks/xendit/payout`, { method: 'POST', body: '{"account_number":"7310284596",', headers: { 'content-type': 'application/json', 'x-callback-token': testSecrets.xenditWebhookToken } })
    t.equal(broken.status, 200)
    // What was stored before is freed of it by the migration.
    const before = Buffer.from('{"data":{"id":"disb-1","channel_properties":{"account_number": "7310284596","account_holder_name":"I Made Wirawan"},"note":"é\\\\"}}')
    await app.query(`insert into provider_inbox (id, provider, kind, body, body_sha256, state, settled_at) values ($1, 'xendit', 'payout', $2, sha256($2), 'applied', app_now())`, [randomUUID(), before])
    await app.query(readFileSync(join(MIGRATIONS, '0023_outgoing.sql'), 'utf8').split('\n\n').at(-1)!)
    const stored = await app.query<{ body: string; reason: string | null; isOfBody: boolean }>(`select encode(body, 'escape') as body, reason, body_sha256 = sha256(body) as "isOfBody" from provider_inbox where kind = 'payout'`)
    t.equal(stored.length, 3)
    t.ok(stored.some((event) => event.body.includes('"account_number": "***"') && event.body.includes('disb-1')))
    for (const event of stored) t.same([/7310284596|Wirawan/.test(event.body), event.isOfBody], [false, true], 'no bank account stands in what is kept, nor in its hash')
    await eventually(async () => (await app.query(`select 1 from provider_inbox where reason = 'unreadable'`)).length === 1, 'what can’t be read is parked')
  })

  t.test('what stands still or contradicts: two persons say what the provider really did, and the money follows', async (t) => {
    const { body: { items: contradicting } } = await p.finance.call('GET', '/payouts?needsStaff=true&limit=100')
    const stuck = async (change = '') => {
      const payout = await sent(false)
      await app.query(`update payouts set needs_staff = 'stuck' ${change} where id = $1`, [payout.id])
      return payout
    }
    const say = (id: string, outcome: string, by = p.finance) => by.call('POST', `/payouts/${id}/settle`, { body: { outcome, reference: `TRX ${outcome}`, reason: 'the bank says so' } })
    const settle = async (id: string, outcome: string) => p.approve((await expect(202, say(id, outcome))).body.approval.id)
    const moved = async (act: () => Promise<unknown>) => {
      const before = { ...await p.money(mitra), clearing: await p.sum('provider_clearing') }
      await act()
      const after = { ...await p.money(mitra), clearing: await p.sum('provider_clearing') }
      return [after.payable - before.payable, after.pending - before.pending, after.clearing - before.clearing]
    }
    const table = { succeeded: [0, -AMOUNT, AMOUNT], failed: [AMOUNT, -AMOUNT, 0], reversed: [AMOUNT, -AMOUNT, 0] }
    for (const [outcome, expected] of Object.entries(table)) {
      const { id } = await stuck()
      const asked = await expect(202, say(id, outcome))
      t.match(await p.approve(asked.body.approval.id, p.finance), { status: 403, body: { code: 'approval_self' } })
      t.same(await moved(() => expect(200, p.approve(asked.body.approval.id))), expected, outcome)
      t.match(await row(id), { state: outcome, needs_staff: null })
      t.match((await app.query('select settled_reference, provider_status from payouts where id = $1', [id])), [{ settled_reference: `TRX ${outcome}`, provider_status: 'by_hand' }])
      t.match(await app.query('select act, reason, details from audit_log where target_id = $1 order by seq', [id]), [
        { act: 'approval.requested', reason: 'the bank says so' }, { act: 'approval.approved' }, { act: 'payout.settled', reason: 'the bank says so', details: { from: 'sent', outcome, reference: `TRX ${outcome}`, amountIdr: AMOUNT } },
      ])
      t.match(await say(id, outcome), { status: 409, body: { code: 'conflict' } }, 'it waits for nobody any more')
    }
    // Contradictions of before: what came back was paid after all, what was paid was not.
    for (const { id, state } of contradicting) {
      const [outcome, expected] = state === 'succeeded' ? ['failed', [AMOUNT, 0, -AMOUNT]] as const : ['succeeded', [-AMOUNT, 0, AMOUNT]] as const
      t.same(await moved(() => settle(id, outcome)), expected, `${state} was ${outcome}`)
      t.match(await row(id), { state: outcome, needs_staff: null })
    }
    const confirmed = await stuck()
    await settle(confirmed.id, 'succeeded')
    await app.query(`update payouts set needs_staff = 'contradiction' where id = $1`, [confirmed.id])
    t.same(await moved(() => settle(confirmed.id, 'succeeded')), [0, 0, 0], 'it was as we thought')
    await now(confirmed.providerId, 'REVERSED')
    t.same(await moved(() => judge(bodyOf(confirmed.providerId, 'REVERSED', { id: confirmed.providerId }))), [AMOUNT, 0, -AMOUNT], 'the provider’s later word counts')
    await app.query(`update payouts set needs_staff = 'contradiction' where id = $1`, [confirmed.id])
    await settle(confirmed.id, 'succeeded')
    await now(confirmed.providerId, 'REVERSED')
    t.same(await moved(() => judge(bodyOf(confirmed.providerId, 'REVERSED', { id: confirmed.providerId }))), [AMOUNT, 0, -AMOUNT], 'each time it says so')
    t.match([await row(confirmed.id), (await postings(confirmed.id)).length], [{ state: 'reversed' }, 5])

    const claimed = await stuck(`, claimed_until = app_now() + interval '30 seconds'`)
    const waiting = await expect(202, say(claimed.id, 'failed'))
    t.match(await p.approve(waiting.body.approval.id), { status: 409, body: { code: 'conflict' } }, 'not while the provider is being asked')
    t.match(await say(claimed.id, 'succeeded'), { status: 409, body: { code: 'conflict' } }, 'one thing at a time')
    await app.query(`update payouts set claimed_until = app_now() - interval '1 second' where id = $1`, [claimed.id])
    const twice = await Promise.all([p.approve(waiting.body.approval.id, p.boss, 0), p.approve(waiting.body.approval.id, p.boss, 1)])
    t.same([twice.map((answer) => answer.status), await postings(claimed.id)], [[200, 200], ['send', 'failed']], 'twice at once: once')

    const { id: never } = await stuck()
    await app.query(`update payouts set state = 'approved', sent_at = null where id = $1`, [never])
    t.match(await say(never, 'succeeded'), { status: 409, body: { code: 'conflict' } }, 'what was never sent was not paid')
    t.same(await moved(() => settle(never, 'failed')), [0, 0, 0])
    await transact(a, (tx) => post(tx, { key: `payout:${never}:test`, flow: 'test', entries: [{ account: account.payable(mitra.id), amountIdr: AMOUNT }, { account: account.payoutsPending, amountIdr: -AMOUNT }] }))
    t.match(await say(randomUUID(), 'failed'), { status: 404 })
  })

  t.test('what is to be sent and was lost is sent again under the same id; then a person looks', async (t) => {
    const { id, providerId } = await sent(false)
    const entries = () => app.query(`select id from outbox where payload ->> 'payoutId' = $1 and done_at is null`, [id])
    await app.query(`update payouts set send_tries = 1 where id = $1`, [id])
    t.equal(await resendLostPayouts(a, 10), 0, 'not at once')
    await app.query(`update payouts set approved_at = app_now() - interval '16 minutes' where id = $1`, [id])
    t.same((await Promise.all([resendLostPayouts(a, 10), resendLostPayouts(b, 10)])).toSorted((one, other) => one - other), [0, 1], 'on one replica')
    await eventually(async () => (await row(id)).provider_payout_id === providerId, 'it is found at the provider')
    t.equal(xendit.payouts(id).length, 1)
    await app.query(`update payouts set provider_payout_id = null, resends = 3, resent_at = app_now() - interval '16 minutes' where id = $1`, [id])
    await eventually(async () => (await entries()).length === 0, 'its entry is done')
    t.equal(await resendLostPayouts(a, 10), 1)
    t.match([await row(id), (await entries()).length], [{ state: 'sent', needs_staff: 'stuck' }, 0])
    t.equal(await resendLostPayouts(a, 10), 0)
    await now(providerId, 'SUCCEEDED')
    await judge(bodyOf(providerId, 'SUCCEEDED'))
    t.match(await row(id), { state: 'succeeded', needs_staff: null })
  })

  t.test('a look-up that fails again and again is tried less and less often, and shown to a person', async (t) => {
    const { id, providerId } = await sent(false)
    await app.query(`update payouts set send_tries = 1 where id = $1`, [id])
    app.simulators.control.setFaults({ xendit: { api: { error: 503, operations: ['payout-list'] } } })
    // No worker is to come between.
    await app.query(`create function held() returns trigger language plpgsql as $$ begin new.claimed_until := app_now() + interval '1 hour'; return new; end $$;
      create trigger held before insert on outbox for each row when (new.payload ->> 'payoutId' = '${id}') execute function held()`)
    const waits: number[] = []
    for (let round = 1; round <= 10; round++) {
      await sendPayout(a, id)
      const [entry] = await app.query<{ seconds: string }>(`delete from outbox where payload ->> 'payoutId' = $1 and done_at is null returning round(extract(epoch from due_at - created_at)) as seconds`, [id])
      waits.push(Number(entry?.seconds))
      if (round === 9) t.equal((await row(id)).needs_staff, null)
    }
    await app.query('drop function held cascade')
    t.same(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    t.match(await row(id), { state: 'sent', needs_staff: 'unreachable' })
    app.simulators.control.resetFaults()
    await sendPayout(a, id)
    t.match(await row(id), { state: 'sent', needs_staff: null, provider_payout_id: providerId })
    await now(providerId, 'SUCCEEDED')
    await judge(bodyOf(providerId, 'SUCCEEDED'))
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
