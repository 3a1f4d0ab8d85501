import { randomUUID } from 'node:crypto'
import { account, post } from '../../backend/modules/ledger/index.ts'
import { openSuspense } from '../../backend/modules/payments/index.ts'
import { transact } from '../../backend/platform/database.ts'
import type { TestApp } from '../../backend/testing/app.ts'
import { crowd } from '../../backend/testing/crowd.ts'
import { payoutStage } from '../../backend/testing/payout-stage.ts'
import { expect } from '../../backend/testing/people.ts'
import { eventually } from '../../backend/testing/wait.ts'
import type { Page } from 'playwright-core'
import { browserTest } from './house.ts'
import { heldWallet } from './seed.ts'

/** A payment of a session that is over, its money in the payer's wallet. */
async function paidPayment(app: TestApp, amountIdr = 25_000): Promise<{ id: string; customerId: string }> {
  const { ctx } = app.replicas[0]!
  const [payer] = await crowd(app, { kind: 'customer', count: 1 })
  const [id, sessionId, packageId] = [ctx.ids.next(), ctx.ids.next(), ctx.ids.next()]
  await app.query(`update users set display_name = 'Laras Widya' where id = $1`, [payer!.id])
  await app.query('insert into packages (id, minutes, price_idr, active) values ($1, 7, $2, false)', [packageId, amountIdr])
  await app.query(`insert into chat_sessions (id, state, customer_id, package_id, minutes, price_idr, mitra_share_percent, ended_at) values ($1, 'cancelled', $2, $3, 7, $4, 70, app_now())`, [sessionId, payer!.id, packageId, amountIdr])
  await app.query(`insert into payments (id, customer_id, session_id, purchase_id, state, amount_idr, provider_invoice_id, create_until, expires_at, pending_at, paid_at)
    values ($1, $2, $3, $4, 'paid', $5, $6, app_now(), app_now(), app_now(), app_now())`, [id, payer!.id, sessionId, randomUUID(), amountIdr, `inv-${id}`])
  await transact(ctx, (tx) => post(tx, { key: `payment:${id}:inv-${id}`, flow: 'late_payment', sessionId, paymentId: id, entries: [{ account: account.providerClearing, amountIdr: -amountIdr }, { account: account.wallet(payer!.id), amountIdr }] }))
  return { id, customerId: payer!.id }
}

async function suspend(app: TestApp, customerId: string): Promise<string> {
  return transact(app.replicas[0]!.ctx, async (tx) => {
    const opened = await openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId, amountIdr: 9000, reason: 'payer_gone' })
    await post(tx, { key: `test:${opened.id}`, flow: 'late_payment', entries: [{ account: account.providerClearing, amountIdr: -9000 }, { account: opened.account, amountIdr: 9000 }] })
    return opened.id
  })
}

const dialog = (page: Page) => page.getByRole('dialog')
/** Presses the act, fills the reason and sends the form. */
async function act(page: Page, name: string, reason: string | undefined, fill: () => Promise<void> = async () => {}): Promise<void> {
  await page.getByRole('main').getByRole('button', { name, exact: true }).click()
  await fill()
  if (reason !== undefined) await dialog(page).getByRole('textbox', { name: 'Reason' }).fill(reason)
  await dialog(page).locator('button[type=submit]').click()
}

browserTest('a payment is given back by hand: asked for by one, decided by another, and the third sees that they were late', async (t, { app, openAs }) => {
  const payment = await paidPayment(app)
  const { page } = await openAs('finance', `/payments?customerId=${payment.customerId}`)
  await page.getByRole('region', { name: 'Payments' }).getByRole('link').first().click()
  await page.getByText('Laras Widya').waitFor()
  await act(page, 'Give back', 'the bank could not', () => dialog(page).getByText('By hand (bank transfer)').click())
  await page.getByText('It waits for a second person').first().waitFor()
  const [approval] = await app.query<{ id: string; target_id: string }>(`select id, target_id from approvals where payload ->> 'method' = 'manual' and target_id in (select id from refunds where payment_id = $1)`, [payment.id])
  await page.goto(`/approvals/${approval!.id}`)
  await page.getByText('You have asked for this').waitFor()
  t.equal(await page.getByRole('main').getByRole('button', { name: 'Approve' }).count(), 0, 'nobody decides on their own')

  const [quick, late] = await Promise.all([openAs('super_admin', `/approvals/${approval!.id}`), openAs('finance', `/approvals/${approval!.id}`, { replica: 1 })])
  await late.page.getByRole('button', { name: 'Reject' }).click()
  await dialog(late.page).getByRole('textbox', { name: 'Reason' }).fill('I would rather ask the bank again')
  await quick.page.getByRole('main').getByText(/goes back to Laras Widya, by hand/).first().waitFor()
  await act(quick.page, 'Approve', 'agreed')
  await quick.page.getByText('Approved and done.').waitFor()
  await dialog(late.page).locator('button[type=submit]').click()
  await dialog(late.page).getByText('Somebody was quicker').waitFor()
  t.equal(await dialog(late.page).getByRole('textbox', { name: 'Reason' }).inputValue(), 'I would rather ask the bank again', 'what was typed is kept')
  await late.page.getByRole('main').getByText('Approved', { exact: true }).first().waitFor({ state: 'attached' })
  t.match(await app.query('select state, needs_staff from refunds where id = $1', [approval!.target_id]), [{ state: 'approved', needs_staff: 'manual' }])

  await quick.go(`/refunds/${approval!.target_id}`)
  await act(quick.page, 'Say what became of it', 'the transfer is on the statement', () => dialog(quick.page).getByLabel('Proof').fill('TRX-99'))
  await eventually(async () => (await app.query(`select 1 from approvals where act = 'refund.settle' and target_id = $1 and payload ->> 'reference' = 'TRX-99'`, [approval!.target_id])).length === 1, 'it waits for a second person')
})

browserTest('a batch of payouts is prepared, handed in, and approved by another', async (t, { app, openAs }) => {
  const payouts = await payoutStage(app)
  const mitra = await payouts.newMitra(120_000)
  await expect(201, payouts.ask(mitra))
  const { page } = await openAs('finance', '/payouts')
  await act(page, 'Prepare a batch', undefined)
  await page.getByRole('heading', { level: 1, name: /^Payout batch/ }).waitFor()
  const batchId = new URL(page.url()).pathname.split('/').at(-1)!
  await act(page, 'Hand in', 'the payouts of today')
  await page.getByText('It waits for a second person').first().waitFor()
  const second = await openAs('super_admin', page.url().replace(/^https?:\/\/[^/]+/, ''))
  await second.page.getByRole('link', { name: 'Go to the approval' }).click()
  await act(second.page, 'Approve', undefined)
  await second.page.getByText('Approved and done.').waitFor()
  t.match(await app.query('select state from payout_batches where id = $1', [batchId]), [{ state: 'approved' }])
  const [payout] = await payouts.rows(mitra)
  await second.go(`/payouts/${payout!.id}`)
  await second.page.getByRole('region', { name: 'The mitra’s earnings' }).waitFor()
  t.equal(payout!.batch_id, batchId)
})

browserTest('a parked event is judged again by who may, and an admin only looks', async (t, { app, openAs }) => {
  const id = app.replicas[0]!.ctx.ids.next()
  await app.query(`insert into provider_inbox (id, provider, kind, body_sha256, body, state, reason, settled_at) values ($1, 'xendit', 'invoice', $2, $3, 'parked', 'unknown_payment', app_now())`,
    [id, Buffer.from(id), JSON.stringify({ id: `inv-${id}`, external_id: randomUUID(), status: 'PAID', amount: 45_000, currency: 'IDR' })])
  const admin = await openAs('admin', `/parked/${id}`)
  await admin.page.getByText(`inv-${id}`).waitFor()
  t.equal(await admin.page.getByRole('button', { name: 'Judge again' }).count(), 0)
  const { page } = await openAs('finance', `/parked/${id}`)
  await page.getByRole('region', { name: 'What it claims' }).getByText(/45[.,]000/).first().waitFor()
  await act(page, 'Judge again', 'the invoice is ours')
  await page.getByText('It is being judged again.').waitFor()
  t.match(await app.query(`select reason from audit_log where act = 'inbox_event.replayed' and target_id = $1`, [id]), [{ reason: 'the invoice is ours' }])
})

browserTest('suspended money and a held wallet are placed by two', async (t, { app, openAs }) => {
  const [payer] = await crowd(app, { kind: 'customer', count: 1 })
  const [suspenseId, holdId] = [await suspend(app, payer!.id), await heldWallet(app, payer!.id, 5000)]
  const { page, go } = await openAs('finance', `/suspense/${suspenseId}`)
  await act(page, 'Place it', 'nobody claims it', () => dialog(page).getByLabel('Into our revenue').check())
  await page.getByText('Somebody else of finance decides on it.').waitFor()
  await go(`/wallet-holds/${holdId}`)
  await act(page, 'Place it', 'the same person, by their papers', () => dialog(page).getByLabel('To who has the number now').check())
  await page.getByText('Somebody else of finance decides on it.').waitFor()
  const asked = await app.query<{ act: string; payload: { to: string } }>('select act, payload from approvals where target_id = any($1) order by act', [[suspenseId, holdId]])
  t.match(asked, [{ act: 'suspense.resolve', payload: { to: 'revenue' } }, { act: 'wallet.release', payload: { to: 'owner' } }])
})

browserTest('the ledger proves its sums, an account goes along with its balance, and closed days hold', async (t, { app, openAs }) => {
  const { customerId } = await paidPayment(app, 31_000)
  const { page, go } = await openAs('finance', '/ledger')
  await page.getByText('Debits and credits are the same, and all accounts sum to zero.').waitFor()
  await act(page, 'Check now', undefined)
  await page.getByText('The check has run.').waitFor()
  await page.getByText('Every entry was derived again: the books are sound.').waitFor()
  await page.getByLabel('Name of an account').fill(`customer_wallet:${customerId}`)
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByRole('region', { name: 'Entries', exact: true }).first().getByText(/31[.,]000/).first().waitFor()
  await page.getByRole('region', { name: 'Entries', exact: true }).first().getByRole('link').first().click()
  await page.getByText('Debits and credits of it are the same.').waitFor()
  await go('/closings')
  await page.getByText('the chain of hashes were derived again').waitFor()
  const file = page.waitForEvent('download')
  await go('/payments')
  await page.getByRole('link', { name: 'Download CSV' }).click()
  t.equal((await file).suggestedFilename(), 'payments.csv')
})

browserTest('finance has the provider compared again', async (t, { app, openAs }) => {
  const { page, staff } = await openAs('finance', '/reconciliation')
  await act(page, 'Compare now', 'the end of the month', () => dialog(page).getByLabel('Hours back').fill('24'))
  await page.getByRole('heading', { level: 1, name: /^Reconciliation run/ }).waitFor()
  t.match(await app.query('select scope from reconciliations where asked_by = $1', [staff.id]), [{ scope: 'asked' }])
})

browserTest('an admin puts a package on sale, withdraws it, and makes a promo code', async (t, { app, openAs }) => {
  const minutes = 1001 + (Date.now() % 400)
  const { page, go } = await openAs('admin', '/packages')
  await act(page, 'New package', 'for the holidays', async () => {
    await dialog(page).getByLabel('Minutes').fill(String(minutes))
    await dialog(page).getByLabel('Price in rupiah').fill('175000')
  })
  await page.getByText('The package is on sale.').waitFor()
  await act(page, `Change ${minutes}`, 'over already', () => dialog(page).getByRole('switch', { name: 'It is on sale' }).setChecked(false))
  await page.getByText('The package is changed.').waitFor()
  t.match(await app.query('select price_idr, active from packages where minutes = $1', [minutes]), [{ price_idr: '175000', active: false }])
  await go('/promo-codes')
  const code = `HOLIDAY-${minutes}`
  await act(page, 'New promo code', 'for the holidays', async () => {
    await dialog(page).getByRole('textbox', { name: 'Code' }).fill(code)
    await dialog(page).getByLabel('Amount in rupiah').fill('10000')
    await dialog(page).getByLabel('Budget in rupiah').fill('1000000')
  })
  await page.getByText('The promo code is made.').waitFor()
  t.match(await app.query('select kind, amount_idr, budget_idr, active from promo_codes where code = $1', [code]), [{ kind: 'amount', amount_idr: '10000', budget_idr: '1000000', active: true }])
  const viewer = await openAs('viewer', '/packages')
  await viewer.page.getByRole('heading', { level: 1, name: 'Packages' }).waitFor()
  t.equal(await viewer.page.getByRole('button', { name: /New package|Change/ }).count(), 0, 'a viewer looks')
})
