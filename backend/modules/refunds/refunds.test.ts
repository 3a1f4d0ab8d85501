import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect } from '../../testing/people.ts'
import { newKey, stage, STAGE_SETTINGS, type Scene } from '../../testing/stage.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'

type Row = { id: string; state: string; method: string; amount_idr: string | null; sources: { account: string; amountIdr: number }[]; needs_staff: string | null; settled_reference: string | null; provider_refund_id: string | null; send_tries: number }

t.test('refunds', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, sweepMs: 200 } })
  const { refunds } = app.simulators.control.xendit
  const [finance, boss, admin, moderator] = [await staffByRows(app, 'finance'), await staffByRows(app, 'super_admin'), await staffByRows(app, 'admin'), await staffByRows(app, 'moderator')]

  const paymentOf = async (scene: Scene) => (await app.query<{ id: string }>('select id from payments where session_id = $1 order by id limit 1', [scene.sessionId]))[0]!.id
  const row = async (id: string) => (await app.query<Row>('select * from refunds where id = $1', [id]))[0]!
  const ask = (scene: Scene, paymentId: string, key = newKey()) => scene.customer.call('POST', `/api/v1/payments/${paymentId}/refund-requests`, { body: { reason: 'not what I wanted' }, headers: { 'idempotency-key': key } })
  const give = (who: StaffPerson, body: object, key = newKey()) => who.call('POST', '/refunds', { body: { reason: 'a test', ...body }, headers: { 'idempotency-key': key } })
  const decide = (who: StaffPerson, id: string, what: string, body: object = {}, replica = 0) => who.call('POST', `/refunds/${id}/${what}`, { body, replica })
  const second = (who: StaffPerson, approvalId: string, what = 'approve', replica = 0) => who.call('POST', `/approvals/${approvalId}/${what}`, { body: {}, replica })
  const until = (id: string, state: string) => eventually(async () => ((await row(id)).state === state ? row(id) : undefined), `the refund is ${state}`)
  const refundable = async (paymentId: string) => (await expect(200, finance.call('GET', `/payments/${paymentId}`))).body.refundableIdr as number
  const audited = async (id: string) => (await app.query<{ act: string }>('select act from audit_log where target_id = $1 order by seq', [id])).map((entry) => entry.act)
  // Every session has a mitra of its own by name: nobody is matched, and scenes can stand beside one another.
  const [first, talk, over, other, unserved] = await Promise.all([
    stage(app, 'active', { named: true }), stage(app, 'active', { named: true }), stage(app, 'ended', { named: true }), stage(app, 'ended', { named: true }), stage(app, 'unserved', { named: true }),
  ])

  t.test('asked for by the customer, granted, made by the provider, told by its webhook', async (t) => {
    const scene = first
    const paymentId = await paymentOf(scene)
    const key = newKey()
    const asked = await expect(201, ask(scene, paymentId, key))
    t.match(asked.body.refund, { paymentId, state: 'requested', reason: 'not what I wanted' })
    const { id } = asked.body.refund
    await app.query('delete from idempotency_keys')
    t.equal((await expect(201, ask(scene, paymentId, key))).body.refund.id, id, 'the same key after a crash: the same request')
    t.match(await ask(scene, paymentId), { status: 409, body: { code: 'conflict' } }, 'one at a time')
    t.match(await expect(200, finance.call('GET', '/refunds?state=requested')), { body: { items: [{ id, requestedByKind: 'customer', amountIdr: null }] } })
    const approved = await expect(200, decide(finance, id, 'approve'))
    t.match(approved.body.refund, { state: 'approved', amountIdr: 25_000, sources: [{ account: `session_escrow:${scene.sessionId}`, amountIdr: 25_000 }] })
    t.match(await scene.money(), { escrow: 0 }, 'reserved at once')
    t.equal((await expect(200, decide(finance, id, 'approve'))).body.refund.id, id, 'repeated')
    t.match(await decide(boss, id, 'approve'), { status: 409, body: { code: 'conflict' } })
    const sent = await until(id, 'pending')
    t.match(refunds.get(sent.provider_refund_id!), { amount: 25_000, reference_id: id, reason: 'REQUESTED_BY_CUSTOMER', status: 'PENDING' })
    await refunds.succeed(sent.provider_refund_id!)
    await until(id, 'succeeded')
    t.match((await expect(200, scene.customer.call('GET', `/api/v1/payments/${paymentId}`))).body.payment.refunds, [{ id, state: 'succeeded', amountIdr: 25_000 }])
    t.equal(await refundable(paymentId), 0)
    t.match(await ask(scene, paymentId), { status: 409, body: { code: 'refund_exceeds' } })
    t.same(await audited(id), ['refund.approved'])
    await expect(200, scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    t.match(await scene.money(), { escrow: 0, wallet: 0, payable: 0 }, 'nothing was left to return or to share')
  })

  t.test('a part, another part, and no more than there is; then the end returns and shares what is left', async (t) => {
    const scene = await stage(app, 'paused', { named: true })
    const paymentId = await paymentOf(scene)
    const first = await expect(201, give(finance, { paymentId, amountIdr: 5_000 }))
    t.match(first.body.refund, { state: 'approved', requestedByKind: 'staff' })
    await expect(201, give(boss, { paymentId, amountIdr: 10_000 }))
    t.match(await give(finance, { paymentId, amountIdr: 10_001 }), { status: 409, body: { code: 'refund_exceeds' } })
    t.equal(await refundable(paymentId), 10_000)
    await app.query(`update chat_sessions set pause_until = app_now(), due_at = app_now() where id = $1`, [scene.sessionId])
    await scene.until('ended')
    const after = await scene.money()
    t.equal(after.escrow, 0)
    t.equal(after.wallet, 10_000, 'the unused is more than what the escrow still held: all of it is returned')
    t.equal(await refundable(paymentId), 10_000)
  })

  t.test('what the payment put into the wallet and was spent is not given back', async (t) => {
    const scene = unserved
    const paymentId = await paymentOf(scene)
    t.equal(await refundable(paymentId), 25_000)
    await app.query(`with t as (insert into ledger_transactions (id, key, flow) values (gen_random_uuid(), 'test:spend', 'test') returning id),
      e as (insert into ledger_entries (transaction_id, account, amount_idr) select id, account, idr from t, (values ('customer_wallet:' || $1::text, -15000), ('promotions', 15000)) as v(account, idr))
      update ledger_balances set balance_idr = balance_idr - 15000 where account = 'customer_wallet:' || $1::text`, [scene.customer.id])
    t.equal(await refundable(paymentId), 10_000)
    t.match(await give(finance, { paymentId, amountIdr: 10_001 }), { status: 409, body: { code: 'refund_exceeds' } })
    const made = await expect(201, give(finance, { paymentId }))
    t.match(made.body.refund, { amountIdr: 10_000, sources: [{ account: `customer_wallet:${scene.customer.id}`, amountIdr: 10_000 }] })
    t.equal((await scene.money()).wallet, 0)
  })

  t.test('a rupiah of the platform’s, or the mitra’s: two persons, and never the same', async (t) => {
    const scene = over
    const paymentId = await paymentOf(scene)
    const key = newKey()
    const asked = await expect(202, give(finance, { paymentId, clawback: true }, key))
    const { id: approvalId } = asked.body.approval
    await app.query('delete from idempotency_keys')
    t.equal((await expect(202, give(finance, { paymentId, clawback: true }, key))).body.approval.id, approvalId, 'the same key asks once')
    const [refund] = await app.query<Row>('select * from refunds where payment_id = $1', [paymentId])
    t.match(refund, { state: 'requested', amount_idr: '25000' })
    t.match(await second(finance, approvalId), { status: 403, body: { code: 'approval_self' } })
    t.match(await decide(boss, refund!.id, 'approve'), { status: 409, body: { code: 'approval_required' } })
    t.match(await decide(boss, refund!.id, 'reject', { reason: 'no' }), { status: 409, body: { code: 'approval_required' } })
    const before = await scene.money()
    const answers = await Promise.all([second(boss, approvalId), second(boss, approvalId, 'approve', 1)])
    t.same(answers.map((answer) => answer.status), [200, 200], 'twice at once, on two replicas')
    const after = await scene.money()
    t.same([after.revenue - before.revenue, after.payable - before.payable], [-7_500, -17_500])
    t.equal(after.payable, 0)
    t.same(await audited(refund!.id), ['approval.requested', 'approval.approved', 'refund.approved'])
    const sent = await until(refund!.id, 'pending')
    await refunds.fail(sent.provider_refund_id!)
    t.match(await until(refund!.id, 'failed'), { failure_code: 'ACCOUNT_NOT_FOUND' })
    t.match(await scene.money(), { payable: 17_500, revenue: before.revenue }, 'back to where it came from')
    t.equal(await refundable(paymentId), 25_000)
  })

  t.test('a clawback may leave the mitra owing; without one the platform bears it', async (t) => {
    await app.query(`with t as (insert into ledger_transactions (id, key, flow) values (gen_random_uuid(), 'test:paid-out', 'test') returning id),
      e as (insert into ledger_entries (transaction_id, account, amount_idr) select id, account, idr from t, (values ('mitra_payable:' || $1::text, -17500), ('provider_clearing', 17500)) as v(account, idr))
      update ledger_balances set balance_idr = balance_idr - 17500 where account = 'mitra_payable:' || $1::text`, [over.mitra.id])
    for (const [scene, clawback, payable] of [[over, true, -17_500], [other, false, 17_500]] as const) {
      const { body } = await expect(202, give(boss, { paymentId: await paymentOf(scene), clawback }))
      await expect(200, second(finance, body.approval.id))
      t.equal((await scene.money()).payable, payable)
    }
  })

  t.test('admin and moderator only ask; who decides may refuse', async (t) => {
    const scene = talk
    const paymentId = await paymentOf(scene)
    const asked = await expect(201, give(moderator, { paymentId, amountIdr: 3_000 }))
    const { id } = asked.body.refund
    t.match(asked.body.refund, { state: 'requested', amountIdr: 3_000 })
    for (const who of [admin, moderator]) t.equal((await decide(who, id, 'approve')).status, 403)
    t.match(await give(admin, { paymentId }), { status: 409, body: { code: 'conflict' } })
    await expect(200, decide(finance, id, 'reject', { reason: 'no' }))
    t.equal((await decide(finance, id, 'approve')).status, 409)
    t.same(await audited(id), ['refund.requested', 'refund.rejected'])
    const again = (await expect(201, give(admin, { paymentId, amountIdr: 4_000 }))).body.refund.id
    const byHand = await expect(202, decide(finance, again, 'approve', { method: 'manual' }))
    t.same((await expect(202, decide(finance, again, 'approve', { method: 'manual' }))).body, byHand.body, 'the same again is what waits')
    for (const other of [{ method: 'manual', amountIdr: 3_000 }, {}]) t.match(await decide(finance, again, 'approve', other), { status: 409, body: { code: 'conflict' } }, 'something else is not')
    await expect(200, second(boss, byHand.body.approval.id, 'reject'))
    const afresh = (await expect(201, give(admin, { paymentId, amountIdr: 4_000 }))).body.refund.id
    const both = await Promise.all([decide(finance, afresh, 'approve'), decide(boss, afresh, 'approve', {}, 1)])
    t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 409], 'two decide at once: one does')
    t.equal((await scene.money()).escrow, 21_000)
    t.equal((await app.query(`select 1 from ledger_transactions where key = $1`, [`refund:${afresh}:send`])).length, 1)
  })

  t.test('the end of the session meets a refund: the escrow is shared once', async (t) => {
    const scenes = await Promise.all([stage(app, 'active', { named: true }), stage(app, 'active', { named: true }), stage(app, 'active', { named: true })])
    await Promise.all(scenes.map(async (scene, index) => {
      const paymentId = await paymentOf(scene)
      await Promise.all([give(finance, { paymentId, amountIdr: 20_000 }), scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`), give(boss, { paymentId, amountIdr: 20_000 }, newKey())].toSorted(() => index - 1))
      await scene.until('ended')
      t.equal((await scene.money()).escrow, 0)
      const [sum] = await app.query<{ idr: string }>(`select coalesce(sum(amount_idr), 0) as idr from refunds where payment_id = $1 and state in ('approved', 'pending')`, [paymentId])
      t.ok(Number(sum!.idr) <= 20_000, 'one of the two, or none')
    }))
  })

  t.test('before a session has begun it is cancelled, not refunded', async (t) => {
    const scene = await stage(app, 'ringing', { named: true })
    t.match(await ask(scene, await paymentOf(scene)), { status: 409, body: { code: 'session_state_conflict' } })
    t.match(await ask(scene, await paymentOf(other)), { status: 404 }, 'somebody else’s payment')
  })

  t.test('a channel that can’t refund: by hand, and two persons say what became of it', async (t) => {
    refunds.setRules({ refusedChannels: ['BCA'] })
    const scene = talk
    const paymentId = await paymentOf(scene)
    const { id } = (await expect(201, give(finance, { paymentId, amountIdr: 8_000 }))).body.refund
    await eventually(async () => (await row(id)).method === 'manual', 'it is for staff')
    t.match(await row(id), { state: 'approved', needs_staff: 'REFUND_NOT_SUPPORTED' })
    t.match((await expect(200, finance.call('GET', '/refunds?needsStaff=true'))).body.items, [{ id, needsStaff: 'REFUND_NOT_SUPPORTED' }])
    t.equal((await scene.money()).escrow, 13_000, 'the money stays reserved')
    const { approval } = (await expect(202, decide(finance, id, 'settle', { outcome: 'succeeded', reference: 'TRX-1', reason: 'paid by hand' }))).body
    t.match(await second(finance, approval.id), { status: 403 })
    await expect(200, second(boss, approval.id))
    t.match(await row(id), { state: 'succeeded', decision_reason: 'a test', settled_reference: 'TRX-1' }, 'why it was decided and what proves it are two things')
    t.match(await app.query(`select details from audit_log where target_id = $1 and act = 'refund.settled'`, [id]), [{ details: { outcome: 'succeeded', reference: 'TRX-1' } }])
    const other = (await expect(201, give(finance, { paymentId, amountIdr: 2_000 }))).body.refund.id
    await eventually(async () => (await row(other)).method === 'manual', 'the next one too')
    refunds.setRules({})
    await expect(200, decide(finance, other, 'retry', { reason: 'they can now' }))
    await until(other, 'pending')
    t.equal((await decide(finance, other, 'settle', { outcome: 'failed', reference: '-', reason: '-' })).status, 409, 'it is the provider’s again')
    const byHand = await expect(202, give(boss, { paymentId, amountIdr: 1_000, method: 'manual' }))
    await expect(200, second(finance, byHand.body.approval.id))
    t.equal((await app.query(`select 1 from refunds where payment_id = $1 and method = 'manual' and state = 'approved'`, [paymentId])).length, 1, 'never sent')
  })

  t.test('what two persons decided to give by hand, one does not undo or send', async (t) => {
    const scene = talk
    const paymentId = await paymentOf(scene)
    const { body } = await expect(202, give(boss, { paymentId, amountIdr: 1_000, method: 'manual' }))
    await expect(200, second(finance, body.approval.id))
    const { id } = (await app.query<Row>('select * from refunds where payment_id = $1 order by id desc limit 1', [paymentId]))[0]!
    for (const what of ['reject', 'retry']) t.match(await decide(finance, id, what, { reason: 'alone' }), { status: 409, body: { code: 'conflict' } }, what)
    t.match(await row(id), { state: 'approved', method: 'manual', needs_staff: 'manual' })
    const { approval } = (await expect(202, decide(finance, id, 'settle', { outcome: 'succeeded', reference: 'TRX-2', reason: 'paid by hand' }))).body
    // Refused by the provider, or not sent yet: neither goes another way while its outcome waits for the second person.
    await app.query(`update refunds set needs_staff = 'REFUND_NOT_SUPPORTED' where id = $1`, [id])
    t.match(await decide(boss, id, 'retry', { reason: 'alone' }), { status: 409, body: { code: 'conflict' } })
    await app.query(`update refunds set method = 'provider', send_tries = 0 where id = $1`, [id])
    t.match(await decide(boss, id, 'reject', { reason: 'alone' }), { status: 409, body: { code: 'conflict' } })
    await app.query(`update refunds set method = 'manual' where id = $1`, [id])
    await expect(200, second(boss, approval.id))
    t.match(await row(id), { state: 'succeeded' })
    t.equal((await scene.money()).escrow, 9_000, 'given once')
  })

  t.test('a refund that fails when its session is over comes back to the wallet; of somebody banned, to suspense', async (t) => {
    await Promise.all([false, true].map(async (isBanned) => {
      const scene = await stage(app, 'active', { named: true })
      const { id } = (await expect(201, give(finance, { paymentId: await paymentOf(scene), amountIdr: 9_000 }))).body.refund
      const { provider_refund_id } = await until(id, 'pending')
      await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
      if (isBanned) await app.query('update users set banned_at = app_now() where id = $1', [scene.customer.id])
      await refunds.fail(provider_refund_id!)
      await until(id, 'failed')
      t.match(await scene.money(), { escrow: 0, wallet: isBanned ? 0 : 9_000 })
      const items = await app.query<{ id: string; reason: string; amount_idr: string }>('select * from suspense_items where customer_id = $1', [scene.customer.id])
      t.match(items, isBanned ? [{ reason: 'refund_returned', amount_idr: '9000' }] : [])
      if (!isBanned) return
      const { approval } = (await expect(202, finance.call('POST', `/suspense/${items[0]!.id}/resolve`, { body: { to: 'refund', reason: 'it is theirs' } }))).body
      await expect(200, second(boss, approval.id))
      const [again] = await app.query<Row>('select * from refunds where suspense_id = $1', [items[0]!.id])
      await refunds.succeed((await until(again!.id, 'pending')).provider_refund_id!)
      await until(again!.id, 'succeeded')
    }))
  })

  t.test('the books', async (t) => {
    for (const refund of refunds.all()) if (refund.status === 'PENDING') await refunds.succeed(refund.id)
    await eventually(async () => (await app.query(`select 1 from refunds where state = 'pending'`)).length === 0, 'every refund has its outcome')
    t.same(await findUnrest(app), [])
    const day = new Date((await app.clock.now()).getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
    const yesterday = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
    const { body } = await expect(200, finance.call('GET', `/reports/refunds?from=${yesterday}&until=${day}`))
    t.same(body.header, ['day', 'state', 'method', 'channel', 'refunds', 'amount_idr', 'pending_idr'])
    const lines = (body.rows as (string | number | null)[][])
    const idr = (state: string, at: number, method?: string) => lines.filter((line) => line[1] === state && (method === undefined || line[2] === method)).reduce((sum, line) => sum + Number(line[at]), 0)
    t.ok(idr('approved', 6) > 0)
    t.equal(idr('total', 6), idr('ledger', 6), 'what the refunds say and what the ledger says')
    t.equal(idr('ledger', 6), Number((await app.query<{ idr: string }>(`select sum(amount_idr) as idr from ledger_entries where account = 'refunds_pending'`))[0]!.idr))
    const [stored] = await app.query<Record<string, string>>(`select count(*) as requested, count(*) filter (where state = 'succeeded') as succeeded, sum(amount_idr) filter (where state = 'succeeded' and method = 'manual') as by_hand,
      sum(amount_idr) filter (where state = 'failed') as failed from refunds`)
    t.same([idr('requested', 4), idr('succeeded', 4), idr('succeeded', 5, 'manual'), idr('failed', 5)].map(String), [stored!['requested'], stored!['succeeded'], stored!['by_hand'], stored!['failed']])
    t.ok(lines.some((line) => line[1] === 'succeeded' && line[3] === 'BCA'), 'by channel')
    const csv = await finance.call('GET', `/reports/refunds?from=${yesterday}&until=${day}&format=csv`)
    t.equal(csv.text.trim().split('\r\n').length, lines.length + 1)
    await expect(200, finance.call('POST', '/ledger/check'))
    t.match(await app.query(`select act, actor_id, target_id, details from audit_log where act in ('report.exported', 'ledger.checked') order by seq`), [
      { act: 'report.exported', actor_id: finance.id, target_id: 'refunds', details: { from: yesterday, until: day } }, { act: 'ledger.checked', actor_id: finance.id, details: { ok: true, driftIdr: 0 } },
    ])
  })
})
