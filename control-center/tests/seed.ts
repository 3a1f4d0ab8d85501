import { randomUUID } from 'node:crypto'
import { account, closeDays, post } from '../../backend/modules/ledger/index.ts'
import { openSuspense } from '../../backend/modules/payments/index.ts'
import { transact } from '../../backend/platform/database.ts'
import { call, type TestApp } from '../../backend/testing/app.ts'
import { payoutStage } from '../../backend/testing/payout-stage.ts'
import { expect, newPhone, type Person } from '../../backend/testing/people.ts'
import { promoCode } from '../../backend/testing/promo-flows.ts'
import { requestCode, signIn } from '../../backend/testing/sign-in.ts'
import { testSecrets } from '../../backend/testing/simulators/index.ts'
import { newKey, stage, type Scene } from '../../backend/testing/stage.ts'
import { staffByRows } from '../../backend/testing/staff-rows.ts'
import { eventually } from '../../backend/testing/wait.ts'

/** What is there for every test to look at; nobody changes it. `paths`: an address for each page of the registry that shows one thing. */
export type Seeds = { sessionId: string; customerId: string; mitraId: string; paths: Readonly<Record<string, string>> }

/** The data of the house: enough that every page has something to show. Every session has a mitra of its own by name: nobody is matched. */
export async function seedHouse(app: TestApp): Promise<Seeds> {
  const [talk, over, paid] = await Promise.all([
    stage(app, 'active', { named: true, minutes: 60, phones: true }), stage(app, 'ended', { named: true, phones: true }), stage(app, 'active', { named: true, minutes: 60 }),
    stage(app, 'cancelled', { named: true }), stage(app, 'queued', { named: true }),
  ])
  const [money, safety] = await Promise.all([seedMoney(app, paid), seedSafety(app, talk, over), seedTemplates(app)])
  const member = await staffByRows(app, 'viewer')
  const announcementId = await seedAnnouncement(app)
  await nameThem(app)
  return {
    sessionId: talk.sessionId, customerId: talk.customer.id, mitraId: talk.mitra.id,
    paths: {
      '/mitras/$id': `/mitras/${over.mitra.id}`, '/customers/$id': `/customers/${over.customer.id}`, '/sessions/$id': `/sessions/${over.sessionId}`,
      '/announcements/$id': `/announcements/${announcementId}`,
      '/staff/$id': `/staff/${member.id}`,
      '/reports/$name': '/reports/sessions', '/templates/$key': '/templates/payment.paid', ...money, ...safety,
    },
  }
}

/** One that is planned for long after all tests: it shows its waves, and nobody is told anything. */
async function seedAnnouncement(app: TestApp): Promise<string> {
  const admin = await staffByRows(app, 'admin')
  const texts = { id: { title: 'Jam layanan baru', body: 'Mulai hari Senin kami ada sampai tengah malam.' }, en: { title: 'New hours', body: 'From Monday on we are here until midnight.' } }
  const { announcement } = await expect(201, admin.call('POST', '/announcements', { body: { texts, segment: { kind: 'customer' }, channels: ['inbox', 'push'], schedule: { when: 'local', at: '2099-03-02T09:00' }, perMinute: 6000 } })).then(({ body }) => body)
  await expect(200, admin.call('POST', `/announcements/${announcement.id}/start`, { body: { version: 1, reason: 'the new hours' } }))
  return announcement.id
}

async function seedMoney(app: TestApp, paid: Scene): Promise<Record<string, string>> {
  const { ctx } = app.replicas[0]!
  const payouts = await payoutStage(app)
  const { finance } = payouts
  const mitra = await payouts.newMitra(150_000)
  await expect(201, payouts.ask(mitra))
  const { batchId, approvalId } = await payouts.handIn()
  const [payout] = await payouts.rows(mitra)
  const [payment] = await app.query<{ id: string }>('select id from payments where session_id = $1', [paid.sessionId])
  const refund = await expect(201, paid.customer.call('POST', `/api/v1/payments/${payment!.id}/refund-requests`, { body: { reason: 'The line broke off again and again.' }, headers: { 'idempotency-key': newKey() } }))
  await promoCode(app, { code: 'HALO-BARU' })
  const suspense = await transact(ctx, async (tx) => {
    const opened = await openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId: paid.customer.id, amountIdr: 25_000, reason: 'payer_gone' })
    await post(tx, { key: `seed:${opened.id}`, flow: 'late_payment', entries: [{ account: account.providerClearing, amountIdr: -25_000 }, { account: opened.account, amountIdr: 25_000 }] })
    return opened
  })
  // Nobody knows this invoice: the event is kept for staff.
  await fetch(`${app.url}/webhooks/xendit/invoice`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-callback-token': testSecrets.xenditWebhookToken },
    body: JSON.stringify({ id: randomUUID(), external_id: randomUUID(), status: 'PAID', amount: 45_000, paid_amount: 45_000, currency: 'IDR' }),
  })
  const parked = await eventually(async () => (await app.query<{ id: string }>(`select id from provider_inbox where state = 'parked'`))[0], 'an event is parked')
  const holdId = await heldWallet(app, paid.customer.id, 12_000)
  // Some days that are over: their entries are written as the owner, as no posting can.
  await app.query(`with days as (select gen_random_uuid() as id, app_now() - make_interval(days => n) as at, 25000 * n as idr from generate_series(1, 4) n),
      made as (insert into ledger_transactions (id, key, flow, created_at) select id, 'seed:' || id, 'tip', at from days)
    insert into ledger_entries (transaction_id, account, amount_idr, created_at)
      select id, 'provider_clearing', -idr, at from days union all select id, 'platform_revenue', idr, at from days`)
  await closeDays(ctx)
  const [closed] = await app.query<{ day: string }>('select max(day)::text as day from daily_closings')
  const run = await finance.call('POST', '/reconciliations', { body: {}, headers: { 'idempotency-key': newKey() } })
  await finance.call('POST', '/ledger/check', { body: {} })
  const [transaction] = await app.query<{ id: string }>('select id from ledger_transactions order by id desc limit 1')
  return {
    '/payments/$id': `/payments/${payment!.id}`, '/refunds/$id': `/refunds/${refund.body.refund.id}`, '/payouts/batches/$id': `/payouts/batches/${batchId}`, '/payouts/$id': `/payouts/${payout!.id}`, '/approvals/$id': `/approvals/${approvalId}`, '/parked/$id': `/parked/${parked.id}`, '/wallet-holds/$id': `/wallet-holds/${holdId}`,
    '/suspense/$id': `/suspense/${suspense.id}`, '/ledger/transactions/$id': `/ledger/transactions/${transaction!.id}`, '/ledger/accounts/$id': '/ledger/accounts/provider_clearing', '/closings/$day': `/closings/${closed!.day}`,
    ...(run.status < 300 ? { '/reconciliation/$id': `/reconciliation/${run.body.reconciliation?.id ?? run.body.id}` } : {}),
  }
}

/** What stood in the wallet of a number that has a new owner now. */
export async function heldWallet(app: TestApp, customerId: string, amountIdr: number): Promise<string> {
  const { ctx } = app.replicas[0]!
  const id = ctx.ids.next()
  await app.query('insert into wallet_holds (id, customer_id) values ($1, $2)', [id, customerId])
  await transact(ctx, (tx) => post(tx, { key: `seed:${id}`, flow: 'wallet.held', entries: [{ account: account.providerClearing, amountIdr: -amountIdr }, { account: account.wallet(id), amountIdr }] }))
  return id
}

async function seedSafety(app: TestApp, talk: Scene, over: Scene): Promise<Record<string, string>> {
  const moderator = await staffByRows(app, 'moderator')
  const say = async (who: Person, body: string) => {
    const conversationId = (await talk.row()).conversation_id
    await expect(201, who.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body } }))
  }
  await say(talk.customer, 'Halo, I had a long day.')
  await say(talk.mitra, 'I am here. Tell me.')
  await say(talk.customer, 'I want to kill myself')
  await eventually(async () => (await app.query(`select 1 from safety_cases where kind = 'crisis'`))[0], 'an alert is raised')
  await expect(201, over.customer.call('POST', `/api/v1/sessions/${over.sessionId}/rating`, { body: { score: 5, comment: 'She listened, and laughed with me.' } }))
  const opened = await expect(201, moderator.call('POST', '/cases', { body: { subjectId: over.mitra.id, reason: 'A customer called: the mitra asked for a number.' } }))
  const phone = newPhone()
  const person = await signIn(app, { phone })
  await expect(201, moderator.call('POST', '/sanctions', { body: { userId: person.id, kind: 'suspension', until: '2100-01-01T00:00:00.000Z', reason: 'Insults in three sessions.' } }))
  const asked = await requestCode(app.url, phone)
  await call(app.url, 'POST', '/api/v1/appeals', { body: { challengeId: asked.body.challengeId, code: '000000', text: 'It was a misunderstanding, and I have apologised.' } })
  return { '/cases/$id': `/cases/${opened.body.case?.id ?? opened.body.id}` }
}

/** Words of staff that have changed twice, and of which some could not be shown. */
async function seedTemplates(app: TestApp): Promise<void> {
  const admin = await staffByRows(app, 'admin')
  const put = (language: string, version: number, parts: object, reason: string) => expect(200, admin.call('PUT', `/notice-templates/payment.paid/${language}`, { body: { parts, version, reason } }))
  await put('en', 0, { title: 'We have your payment', body: 'Thank you! {amount} for {minutes, plural, one {# minute} other {# minutes}}.' }, 'Sounds like us.')
  await put('en', 1, { title: 'We have your payment', body: 'Thank you! {amount} for {minutes, plural, one {# minute} other {# minutes}}, receipt {number}.' }, 'People asked for the number of the receipt.')
  await app.query(`insert into notice_faults (key, language, version, part, reason, variable, count, first_at, last_at) values ('payment.paid', 'en', 2, 'body', 'missing_variable', 'number', 12, app_now() - interval '2 hours', app_now() - interval '3 minutes')`)
}

/** People look like people on the pictures. */
async function nameThem(app: TestApp): Promise<void> {
  await app.query(`
    with named as (select id, kind, row_number() over (partition by kind order by id) as n from users)
    update users u set display_name = case named.kind
      when 'mitra' then (array['Ayu Lestari', 'Bagus Pratama', 'Dewi Anggraini', 'Fajar Nugroho', 'Gita Maharani', 'Hendra Wijaya'])[1 + (named.n - 1) % 6]
      else (array['Citra Wulandari', 'Dimas Saputra', 'Eka Rahmawati', 'Indah Permata', 'Joko Susilo', 'Kartika Sari'])[1 + (named.n - 1) % 6] end
    from named where named.id = u.id`)
}
