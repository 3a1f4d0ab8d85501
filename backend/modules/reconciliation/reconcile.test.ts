import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { sql } from '../../platform/drizzle.ts'
import { createSettings } from '../../platform/settings.ts'
import { smallestHooks, startPayments } from '../../testing/payments.ts'
import { account, postAll, sumAccount } from '../ledger/index.ts'
import { setBankAccount } from '../mitras/index.ts'
import { createInvoice, postingKeyOfPayment, replayInboxEvent, type Payment } from '../payments/index.ts'
import { askForReconciliation, createXenditStatements, findDifferences, findReconciliations, findRun, reconcile, reconcileNightly, reconciliationReactions, type Reconciliation } from './index.ts'

const DAY = 86_400
const NIGHTLY = { scope: 'nightly', seconds: 2 * DAY } as const
const RECENT = { scope: 'recent', seconds: 600 } as const
const counts = (run: Reconciliation | undefined) => run && { listed: run.listed, agreed: run.agreed, healed: run.healed, parked: run.parked, error: run.error }

t.test('our payments beside the provider’s own lists', async (t) => {
  const app = await startPayments(t, { replicas: 2, settings: { providerCallsPerMinute: 100_000 } })
  const { ctx, xendit } = app
  const contexts = app.replicas.map((replica) => replica.ctx)
  const { control } = app.simulators
  const credited = async () => -(await sumAccount(ctx.sql, account.providerClearing))
  /** What is paid within the millisecond in which a comparison begins is the next one's: a second passes for everybody. */
  async function run(wanted: Parameters<typeof reconcile>[2] = NIGHTLY, by = ctx): Promise<Reconciliation | undefined> {
    await app.advance(1)
    return reconcile(by, smallestHooks, wanted)
  }
  const foundBy = async (one: Reconciliation | undefined) => findDifferences(ctx.sql, one!.id)
  const eventsOf = (paymentId: string) => app.query(`select id, kind, state, reason from provider_inbox where payment_id = $1 order by id`, [paymentId])

  /** Payments with their invoices, by rows: a thousand requests prove nothing more. */
  async function makePending(count: number): Promise<{ id: string; invoiceId: string }[]> {
    const customerId = await app.newCustomer()
    const made = Array.from({ length: count }, () => {
      const id = randomUUID()
      return { id, invoiceId: xendit.create({ external_id: id, amount: 25_000, currency: 'IDR', invoice_duration: 3600 }).id }
    })
    await app.query(`
      insert into payments (id, customer_id, session_id, purchase_id, state, amount_idr, provider_invoice_id, create_until, expires_at, pending_at)
      select id, $1, gen_random_uuid(), gen_random_uuid(), 'pending', 25000, invoice, app_now(), app_now() + interval '1 hour', app_now() from unnest($2::uuid[], $3::text[]) as g(id, invoice)`,
    [customerId, made.map(({ id }) => id), made.map(({ invoiceId }) => invoiceId)])
    return made
  }

  /** Their webhooks were heard and judged. */
  async function hear(made: Awaited<ReturnType<typeof makePending>>): Promise<void> {
    await silently(() => Promise.all(made.map(({ invoiceId }) => xendit.pay(invoiceId))))
    const sessions = new Map((await app.query('select id, session_id from payments where id = any($1)', [made.map(({ id }) => id)])).map((row) => [row.id, row.session_id]))
    await transact(ctx, async (tx) => {
      await tx.sql.execute(sql`update payments set state = 'paid', paid_at = app_now() where id = any(${sql.param(made.map(({ id }) => id))}::uuid[])`)
      await postAll(tx, made.map(({ id, invoiceId }) => ({
        key: postingKeyOfPayment(id, invoiceId), flow: 'payment', sessionId: sessions.get(id), paymentId: id,
        entries: [{ account: account.providerClearing, amountIdr: -25_000 }, { account: account.escrow(sessions.get(id)), amountIdr: 25_000 }],
      })))
    })
  }

  async function newPending(): Promise<Payment & { providerInvoiceId: string }> {
    return await createInvoice(ctx, (await app.newPayment()).id) as Payment & { providerInvoiceId: string }
  }

  /** What follows is done, and nobody is told by a webhook. */
  async function silently(act: () => unknown): Promise<void> {
    control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await act()
    control.resetFaults()
  }
  const paySilently = (invoiceId: string, pay = {}) => silently(() => xendit.pay(invoiceId, pay))
  async function pay(...payments: readonly { providerInvoiceId: string }[]): Promise<void> {
    await Promise.all(payments.map(({ providerInvoiceId }) => xendit.pay(providerInvoiceId)))
    await app.drainInbox()
  }

  /** Weeks later: no comparison looks at what was before, and nothing of it is open. */
  async function lap(): Promise<void> {
    await app.query(`update payments set state = 'expired', closed_at = app_now() where state = 'pending'`)
    await silently(() => app.advance(20 * DAY))
  }

  /** The same replica, with so many calls to the provider and none spent. */
  const withCalls = (calls: number): Ctx => ({ ...ctx, settings: createSettings({ providerCallsPerMinute: calls }), gateways: { ...ctx.gateways, payments: { ...ctx.gateways.payments } } })

  async function replay(eventId: string): Promise<unknown> {
    await transact(ctx, (tx) => replayInboxEvent(tx, eventId))
    await app.drainInbox()
    return (await app.query('select state, reason from provider_inbox where id = $1', [eventId]))[0]
  }

  await t.test('1,000 payments, 100 webhooks lost, one amount altered and one payment invented: 100 healed, 2 parked', async (t) => {
    const made = await makePending(1001)
    const altered = made.pop()!
    // What webhooks do is proved beside them: most of those that were heard are heard by rows.
    await Promise.all(made.slice(100, 150).map(({ invoiceId }) => xendit.pay(invoiceId)))
    await app.drainInbox(contexts)
    t.match(await app.query(`select count(*)::int as n from provider_inbox where state = 'applied'`), [{ n: 50 }])
    await hear(made.slice(150))
    const invented = xendit.create({ external_id: randomUUID(), amount: 25_000 })
    await silently(async () => {
      for (const { invoiceId } of made.slice(0, 100)) await xendit.pay(invoiceId)
      Object.assign(xendit.invoice(altered.invoiceId), { amount: 250_000 })
      await xendit.pay(altered.invoiceId)
      await xendit.pay(invented.id)
    })
    t.equal(await credited(), 900 * 25_000)

    // Both replicas at once: each payment is healed by one of them.
    const runs = await Promise.all(contexts.map((by) => run(NIGHTLY, by)))
    t.same(runs.map((one) => [one!.listed, one!.error, one!.unfinished]), [[1002, null, []], [1002, null, []]])
    t.equal(runs.reduce((sum, one) => sum + one!.healed, 0), 100)
    t.equal(runs.reduce((sum, one) => sum + one!.parked, 0), 2)
    t.equal(await credited(), 1000 * 25_000)
    t.same((await app.query(`select count(*)::int as n from payments where state = 'paid'`))[0], { n: 1000 })
    const parked = await app.query(`select kind, reason, payment_id from provider_inbox where state = 'parked' order by reason`)
    t.same(parked, [{ kind: 'invoice-listed', reason: 'amount_mismatch', payment_id: altered.id }, { kind: 'invoice-listed', reason: 'unknown_order', payment_id: null }], 'shown among the parked events')
    const again = await run()
    t.same(counts(again), { listed: 1002, agreed: 1000, healed: 0, parked: 0, error: null }, 'and once is enough')
    t.equal(again!.compared, 2 * 1002, 'the invoices, and a line of the statement for each')
    const metrics = await Promise.all(contexts.map((by) => by.metrics.registry.metrics()))
    const told = (name: string) => metrics.flatMap((text) => [...text.matchAll(new RegExp(`^${name.replace('{', '\\{')}.* (\\d+)$`, 'gm'))]).reduce((sum, [, value]) => sum + Number(value), 0)
    t.equal(told('reconciliation_differences_total{kind="payment",outcome="healed"'), 100)
    t.equal(told('reconciliation_differences_total{kind="payment",outcome="parked"'), 2)
    t.equal(told('reconciliation_compared_total{part="invoices"'), 3 * 1002)
  })

  await t.test('what differs is healed or parked, by its kind', async (t) => {
    await lap()
    const [short, surplus, gone, dollars] = [await newPending(), await newPending(), await newPending(), await newPending()]
    await paySilently(short.providerInvoiceId, { amount: 20_000 })
    await paySilently(surplus.providerInvoiceId, { amount: 30_000 })
    await paySilently(dollars.providerInvoiceId, { currency: 'USD' })
    await pay(gone)
    // Paid, as we think; the provider says that it never was.
    Object.assign(xendit.invoice(gone.providerInvoiceId), { status: 'EXPIRED', paid_at: undefined })
    const first = await run()
    t.same(counts(first), { listed: 3, agreed: 0, healed: 1, parked: 3, error: null })
    t.same(Object.fromEntries((await foundBy(first)).map((one) => [one.subjectId, `${one.outcome} ${one.what}`])), {
      [short.id]: 'parked underpaid', [surplus.id]: 'healed missed_payment', [dollars.id]: 'parked currency_mismatch', [gone.id]: 'parked not_paid_there',
    })
    t.equal(await sumAccount(ctx.sql, account.escrow(surplus.sessionId)), 30_000)
    t.match((await app.query('select reason, amount_idr::int from suspense_items')), [{ reason: 'underpaid', amount_idr: 20_000 }])
    t.same(counts(await run()), { listed: 3, agreed: 2, healed: 0, parked: 0, error: null }, 'and once is enough')
  })

  await t.test('a parked difference that staff have judged again stays for as long as it is there, and is back when it is', async (t) => {
    const [gone, more] = [await newPending(), await newPending()]
    await pay(gone, more)
    const [invoice, other] = [xendit.invoice(gone.providerInvoiceId), xendit.invoice(more.providerInvoiceId)]
    const paidAt = invoice.paid_at
    const withdraw = () => Object.assign(invoice, { status: 'EXPIRED', paid_at: undefined })
    withdraw()
    Object.assign(other, { paid_amount: 90_000 })
    t.match(await run(), { parked: 2 })
    const [lost, differs] = [(await eventsOf(gone.id)).at(-1)!, (await eventsOf(more.id)).at(-1)!]
    t.match([lost, differs], [{ kind: 'invoice-listed', reason: 'not_paid_there' }, { kind: 'invoice-listed', reason: 'posted_differs' }])
    t.match(await replay(lost.id), { state: 'parked', reason: 'not_paid_there' })
    t.match(await replay(differs.id), { state: 'parked', reason: 'posted_differs' })
    t.match(await run(), { parked: 0 }, 'and is no new one')
    Object.assign(invoice, { status: 'PAID', paid_at: paidAt })
    Object.assign(other, { paid_amount: 25_000 })
    t.match(await replay(lost.id), { state: 'applied', reason: 'already_posted' })
    t.match(await replay(differs.id), { state: 'applied', reason: 'already_posted' })
    withdraw()
    t.match(await run(), { parked: 1 }, 'counted again')
    t.match((await eventsOf(gone.id)).at(-1), { id: lost.id, state: 'parked', reason: 'not_paid_there' })
  })

  await t.test('what we took for paid is asked about where the list does not call it paid; one without an answer ends nothing', async (t) => {
    await lap()
    const [renamed, garbled, gone, late, twice] = [await newPending(), await newPending(), await newPending(), await newPending(), await newPending()]
    await pay(renamed, garbled, gone, late)
    // Listed, by another status.
    Object.assign(xendit.invoice(renamed.providerInvoiceId), { status: 'EXPIRED' })
    Object.assign(xendit.invoice(garbled.providerInvoiceId), { paid_at: undefined, amount: 'a word' })
    Object.assign(xendit.invoice(gone.providerInvoiceId), { paid_at: undefined, status: 'EXPIRED' })
    Object.assign(xendit.invoice(late.providerInvoiceId), { paid_at: undefined })
    // Its money came by another invoice than the one in its row.
    const stray = xendit.create({ external_id: twice.id, amount: 25_000 })
    await pay({ providerInvoiceId: stray.id })
    t.equal(await app.stateOf(twice.id), 'paid')
    await silently(() => xendit.expire(twice.providerInvoiceId))

    control.setFaults({ xendit: { api: { error: 500, operations: ['get'], times: 1 } } })
    const first = await run(RECENT)
    t.match(first, { listed: 2, agreed: 1, error: 'provider_unreachable', unfinished: ['ours'] }, 'it says so')
    t.ok(first!.parked >= 2, 'the others were asked about')
    control.resetFaults()
    const second = await run(RECENT)
    t.match(second, { error: null, unfinished: [] })
    const found = [...await foundBy(first), ...await foundBy(second)]
    t.same(Object.fromEntries(found.map((one) => [one.subjectId, `${one.outcome} ${one.what}`])), {
      [renamed.id]: 'parked not_paid_there', [garbled.id]: 'parked unreadable', [gone.id]: 'parked not_paid_there',
    })
    t.equal(found.length, 3)
    t.match(await replay((await eventsOf(garbled.id)).at(-1)!.id), { state: 'parked', reason: 'unreadable' }, 'at once, and not after hours')
  })

  await t.test('events that were not confirmed are settled once their invoices are, each by its own; another’s stays', async (t) => {
    await lap()
    const payment = await newPending()
    const second = xendit.create({ external_id: payment.id, amount: 25_000 })
    const event = (id: string) => ({ id, external_id: payment.id, status: 'PAID', amount: 25_000, paid_amount: 25_000, currency: 'IDR' })
    for (const id of [payment.providerInvoiceId, second.id, 'f00000000000000000000000']) await xendit.sendWebhook(event(id))
    await app.drainInbox()
    t.match(await eventsOf(payment.id), Array.from({ length: 3 }, () => ({ state: 'parked', reason: 'not_confirmed' })))
    const before = await credited()
    await paySilently(payment.providerInvoiceId)
    await paySilently(second.id)
    t.match(await run(), { healed: 2, parked: 0 })
    t.match(await eventsOf(payment.id), [{ state: 'applied', reason: 'healed' }, { state: 'applied', reason: 'healed' }, { state: 'parked', reason: 'not_confirmed' }])
    t.equal(await credited(), before + 2 * 25_000)
  })

  await t.test('an open payment whose invoice has ended is asked about', async (t) => {
    await lap()
    const [unpaid, paid, altered, dollars] = [await newPending(), await newPending(), await newPending(), await newPending()]
    await silently(async () => {
      await xendit.pay(paid.providerInvoiceId)
      await xendit.pay(altered.providerInvoiceId)
      Object.assign(xendit.invoice(altered.providerInvoiceId), { amount: 250_000 })
      await xendit.pay(dollars.providerInvoiceId, { currency: 'USD' })
      await app.advance(3600)
    })
    const first = await run(RECENT)
    t.same([await app.stateOf(unpaid.id), await app.stateOf(paid.id)], ['expired', 'paid'], 'though its payment is older than what was listed')
    t.match(first, { listed: 0, healed: 1, parked: 2, compared: 4 }, 'paid there as another sum: parked and counted')
    t.match([await eventsOf(altered.id), await eventsOf(dollars.id)], [[{ kind: 'invoice-listed', state: 'parked', reason: 'amount_mismatch' }], [{ state: 'parked', reason: 'currency_mismatch' }]])
    t.match(await run(), { listed: 3, parked: 0 }, 'the list finds the same, in the same words')
  })

  await t.test('whoever was never asked about comes first: those that stay open starve nobody', async (t) => {
    await lap()
    const made = await makePending(3)
    const [stuck, stuckToo, paid] = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]]
    for (const { invoiceId } of [stuck, stuckToo]) Object.assign(xendit.invoice(invoiceId), { amount: 'a word' })
    await app.query(`update payments set expires_at = expires_at - interval '1 minute' where id = any($1)`, [[stuck.id, stuckToo.id]])
    await silently(async () => {
      await xendit.pay(paid.invoiceId)
      await app.advance(2 * 3600)
    })
    t.match(await run({ ...RECENT, patienceMs: 0 }, withCalls(3)), { healed: 0, parked: 2, compared: 2, error: 'no_calls_left', unfinished: ['overdue'] })
    t.match(await run({ ...RECENT, patienceMs: 0 }, withCalls(2)), { healed: 1, parked: 0, compared: 1, error: 'no_calls_left', unfinished: ['overdue'] })
    t.equal(await app.stateOf(paid.id), 'paid')
  })

  await t.test('fees and taxes are posted once they are final, each line once; what is no whole rupiah, not readable or changed is parked', async (t) => {
    await lap()
    const [feesBefore, taxBefore] = [await sumAccount(ctx.sql, account.providerFees), await sumAccount(ctx.sql, account.taxWithheld)]
    const fees = async () => await sumAccount(ctx.sql, account.providerFees) - feesBefore
    const made = await makePending(60)
    const lines = made.map(({ invoiceId }) => `txn_${invoiceId}`)
    const [fraction, pending, withheld, noSum, noNumber, changed] = lines as [string, string, string, string, string, string]
    // The first page of 50 ends with it: the list must go on all the same.
    const noId = lines[10]!
    await silently(() => Promise.all(made.map(({ invoiceId }) => xendit.settle(invoiceId, false))))
    xendit.changeLine(fraction, { fee: { value_added_tax: 440.5 } })
    xendit.changeLine(pending, { fee: { status: 'PENDING' } })
    xendit.changeLine(withheld, { fee: { xendit_withholding_tax: 60 } })
    xendit.changeLine(noSum, { raw: { amount: 'a word' } })
    xendit.changeLine(noNumber, { raw: { fee: { xendit_fee: '4000', status: 'COMPLETED' } } })
    xendit.changeLine(noId, { raw: { id: null, account_identifier: 'Ni Luh Secret' } })
    const runs = await Promise.all(contexts.map((by) => run(NIGHTLY, by)))
    t.same(runs.map((one) => [one!.error, one!.unfinished, one!.feesUntil]), runs.map((one) => [null, [], one!.untilAt]))
    t.equal(runs.reduce((sum, one) => sum + one!.parked, 0), 4)
    const parked = (await Promise.all(runs.map(foundBy))).flat().filter(({ kind }) => kind === 'statement').map(({ providerId, what }) => `${what} ${providerId}`).toSorted()
    t.same(parked.slice(0, 1), [`fraction_of_rupiah ${fraction}`])
    t.match(parked.find((one) => one.includes('sha256')), /^unreadable sha256:[0-9a-f]{64}$/, 'no word of it is kept')
    t.same(parked.filter((one) => one.startsWith('unreadable txn_')), [noSum, noNumber].map((id) => `unreadable ${id}`).toSorted())
    t.equal(await fees(), -55 * 4440)
    t.equal(await sumAccount(ctx.sql, account.taxWithheld) - taxBefore, -60)

    xendit.changeLine(pending, {})
    xendit.changeLine(changed, { fee: { xendit_fee: 5000 } })
    const second = await run()
    t.equal(await fees(), -56 * 4440, 'the last one when it is final; what is posted stays')
    t.match((await foundBy(second)).map(({ what, providerId }) => [what, providerId]), [['fee_changed', changed]])
    t.match(await run(), { parked: 0 }, 'parked once')
  })

  await t.test('a fee is not lost by nights on which the statement was away: the next one begins where the last whole one ended', async (t) => {
    const [made] = await makePending(1)
    await silently(() => xendit.settle(made!.invoiceId, false))
    const before = await sumAccount(ctx.sql, account.providerFees)
    control.setFaults({ xendit: { api: { error: 503, operations: ['transactions'] } } })
    t.match(await run(), { error: 'provider_unreachable', unfinished: ['fees'], feesUntil: null })
    await app.advance(3 * DAY)
    t.match(await run(), { error: 'provider_unreachable', unfinished: ['fees'], feesUntil: null })
    await t.rejects(reconcileNightly(ctx, smallestHooks), /fees/, 'the timetable tries again what was not finished')
    control.resetFaults()
    await t.resolves(reconcileNightly(ctx, smallestHooks))
    t.equal(await sumAccount(ctx.sql, account.providerFees), before - 4440)
  })

  await t.test('a payout that came back without a word is found at night', async (t) => {
    await lap()
    const mitraId = randomUUID()
    await app.query(`insert into users (id, kind, phone_hash, phone_prefix) values ($1, 'mitra', $2, '+6281234')`, [mitraId, Buffer.from(mitraId)])
    await app.query(`insert into mitras (user_id) values ($1)`, [mitraId])
    await setBankAccount(ctx, mitraId, { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'Made Wirawan' })
    const payouts = Array.from({ length: 103 }, () => {
      const id = randomUUID()
      return { id, made: xendit.createPayout(id, { reference_id: id, channel_code: 'ID_BCA', channel_properties: { account_holder_name: 'Made', account_number: '7310284596' }, amount: 60_000, currency: 'IDR' }).id }
    })
    await Promise.all(payouts.map(({ made }) => xendit.movePayout(made, { status: 'SUCCEEDED', notify: false })))
    const [old, other, unknown] = payouts as [(typeof payouts)[0], (typeof payouts)[0], (typeof payouts)[0]]
    unknown.made = 'disb-nobodys'
    await app.query(`insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind, provider_payout_id, approved_at, sent_at, settled_at)
      select id, $1, (select id from mitra_bank_accounts where mitra_id = $1), 'succeeded', 60000, 'mitra', made, app_now(), app_now(), app_now() from unnest($2::uuid[], $3::text[]) as g(id, made)`,
    [mitraId, payouts.map(({ id }) => id), payouts.map(({ made }) => made)])
    await app.query(`update payouts set settled_at = app_now() - interval '13 days' where id = $1`, [old.id])

    const first = await run()
    t.match(first, { healed: 0, parked: 1, compared: 103, error: null })
    t.match(await foundBy(first), [{ kind: 'payout', subjectId: unknown.id, what: 'not_at_provider', outcome: 'parked' }])
    t.match(await app.query('select id from payouts where needs_staff is not null'), [{ id: unknown.id }], 'staff see it among the payouts')
    t.match(await run({ ...NIGHTLY, patienceMs: 0 }, withCalls(3)), { compared: 2, error: 'no_calls_left', unfinished: ['payouts', 'fees'], feesUntil: null }, 'without calls it is not finished, and says so')

    for (const { made } of [old, other]) await xendit.movePayout(made, { status: 'REVERSED', notify: false })
    control.setFaults({ xendit: { api: { error: 500, operations: ['payout-get'], times: 1 } } })
    const failed = await run()
    t.match(failed, { error: 'provider_unreachable', unfinished: ['payouts'], compared: 102 }, 'one without an answer ends nothing')
    control.resetFaults()
    const last = await run()
    t.match(last, { error: null, unfinished: [] })
    const reversed = [...await foundBy(failed), ...await foundBy(last)]
    t.match(reversed, [{ kind: 'payout', what: 'reversed', outcome: 'healed' }, { what: 'reversed' }])
    t.same(reversed.map(({ subjectId }) => String(subjectId)).toSorted(), [old.id, other.id].toSorted(), 'one of a hundred, and one of thirteen days ago')
    t.equal(await sumAccount(ctx.sql, account.payable(mitraId)), 2 * 60_000)
    await app.query(`update payouts set settled_at = app_now() - interval '15 days' where mitra_id = $1`, [mitraId])
    t.match(await run(), { healed: 0, parked: 0, compared: 0 }, 'no older ones')
  })

  await t.test('a fault of ours leaves a comparison unfinished, and it is made again', async (t) => {
    await lap()
    const [payment, other] = [await newPending(), await newPending()]
    await paySilently(payment.providerInvoiceId)
    await paySilently(other.providerInvoiceId)
    await app.advance(1)
    const begun = await transact(ctx, (tx) => askForReconciliation(tx, { seconds: 3600, askedBy: randomUUID() }))
    const react = (hooks: typeof smallestHooks) => reconciliationReactions(hooks)[0]!.run(ctx, { reconciliationId: begun.id })
    await t.rejects(react({ ...smallestHooks, apply: async (by, confirmed) => {
      if (confirmed.paymentId === other.id) throw new Error('a fault of ours')
      return smallestHooks.apply(by, confirmed)
    } }), /a fault of ours/)
    t.match(await findRun(ctx.sql, begun.id), { finishedAt: null, feesUntil: null, error: 'fault' })
    t.equal(await app.stateOf(payment.id), 'paid')
    await react(smallestHooks)
    t.match(await findRun(ctx.sql, begun.id), { finishedAt: Date, healed: 2, error: null }, 'with what the first try healed')
    t.equal(await app.stateOf(other.id), 'paid')
  })

  await t.test('a provider that is away or talks nonsense leaves a comparison that says so, and harms nothing', async (t) => {
    await lap()
    // Hasty with the list alone, which never comes: whatever else is asked has its time.
    const impatient = createXenditStatements(ctx.env, ctx.log, ctx.metrics, { timeoutMs: 200 })
    const hasty: Ctx = { ...ctx, gateways: { ...ctx.gateways, statements: { ...ctx.gateways.statements, listInvoices: (wanted) => impatient.listInvoices(wanted) } } }
    const payment = await newPending()
    await paySilently(payment.providerInvoiceId)
    for (const [error, told, by] of [[503, 'provider_unreachable', ctx], ['html502', 'provider_unreachable', ctx], ['garbage', 'provider_unreadable', ctx], ['hang', 'provider_timeout', hasty]] as const) {
      control.setFaults({ xendit: { api: { error, operations: ['list'] } } })
      t.match(await run(NIGHTLY, by), { listed: 0, error: told, unfinished: ['invoices', 'ours'], finishedAt: Date, feesUntil: Date }, String(error))
    }
    control.resetFaults()
    t.match(await run(), { healed: 1, error: null })
    t.match((await findReconciliations(ctx.sql, { limit: 2 })).items, [{ healed: 1 }, { error: 'provider_timeout' }])
    control.setFaults({ xendit: { api: { error: 429, operations: ['list'], retryAfterSeconds: 600 } } })
    t.match(await run(), { error: 'provider_limited', unfinished: ['invoices', 'ours', 'overdue', 'payouts', 'fees'], finishedAt: Date })
    t.match(await run({ ...NIGHTLY, patienceMs: 0 }), { error: 'no_calls_left', unfinished: ['invoices', 'ours', 'overdue', 'payouts', 'fees'] }, 'nor is it called again while it is closed')
  })
})
