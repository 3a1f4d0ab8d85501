import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { StaffRole } from '../../platform/access.ts'
import { transact } from '../../platform/database.ts'
import { startTestApp, type Answer, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { account, post, sumAccount } from '../ledger/index.ts'
import { setBankAccount } from '../mitras/index.ts'
import { openSuspense } from '../payments/index.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']
/** What becomes of an act that a role asks for: done at once, done once a second person has approved it, asked of others, refused. */
type Outcome = 'alone' | 'second' | 'request' | 'refused'
type Row = {
  what: string
  /** Roles that are not named are refused. */
  roles: Partial<Record<StaffRole, Outcome>>
  ask(app: TestApp, staff: StaffPerson): Promise<{ answer: Answer; targetId: string }>
  /** The audit row of the act itself, once it is done. */
  done: string
}

async function suspend(app: TestApp): Promise<string> {
  const [payer] = await crowd(app, { kind: 'customer', count: 1 })
  return transact(app.replicas[0]!.ctx, async (tx) => {
    const suspense = await openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId: payer!.id, amountIdr: 9000, reason: 'payer_gone' })
    await post(tx, { key: `test:${suspense.id}`, flow: 'late_payment', entries: [{ account: account.providerClearing, amountIdr: -9000 }, { account: suspense.account, amountIdr: 9000 }] })
    return suspense.id
  })
}

/** The rows of each module's acts, one list each. */
const SUSPENSE = (['wallet', 'revenue'] as const).map((to): Row => ({
  what: `suspended money into ${to}`, roles: { super_admin: 'second', finance: 'second' }, done: 'suspense.resolved',
  async ask(app, staff) {
    const targetId = await suspend(app)
    return { targetId, answer: await staff.call('POST', `/suspense/${targetId}/resolve`, { body: { to, reason: 'a test' } }) }
  },
}))

/** Of each a mitra of its own: nobody has two open. */
const PAYOUT = (['failed', 'succeeded'] as const).map((outcome): Row => ({
  what: `a payout that stands still has ${outcome}`, roles: { super_admin: 'second', finance: 'second' }, done: 'payout.settled',
  async ask(app, staff) {
    const { ctx } = app.replicas[0]!
    const [[mitra], id] = [await crowd(app, { kind: 'mitra', count: 1 }), randomUUID()]
    const { id: accountId } = await setBankAccount(ctx, mitra!.id, { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'Made' })
    await app.query(`insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind, approved_at, sent_at, needs_staff)
      values ($1, $2, $3, 'sent', 9000, 'system', app_now(), app_now(), 'stuck')`, [id, mitra!.id, accountId])
    await transact(ctx, (tx) => post(tx, { key: `payout:${id}:send`, flow: 'payout.sent', entries: [{ account: account.payable(mitra!.id), amountIdr: -9000 }, { account: account.payoutsPending, amountIdr: 9000 }] }))
    return { targetId: id, answer: await staff.call('POST', `/payouts/${id}/settle`, { body: { outcome, reference: 'TRX-1', reason: 'a test' } }) }
  },
}))

/** The limit of a day counts what was given alone: one such credit for each. */
const CREDIT = ([['credit within the daily limit', 400_000, 'alone'], ['credit above the daily limit', 600_000, 'second']] as const).map(([what, amountIdr, outcome]): Row => ({
  what, roles: { super_admin: outcome, admin: outcome, finance: outcome }, done: 'credit.given',
  async ask(app, staff) {
    const [who] = await crowd(app, { kind: 'customer', count: 1 })
    const answer = await staff.call('POST', `/customers/${who!.id}/credit`, { body: { amountIdr, reason: 'a test' }, headers: { 'idempotency-key': randomUUID() } })
    const [row] = await app.query<{ id: string }>('select id from staff_credits where customer_id = $1', [who!.id])
    return { targetId: row?.id ?? who!.id, answer }
  },
}))

t.test('who may do what with money alone, who with a second person, and that all of it is written down', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, settings: { sweepMs: 10_000 }, atNoon: true })
  const people = new Map<StaffRole, StaffPerson>()
  for (const role of ROLES) people.set(role, await staffByRows(app, role))
  const second = await staffByRows(app, 'finance')
  const auditOf = async (targetId: string) => (await app.query<{ act: string; actor_id: string }>('select act, actor_id from audit_log where target_id = $1 order by seq', [targetId])).map((row) => [row.act, row.actor_id])

  for (const row of [...SUSPENSE, ...PAYOUT, ...CREDIT]) {
    const { what, roles, done } = row
    for (const [role, staff] of people) {
      const wanted = roles[role] ?? 'refused'
      const { answer, targetId } = await row.ask(app, staff)
      const name = `${what}, by ${role}: ${wanted} (${answer.status})`
      if (wanted === 'refused') {
        t.match(answer, { status: 403, body: { code: 'forbidden' } }, name)
        t.same(await auditOf(targetId), [], name)
        continue
      }
      if (wanted !== 'second') {
        t.ok(answer.status === 200 || answer.status === 201, name)
        t.equal((await auditOf(targetId)).length, 1, name)
        continue
      }
      t.match(answer, { status: 202, body: { approval: { state: 'pending' } } }, name)
      const { id } = answer.body.approval as { id: string }
      for (const other of people.values()) {
        const isDecider = other.role === 'super_admin' || other.role === 'finance'
        if (other === staff && isDecider) t.match(await other.call('POST', `/approvals/${id}/approve`, { body: {} }), { status: 403, body: { code: 'approval_self' } }, `${name}: never the same person`)
        else if (!isDecider) t.match(await other.call('POST', `/approvals/${id}/approve`, { body: {} }), { status: 403, body: { code: 'forbidden' } }, `${name}: not approved by ${other.role}`)
      }
      t.match(await second.call('POST', `/approvals/${id}/approve`, { body: {}, replica: 1 }), { status: 200, body: { approval: { state: 'approved' } } }, `${name}: approved by another`)
      t.same(await auditOf(targetId), [['approval.requested', staff.id], ['approval.approved', second.id], [done, second.id]], `${name}: written down`)
    }
  }
  t.match(await people.get('finance')!.call('POST', `/approvals/${randomUUID()}/approve`, { body: {} }), { status: 404 })

  await t.test('what the pages of money read: each row says what may be done with it, and nothing leaks past a role', async (t) => {
    const { ctx } = app.replicas[0]!
    const [finance, admin, moderator, viewer] = (['finance', 'admin', 'moderator', 'viewer'] as const).map((role) => people.get(role)!) as [StaffPerson, StaffPerson, StaffPerson, StaffPerson]
    const [payer] = await crowd(app, { kind: 'customer', count: 1 })
    await app.query(`update users set display_name = 'Citra Lestari' where id = $1`, [payer!.id])
    const packageId = ctx.ids.next()
    await app.query('insert into packages (id, minutes, price_idr, active) values ($1, 15, 25000, false)', [packageId])
    const paid = async (kind: 'session' | 'tip', amountIdr = 25_000) => {
      const [id, sessionId] = [ctx.ids.next(), ctx.ids.next()]
      await app.query(`insert into chat_sessions (id, state, customer_id, package_id, minutes, price_idr, mitra_share_percent, ended_at) values ($1, 'cancelled', $2, $3, 15, $4, 70, app_now())`, [sessionId, payer!.id, packageId, amountIdr])
      await app.query(`insert into payments (id, customer_id, session_id, purchase_id, state, kind, amount_idr, provider_invoice_id, create_until, expires_at, pending_at, paid_at)
        values ($1, $2, $3, $4, 'paid', $5, $6, $7, app_now(), app_now(), app_now(), app_now())`, [id, payer!.id, sessionId, randomUUID(), kind, amountIdr, `inv-${id}`])
      await transact(ctx, (tx) => post(tx, { key: `payment:${id}:inv-${id}`, flow: 'late_payment', sessionId, paymentId: id, entries: [{ account: account.providerClearing, amountIdr: -amountIdr }, { account: account.wallet(payer!.id), amountIdr }] }))
      return { id, sessionId }
    }
    const [one, tip] = [await paid('session'), await paid('tip')]
    const ids = async (path: string, staff = finance) => ((await staff.call('GET', path)).body.items as { id: string }[]).map((item) => item.id)
    const today = new Date((await app.clock.now()).getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
    t.same(await ids(`/payments?customerId=${payer!.id}`), [tip.id, one.id], 'the newest first')
    t.same(await ids(`/payments?customerId=${payer!.id}&kind=tip&state=paid`), [tip.id])
    t.same(await ids(`/payments?kind=tip&limit=100`), [tip.id])
    t.same(await ids(`/payments?providerInvoiceId=inv-${one.id}`), [one.id])
    t.same(await ids(`/payments?customerId=${payer!.id}&from=${today}&until=${today}`), [tip.id, one.id])
    t.same(await ids('/payments?until=2020-01-01'), [])
    t.same(await ids('/payments?from=2999-01-01'), [])
    t.match(await finance.call('GET', '/payments?from=yesterday'), { status: 400 })

    const eventId = ctx.ids.next()
    await app.query(`insert into provider_inbox (id, provider, kind, body_sha256, body, state, reason, settled_at, payment_id) values ($1, 'xendit', 'refund', $2, $3, 'parked', 'second_refund', app_now(), $4)`,
      [eventId, Buffer.from(eventId), JSON.stringify({ event: 'refund.succeeded', data: { id: 'rfd-1', status: 'SUCCEEDED', amount: 25_000, currency: 'IDR' } }), one.id])
    const shown = await finance.call('GET', `/payments/${one.id}`)
    t.match(shown.body, {
      payment: { id: one.id, customerName: 'Citra Lestari', providerInvoiceId: `inv-${one.id}` }, refundableIdr: 25_000, refunds: [], acts: ['refund'], suspended: [],
      events: [{ id: eventId, claims: { providerRefundId: 'rfd-1', status: 'SUCCEEDED', amountIdr: 25_000 }, acts: ['replay'] }], transactions: [{ flow: 'late_payment', entries: [{}, {}] }],
    })
    t.match((await finance.call('GET', `/inbox-events/${eventId}`)).body, { event: { id: eventId, reason: 'second_refund', claims: { providerRefundId: 'rfd-1' }, acts: ['replay'] } })
    t.match((await admin.call('GET', `/inbox-events/${eventId}`)).body.event.acts, [], 'an admin reads')

    const asked = await moderator.call('POST', '/refunds', { body: { paymentId: one.id, reason: 'asked by phone' }, headers: { 'idempotency-key': randomUUID() } })
    t.match(asked, { status: 201, body: { refund: { state: 'requested', acts: [] } } }, 'who only asks, decides nothing')
    const { id } = asked.body.refund as { id: string }
    t.same((await finance.call('GET', `/payments/${one.id}`)).body.acts, [], 'one request at a time')
    t.match((await finance.call('GET', `/refunds/${id}`)).body, { refund: { id, acts: ['approve', 'reject'], customerName: 'Citra Lestari', requestedByName: 'Test moderator', approvalId: null }, payment: { id: one.id }, refundableIdr: 25_000 })
    const masked = await moderator.call('GET', `/refunds/${id}`)
    t.match(masked.body, { refund: { customerName: 'C***', acts: [] }, payment: null, refundableIdr: null, transactions: [] })
    t.notOk(masked.text.includes('Lestari') || (await moderator.call('GET', `/refunds?customerId=${payer!.id}`)).text.includes('Lestari'), 'a moderator sees no name')
    const byHand = await finance.call('POST', `/refunds/${id}/approve`, { body: { method: 'manual', reason: 'the bank said no' } })
    const approvalId = byHand.body.approval.id as string
    t.match((await finance.call('GET', `/refunds/${id}`)).body, { refund: { acts: [], approvalId } }, 'it is decided on there')
    t.match((await finance.call('GET', `/approvals/${approvalId}`)).body.approval, { isOwn: true, acts: [], about: { customerId: payer!.id, customerName: 'Citra Lestari', paymentId: one.id } })
    t.match((await second.call('GET', `/approvals/${approvalId}`)).body.approval, { isOwn: false, acts: ['approve', 'reject'] })
    t.match((await admin.call('GET', `/approvals/${approvalId}`)).body.approval.acts, [], 'an admin looks on')
    t.match((await finance.call('GET', '/waiting')).body, { approvals: { waiting: 1, own: 1 }, parked: 1, refunds: 1 })
    t.match(await second.call('POST', `/approvals/${approvalId}/approve`, { body: {} }), { status: 200, body: { approval: { acts: [] } } })
    t.match((await finance.call('GET', `/refunds/${id}`)).body, { refund: { state: 'approved', needsStaff: 'manual', acts: ['settle'], approvalId: null }, transactions: [{ flow: 'refund.sent' }] })

    const suspenseId = await suspend(app)
    const suspended = async () => ((await finance.call('GET', '/suspense?state=open')).body.items as { eventId: string; places: string[]; approvalId: string | null }[]).find((item) => item.eventId === suspenseId)
    t.match(await suspended(), { places: ['wallet', 'revenue'], approvalId: null }, 'of no known payment: it cannot go back by one')
    const toRevenue = await finance.call('POST', `/suspense/${suspenseId}/resolve`, { body: { to: 'revenue', reason: 'nobody claims it' } })
    t.match(await suspended(), { places: [], approvalId: toRevenue.body.approval.id })
    t.match((await finance.call('GET', `/suspense/${suspenseId}`)).body.suspended, { eventId: suspenseId, places: [], approvalId: toRevenue.body.approval.id })
    const holdId = ctx.ids.next()
    await app.query('insert into wallet_holds (id, customer_id) values ($1, $2)', [holdId, payer!.id])
    t.match((await finance.call('GET', `/wallet-holds/${holdId}`)).body.hold, { id: holdId, ownerName: 'Citra Lestari', state: 'held', places: ['owner', 'suspense'] })
    t.same((await admin.call('GET', `/wallet-holds/${holdId}`)).body.hold.places, [])
    for (const path of ['/suspense', '/wallet-holds', '/refunds', '/payouts', '/approvals', '/inbox-events']) t.equal((await finance.call('GET', `${path}/${randomUUID()}`)).status, 404, path)
    const [payout] = (await finance.call('GET', '/payouts?state=failed&limit=1')).body.items as { id: string; mitraId: string }[]
    t.match((await finance.call('GET', `/payouts/${payout!.id}`)).body.payout, { id: payout!.id, outcomes: [], approvalId: null }, 'it waits for nobody any more')
    await app.query(`update payouts set needs_staff = 'contradiction' where id = $1`, [payout!.id])
    t.same((await finance.call('GET', `/payouts/${payout!.id}`)).body.payout.outcomes, ['succeeded', 'failed', 'reversed'])
    t.same((await admin.call('GET', `/payouts/${payout!.id}`)).body.payout.outcomes, [])
    t.match((await finance.call('GET', `/mitras/${payout!.mitraId}/earnings`)).body.earnings, { mitraId: payout!.mitraId, payableIdr: 0, account: `mitra_payable:${payout!.mitraId}` })
    t.equal((await finance.call('GET', `/mitras/${payer!.id}/earnings`)).status, 404)

    // Files: of the whole list under its filter, written down, and for who may read the ledger.
    const file = await finance.call('GET', `/payments?customerId=${payer!.id}&format=csv`)
    t.match(file.headers, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="payments.csv"' })
    t.same(file.text.trim().split('\r\n').slice(1).map((line) => line.split(',')[1]), [tip.id, one.id])
    for (const path of ['/refunds', '/payouts', '/inbox-events', '/suspense', '/wallet-holds', '/approvals', '/payments', `/ledger/entries?account=customer_wallet:${payer!.id}`]) {
      const csv = `${path}${path.includes('?') ? '&' : '?'}format=csv`
      t.match(await finance.call('GET', csv), { status: 200, text: /^[a-z_]+,[a-z_,]+\r\n/ }, path)
      for (const staff of [moderator, viewer]) t.match(await staff.call('GET', csv), { status: 403, body: { code: 'forbidden' } }, `${path} is no file for a ${staff.role}`)
    }
    t.match(await app.query(`select target_id, details from audit_log where act = 'list.exported' and actor_id = $1 order by seq limit 1`, [finance.id]), [{ target_id: 'payments', details: { customerId: payer!.id } }])

    // One account, with what stood in it after each entry.
    const entries = `/ledger/entries?account=customer_wallet:${payer!.id}`
    const all = (await finance.call('GET', entries)).body
    t.match(all, { balanceIdr: 25_000, nextCursor: null })
    t.same(all.items.map((item: { flow: string; amountIdr: number; balanceIdr: number }) => [item.flow, item.amountIdr, item.balanceIdr]), [['refund.sent', -25_000, 25_000], ['late_payment', 25_000, 50_000], ['late_payment', 25_000, 25_000]])
    const first = (await finance.call('GET', `${entries}&limit=1`)).body
    t.same((await finance.call('GET', `${entries}&limit=2&cursor=${first.nextCursor}`)).body.items, all.items.slice(1), 'page by page the same')
    const lines = (await finance.call('GET', `${entries}&format=csv`)).text.trim().split('\r\n').slice(1).map((line) => line.split(',').at(-1))
    t.same(lines, ['25000', '50000', '25000'], 'as a file from the first on')
    for (const account of ['provider_clearing', 'refunds_pending', `suspense:${suspenseId}`]) t.equal((await finance.call('GET', `/ledger/entries?account=${account}`)).body.balanceIdr, await sumAccount(ctx.sql, account), account)
    t.equal((await finance.call('GET', '/ledger/entries?account=everything')).status, 400)
    const wallets = (await finance.call('GET', '/ledger/accounts?kind=customer_wallet&limit=1')).body
    t.match(wallets.items, [{ account: /^customer_wallet:/ }])
    t.match((await finance.call('GET', `/ledger/accounts?kind=customer_wallet&cursor=${wallets.nextCursor}&limit=100`)).body.nextCursor, null)
    const sums = (await finance.call('GET', '/ledger/balances')).body
    t.equal(sums.debitsIdr, sums.creditsIdr, 'debits are credits')
    t.equal(sums.totalIdr, 0)
  })
})
