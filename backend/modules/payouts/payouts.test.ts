import pg from 'pg'
import t from 'tap'
import { checkLedger } from '../ledger/index.ts'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { hurry, payoutStage } from '../../testing/payout-stage.ts'
import { expect } from '../../testing/people.ts'
import { newKey, stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { prepareWeeklyBatch } from './index.ts'
import { sendPayout } from './send-payout.ts'

t.test('payouts on two replicas', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, sweepMs: 100, userRequests: 1_000_000, payoutAskSeconds: [60] }, worker: { timed: false }, atNoon: true })
  const [a, b] = app.replicas.map((replica) => replica.ctx) as [typeof app.replicas[0]['ctx'], typeof app.replicas[0]['ctx']]
  const { xendit } = app.simulators.control
  const p = await payoutStage(app)
  // Each test takes what it leaves: the week's batch counts who is owed anything.
  const earnings = async (mitra: { call: (method: string, path: string) => Promise<{ body: Record<string, number> }> }) => (await mitra.call('GET', '/api/v1/mitra/earnings')).body

  t.test('asked for by the mitra, gathered by finance, approved by another, sent, confirmed by the bank', async (t) => {
    const mitra = await p.newMitra(120_000)
    t.match(await earnings(mitra), { payableIdr: 120_000, heldIdr: 0, availableIdr: 120_000, minPayoutIdr: 50_000 })
    const asked = await p.ask(mitra, { amountIdr: 70_000 })
    t.match(asked, { status: 201, body: { payout: { state: 'requested', amountIdr: 70_000, bankAccount: { bankCode: 'BCA', accountNumberMasked: '••••4596' } } } })
    t.match(await earnings(mitra), { payableIdr: 120_000, availableIdr: 50_000, openPayout: { id: asked.body.payout.id } }, 'nothing has left yet')
    const { batchId, approvalId } = await p.handIn()
    t.match((await p.finance.call('GET', `/payout-batches/${batchId}`)).body, { batch: { state: 'submitted', amountIdr: 70_000, payouts: 1, approvalId } })
    t.match(await p.approve(approvalId, p.finance), { status: 403, body: { code: 'approval_self' } }, 'nobody approves what they handed in')
    t.match(await p.approve(approvalId), { status: 200, body: { approval: { state: 'approved' } } })
    const payout = await eventually(async () => (await p.rows(mitra)).find((row) => row.provider_payout_id !== null), 'it is sent')
    t.match(xendit.payout(payout.provider_payout_id!), { reference_id: payout.id, amount: 70_000, channel_code: 'ID_BCA', channel_properties: { account_number: '7310284596' } })
    t.same(await p.money(mitra), { payable: 50_000, pending: 70_000 })
    const clearing = await p.sum('provider_clearing')
    await xendit.movePayout(payout.provider_payout_id!, { status: 'SUCCEEDED' })
    await p.until(mitra, 'succeeded')
    t.same(await p.money(mitra), { payable: 50_000, pending: 0 })
    t.equal(await p.sum('provider_clearing') - clearing, 70_000)
    t.match((await mitra.call('GET', '/api/v1/mitra/payouts')).body, { items: [{ id: payout.id, state: 'succeeded', sentAt: String, settledAt: String }], nextCursor: null })
    t.match((await p.finance.call('GET', `/payouts?batchId=${batchId}`)).body, { items: [{ mitraId: mitra.id, mitraName: 'Made', accountHolderMasked: 'I*** M*** W***', requestedBy: 'mitra', needsStaff: null }] })
    t.same(await p.notices(mitra), ['Pencairan berhasil'])
    const acts = await app.query<{ act: string }>('select act from audit_log where target_id = $1 order by seq', [batchId])
    t.same(acts.map((row) => row.act), ['payout_batch.made', 'approval.requested', 'approval.approved', 'payout_batch.approved'])
    t.match(await p.approve(approvalId), { status: 200 }, 'the same person again')
    t.equal(xendit.payouts(payout.id).length, 1)
    await p.earn(mitra, -50_000)
  })

  t.test('what can’t be asked for is refused, and the same key is the same payout', async (t) => {
    t.match(await p.ask(await p.newMitra(100_000, '')), { status: 409, body: { code: 'conflict' } }, 'no bank account')
    const mitra = await p.newMitra(100_000)
    t.match(await p.ask(mitra, { amountIdr: 49_999 }), { status: 400, body: { code: 'amount_below_minimum' } })
    t.match(await p.ask(mitra, { amountIdr: 100_001 }), { status: 409, body: { code: 'insufficient_balance' } })
    t.match(await p.ask(await p.newMitra(49_999)), { status: 400, body: { code: 'amount_below_minimum' } })
    t.match(await mitra.call('POST', '/api/v1/mitra/payouts', { body: {} }), { status: 400, body: { code: 'idempotency_key_required' } })
    await p.hold(mitra, 40_000)
    t.match(await earnings(mitra), { payableIdr: 100_000, heldIdr: 40_000, availableIdr: 60_000 })
    t.match(await p.ask(mitra, { amountIdr: 60_001 }), { status: 409, body: { code: 'insufficient_balance' } }, 'what is held is not there yet')
    const key = newKey()
    const first = await expect(201, p.ask(mitra, {}, key))
    t.equal(first.body.payout.amountIdr, 60_000, 'all that is available, unless told otherwise')
    t.match(await p.ask(mitra, { amountIdr: 50_000 }), { status: 409, body: { code: 'conflict' } }, 'one at a time')
    // The answer was lost with the replica that gave it: the key's row is free, the payout is there.
    await app.query('delete from idempotency_keys where key = $1', [key])
    t.match(await p.ask(mitra, {}, key), { status: 201, body: { payout: { id: first.body.payout.id } } })
    await app.query(`update payouts set state = 'failed', failure_code = 'test', settled_at = app_now() where mitra_id = $1`, [mitra.id])
    await p.earn(mitra, -100_000)
  })

  t.test('two at once: one payout, one batch, one effect', async (t) => {
    const mitra = await p.newMitra(100_000)
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => p.ask(mitra.on(n % 2))))
    t.same(answers.map((answer) => answer.status).toSorted((one, other) => one - other), [201, 409, 409, 409, 409, 409])
    const made = await Promise.all(Array.from({ length: 4 }, () => p.make('requested')))
    t.same(made.map((answer) => answer.status).toSorted((one, other) => one - other), [201, 409, 409, 409], 'a payout is in one batch')
    const { id } = made.find((answer) => answer.status === 201)!.body.batch
    const submitted = await Promise.all([0, 1, 0, 1].map((replica) => p.finance.call('POST', `/payout-batches/${id}/submit`, { body: { reason: 'two at once' }, replica })))
    t.equal(new Set(submitted.map((answer) => answer.body.approval.id)).size, 1, 'handed in once')
    const other = await staffByRows(app, 'finance')
    const decided = await Promise.all([p.approve(submitted[0]!.body.approval.id, p.boss, 0), p.approve(submitted[0]!.body.approval.id, other, 1)])
    t.same(decided.map((answer) => answer.status).toSorted((one, other) => one - other), [200, 409])
    const payout = await eventually(async () => (await p.rows(mitra)).find((row) => row.provider_payout_id !== null), 'it is sent')
    await Promise.all([sendPayout(a, payout.id), sendPayout(b, payout.id), sendPayout(a, payout.id)])
    t.equal(xendit.payouts(payout.id).length, 1)
    t.same(await p.money(mitra), { payable: 0, pending: 100_000 })
    await xendit.movePayout(payout.provider_payout_id!, { status: 'FAILED', failureCode: 'INVALID_DESTINATION' })
    await p.until(mitra, 'failed')
    t.same(await p.money(mitra), { payable: 100_000, pending: 0 }, 'what failed came back')
    t.match((await mitra.call('GET', '/api/v1/mitra/payouts')).body.items[0], { state: 'failed', failureCode: 'INVALID_DESTINATION' })
    t.same(await p.notices(mitra), ['Pencairan gagal'])
    t.match((await mitra.call('GET', '/api/v1/mitra/bank-account')).body, { bankAccount: { isRefused: true } }, 'the bank knows no such account')
    t.match(await app.query(`select title from notifications where user_id = $1 and kind = 'bank_account'`, [mitra.id]), [{ title: 'Rekening tidak ditemukan' }])
    t.match(await p.ask(mitra), { status: 409, body: { code: 'conflict' } })
    await p.earn(mitra, -100_000)
  })

  t.test('a batch that nobody approves: rejected it is a draft again, and given up it is nothing', async (t) => {
    const mitra = await p.newMitra(80_000)
    await expect(201, p.ask(mitra))
    const { batchId, approvalId } = await p.handIn()
    // Whoever decides has locked the approval and wants the batch: who hands it in again has not taken that before.
    const deciding = new pg.Client({ connectionString: app.db.ownerUrl })
    await deciding.connect()
    const { rows } = await deciding.query<{ pid: number }>('select pg_backend_pid() as pid')
    await deciding.query('begin')
    await deciding.query('select 1 from approvals where id = $1 for update', [approvalId])
    const again = p.finance.call('POST', `/payout-batches/${batchId}/submit`, { body: { reason: 'the payouts of today' } })
    await eventually(async () => (await app.query(`select 1 from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))`, [rows[0]!.pid]))[0], 'it waits for the approval')
    await deciding.query('select 1 from payout_batches where id = $1 for update nowait', [batchId])
    await deciding.query('commit')
    await deciding.end()
    t.match(await again, { status: 202, body: { approval: { id: approvalId } } })
    await expect(200, p.boss.call('POST', `/approvals/${approvalId}/reject`, { body: { reason: 'not today' } }))
    t.match((await p.finance.call('GET', `/payout-batches/${batchId}`)).body.batch, { state: 'draft', approvalId: null })
    t.match(await p.finance.call('POST', `/payout-batches/${batchId}/reject`, { body: { reason: 'never' } }), { status: 200, body: { batch: { state: 'rejected' } } })
    t.match(await p.finance.call('POST', `/payout-batches/${batchId}/submit`, { body: { reason: 'again' } }), { status: 409 })
    t.match(await p.rows(mitra), [{ state: 'failed', failure_code: 'rejected' }])
    t.same(await p.money(mitra), { payable: 80_000, pending: 0 })
    t.same(await p.notices(mitra), ['Pencairan ditolak'])
    t.match(await p.ask(mitra), { status: 201 }, 'they may ask again')
    const second = await p.handIn()
    t.match(await p.finance.call('POST', `/payout-batches/${second.batchId}/reject`, { body: { reason: 'it waits' } }), { status: 409 }, 'what waits for a second person is theirs')
    for (const role of ['admin', 'moderator', 'viewer'] as const) t.match(await p.make('requested', await staffByRows(app, role)), { status: 403 }, role)
    t.match(await (await staffByRows(app, 'admin')).call('GET', '/payouts'), { status: 200 }, 'an admin reads')
    await expect(200, p.boss.call('POST', `/approvals/${second.approvalId}/reject`, { body: {} }))
    await expect(200, p.finance.call('POST', `/payout-batches/${second.batchId}/reject`, { body: { reason: 'the end of this test' } }))
    await p.earn(mitra, -80_000)
  })

  t.test('what is owed shrinks between the approval and the call: it fails, and nothing is posted', async (t) => {
    const mitra = await p.newMitra(60_000)
    await expect(201, p.ask(mitra))
    const { approvalId } = await p.handIn()
    await p.earn(mitra, -20_000)
    await expect(200, p.approve(approvalId))
    t.match(await p.until(mitra, 'failed'), { failure_code: 'insufficient', provider_payout_id: null })
    t.same(await p.money(mitra), { payable: 40_000, pending: 0 })
    t.same(xendit.payouts((await p.rows(mitra))[0]!.id), [])
  })

  t.test('none while a refund of its sessions is on its way', async (t) => {
    const scene = await stage(app, 'ended')
    const { mitra } = scene
    await p.earn(mitra, 60_000)
    await expect(200, mitra.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BRI', accountNumber: '001201000123504', accountHolderName: 'Made' } }))
    await expect(201, p.ask(mitra, { amountIdr: 60_000 }))
    const [payment] = await app.query<{ id: string; customer_id: string }>('select id, customer_id from payments where session_id = $1', [scene.sessionId])
    await app.query(`insert into refunds (id, payment_id, session_id, customer_id, state, amount_idr, reason, requested_by_kind, requested_by, approved_at)
      values (gen_random_uuid(), $1, $2, $3, 'approved', 1000, 'a test', 'staff', $3, app_now())`, [payment!.id, scene.sessionId, payment!.customer_id])
    await expect(200, p.approve((await p.handIn()).approvalId))
    const waits = await eventually(async () => (await app.query(`select 1 from outbox where topic = 'payouts.send' and done_at is null and due_at > app_now() + interval '1 minute'`))[0], 'it waits')
    t.ok(waits)
    t.match(await p.rows(mitra), [{ state: 'approved', needs_staff: null }])
    await app.query(`update payouts set approved_at = approved_at - interval '25 hours' where mitra_id = $1`, [mitra.id])
    await hurry(app)
    await eventually(async () => (await p.rows(mitra))[0]!.needs_staff === 'refund_pending', 'after a day a person looks')
    await app.query(`delete from refunds where session_id = $1`, [scene.sessionId])
    await eventually(async () => {
      await hurry(app)
      return (await p.rows(mitra))[0]!.provider_payout_id !== null
    }, 'it goes out')
    const [payout] = await p.rows(mitra)
    t.equal(payout!.needs_staff, null)
    await xendit.movePayout(payout!.provider_payout_id!, { status: 'SUCCEEDED' })
    await p.until(mitra, 'succeeded')
  })

  t.test('the week’s batch: everybody who is owed enough and can be paid, once, whoever prepares it', async (t) => {
    const [due, held, poor, unpayable, gone] = [await p.newMitra(90_000), await p.newMitra(90_000), await p.newMitra(40_000), await p.newMitra(90_000, ''), await p.newMitra(90_000)]
    await p.hold(held, 50_000)
    await app.query(`update mitras set status = 'deactivated', deactivated_at = app_now() where user_id = $1`, [gone.id])
    const [asking, dead] = [await p.newMitra(200_000), await p.newMitra(90_000)]
    await app.query(`update mitra_bank_accounts set refused_at = app_now(), refused_code = 'INVALID_DESTINATION' where mitra_id = $1`, [dead.id])
    await expect(201, p.ask(asking, { amountIdr: 150_000 }))
    const batches = await Promise.all([prepareWeeklyBatch(a), prepareWeeklyBatch(b), prepareWeeklyBatch(a)])
    t.equal(new Set(batches.map((batch) => batch?.id)).size, 1, 'one a week')
    const paid = await app.query<{ mitra_id: string; amount_idr: string; requested_by_kind: string }>('select mitra_id, amount_idr, requested_by_kind from payouts where batch_id = $1', [batches[0]!.id])
    const of = (mitra: { id: string } | undefined) => paid.filter((row) => row.mitra_id === mitra!.id).map((row) => `${row.requested_by_kind} ${row.amount_idr}`)
    t.match(batches[0], { payouts: 2, amountIdr: 240_000 })
    t.same([due, asking, held, poor, unpayable, gone, dead].map(of), [['system 90000'], ['mitra 150000'], [], [], [], [], []])
    const again = await p.make('weekly')
    t.match(again, { status: 201, body: { batch: { id: batches[0]!.id, kind: 'weekly', state: 'draft', madeBy: null } } })
    const { approvalId } = await p.handIn('weekly')
    t.match(await p.approve(approvalId, p.finance), { status: 403, body: { code: 'approval_self' } }, 'the system is no person: the week takes two as well')
    await expect(200, p.approve(approvalId))
    for (const mitra of [due, asking]) {
      const payout = await eventually(async () => (await p.rows(mitra)).find((row) => row.provider_payout_id !== null), 'it is sent')
      await xendit.movePayout(payout.provider_payout_id!, { status: 'SUCCEEDED', v3: true })
      await p.until(mitra, 'succeeded')
    }
    t.match(await p.make('requested'), { status: 409 }, 'nothing is left')
    const setAccount = (accountNumber: string) => expect(200, dead.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber, accountHolderName: 'I Made Wirawan' } }))
    t.match((await setAccount('7310284596')).body, { bankAccount: { isRefused: true } }, 'the same account is no other')
    t.match(await p.ask(dead), { status: 409 })
    t.match((await setAccount('7310284597')).body, { bankAccount: { isRefused: false } })
    await expect(201, p.ask(dead))
    await app.query(`update payouts set state = 'failed', failure_code = 'test', settled_at = app_now() where mitra_id = $1`, [dead.id])
    for (const mitra of [held, unpayable, gone, dead]) await p.earn(mitra, -90_000)
  })

  t.test('the provider is away, slow or says no: never two, and what can’t be made comes back', async (t) => {
    const begin = async (number: string) => {
      const mitra = await p.newMitra(75_000, number)
      await expect(201, p.ask(mitra))
      return { mitra, approvalId: (await p.handIn()).approvalId }
    }
    const made = async (mitra: Parameters<typeof p.rows>[0]) => eventually(async () => {
      await hurry(app)
      return (await p.rows(mitra)).find((row) => row.provider_payout_id !== null)
    }, 'it is made in the end')

    const late = await begin('1000000001')
    app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, times: 1, operations: ['payout-create'] } } })
    await expect(200, p.approve(late.approvalId))
    const first = await made(late.mitra)
    t.equal(xendit.payouts(first.id).length, 1, 'made although we were not told, and found')

    const away = await begin('1000000002')
    app.simulators.control.setFaults({ xendit: { api: { error: 'html502', operations: ['payout-create', 'payout-list'] } } })
    await expect(200, p.approve(away.approvalId))
    await eventually(async () => {
      await hurry(app)
      return (await p.rows(away.mitra))[0]!.send_tries >= 1
    }, 'it was tried')
    t.match(await p.rows(away.mitra), [{ state: 'sent', failure_code: null }], 'nobody knows: it stays reserved')
    app.simulators.control.resetFaults()
    const second = await made(away.mitra)
    t.equal(xendit.payouts(second.id).length, 1)

    const wrong = await begin('1000000003')
    xendit.setPayoutRule({ refuse: { status: 403, code: 'REQUEST_FORBIDDEN_ERROR' } })
    await expect(200, p.approve(wrong.approvalId))
    await eventually(async () => (await p.rows(wrong.mitra))[0]!.needs_staff === 'REQUEST_FORBIDDEN_ERROR', 'a wrong key is for staff')
    t.match((await p.finance.call('GET', '/payouts?needsStaff=true')).body.items, [{ mitraId: wrong.mitra.id, state: 'sent' }])
    xendit.setPayoutRule({ refuse: { status: 400, code: 'INVALID_DESTINATION' } })
    await eventually(async () => {
      await hurry(app)
      return (await p.rows(wrong.mitra))[0]!.state === 'failed'
    }, 'what can’t be made comes back')
    t.same([(await p.money(wrong.mitra)).payable, (await p.rows(wrong.mitra))[0]!.failure_code], [75_000, 'INVALID_DESTINATION'])
    xendit.setPayoutRule({ refuse: null })

    // Nobody told us how these ended: we ask.
    for (const row of [first, second]) await xendit.movePayout(row.provider_payout_id!, { status: 'SUCCEEDED', notify: false })
    await app.query(`update payouts set ask_at = app_now() where state = 'sent'`)
    for (const mitra of [late.mitra, away.mitra]) await p.until(mitra, 'succeeded')
  })

  t.test('made although we were not told: a refusal after that proves nothing, and it is paid once', async (t) => {
    const rules: Parameters<typeof xendit.setPayoutRule>[0][] = [
      { refuseList: { status: 404, code: 'DATA_NOT_FOUND' } },
      { refuseList: { status: 400, code: 'API_VALIDATION_ERROR' } },
      { listLags: true, refuseRepeated: { status: 400, code: 'DUPLICATE_ERROR' } },
      { listLags: true, refuseRepeated: { status: 400, code: 'INVALID_DESTINATION' } },
    ]
    for (const rule of rules) {
      const code = (rule.refuseList ?? rule.refuseRepeated)!.code
      const mitra = await p.newMitra(75_000)
      await expect(201, p.ask(mitra))
      const { approvalId } = await p.handIn()
      app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, times: 1, operations: ['payout-create'] } } })
      xendit.setPayoutRule(rule)
      await expect(200, p.approve(approvalId))
      const judged = await eventually(async () => {
        await sendPayout(a, (await p.rows(mitra))[0]!.id)
        return (await p.rows(mitra)).find((row) => row.needs_staff !== null || row.state === 'failed')
      }, 'it is shown to a person')
      t.match(judged, { state: 'sent', needs_staff: code, failure_code: null, provider_payout_id: null }, code)
      t.same(await p.money(mitra), { payable: 0, pending: 75_000 }, 'it stays reserved')
      t.match(await p.ask(mitra), { status: 400, body: { code: 'amount_below_minimum' } }, 'and there is nothing to ask for again')
      xendit.setPayoutRule({})
      const payout = await eventually(async () => {
        await sendPayout(a, (await p.rows(mitra))[0]!.id)
        return (await p.rows(mitra)).find((row) => row.provider_payout_id !== null)
      }, 'it is found')
      await xendit.movePayout(payout.provider_payout_id!, { status: 'SUCCEEDED' })
      t.match(await p.until(mitra, 'succeeded'), { needs_staff: null })
      t.same([xendit.payouts(payout.id).length, await p.money(mitra)], [1, { payable: 0, pending: 0 }])
    }
    app.simulators.control.resetFaults()
  })

  t.test('a month’s statement goes from what stood there to what stands there, in Jakarta’s days', async (t) => {
    const [mitra, other] = [await p.newMitra(), await p.newMitra(9_000)]
    const [payoutId, sessionId] = [a.ids.next(), a.ids.next()]
    const moved: [string, string, number, string][] = [
      ['2026-02-28T16:59:59.999Z', 'earned-before', 10_000, 'tip'], ['2026-02-28T17:00:00.000Z', 'earned-first', 70_000, 'settlement'],
      ['2026-03-15T03:00:00.000Z', `payout:${payoutId}:send`, -60_000, 'payout.sent'], ['2026-03-16T03:00:00.000Z', `payout:${payoutId}:failed`, 60_000, 'payout.failed'],
      ['2026-03-31T16:59:59.999Z', 'earned-last', 5_000, 'tip'], ['2026-03-31T17:00:00.000Z', 'earned-after', 1_000, 'tip'],
    ]
    for (const [at, key, amountIdr, flow] of moved) {
      await app.query(`with made as (insert into ledger_transactions (id, key, flow, session_id, created_at) values (gen_random_uuid(), $1, $2, $3, $4) returning id)
        insert into ledger_entries (transaction_id, account, amount_idr, created_at) select id, account, amount, $4 from made, (values ($5, $6::bigint), ('platform_revenue', -$6::bigint)) as e(account, amount)`,
      [key, flow, flow === 'settlement' ? sessionId : null, at, `mitra_payable:${mitra.id}`, amountIdr])
    }
    await app.query(`insert into ledger_balances (account, balance_idr) values ($1, 86000)`, [`mitra_payable:${mitra.id}`])
    const statement = async (query: string, who = mitra) => who.call('GET', `/api/v1/mitra/earnings/statement?${query}`)
    const march = await statement('month=2026-03')
    t.match(march.body, { month: '2026-03', openingIdr: 10_000, earnedIdr: 75_000, paidOutIdr: 0, closingIdr: 85_000 })
    t.same(march.body.items.map((item: { amountIdr: number; sessionId: string | null; payoutId: string | null }) => [item.amountIdr, item.sessionId, item.payoutId]),
      [[70_000, sessionId, null], [-60_000, null, payoutId], [60_000, null, payoutId], [5_000, null, null]])
    t.match((await statement('month=2026-04')).body, { openingIdr: 85_000, closingIdr: 86_000 }, 'each month opens with what the one before closed with')
    t.match((await statement('', other)).body, { openingIdr: 0, earnedIdr: 9_000, closingIdr: 9_000, items: [{ amountIdr: 9_000 }] }, 'this month, and one’s own alone')
    const csv = await statement('month=2026-03&format=csv')
    t.match(csv.headers, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="earnings-2026-03.csv"' })
    t.same(csv.text.trim().split('\r\n').map((line) => line.split(',').slice(-2).join(' ')), ['amount_idr balance_idr', ' 10000', '70000 80000', '-60000 20000', '60000 80000', '5000 85000', ' 85000'])
    t.match(await statement('month=2026-13'), { status: 400 })
    const page = await mitra.call('GET', '/api/v1/mitra/earnings/entries?limit=4')
    t.match([page.body.items.length, page.body.items[0].amountIdr], [4, 1_000])
    t.equal((await mitra.call('GET', `/api/v1/mitra/earnings/entries?limit=4&cursor=${page.body.nextCursor}`)).body.items.length, 2)
  })

  t.test('at rest the books are right', async (t) => {
    t.same((await checkLedger(a.sql)).problems, [])
    t.equal(await p.sum('payouts_pending'), 0)
    t.same(await findUnrest(app), [])
  })
})
