import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect } from '../../testing/people.ts'
import { signIn } from '../../testing/sign-in.ts'
import { staffByRows } from '../../testing/staff-rows.ts'

t.test('credit by staff, promo codes by staff, and customers as staff see them', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { sweepMs: 10_000 }, worker: { timed: false }, atNoon: true })
  const [finance, boss, admin, moderator] = [await staffByRows(app, 'finance'), await staffByRows(app, 'super_admin'), await staffByRows(app, 'admin'), await staffByRows(app, 'moderator')]
  const someone = async () => (await crowd(app, { kind: 'customer', count: 1, displayName: 'Siti Rahma' }))[0]!
  const give = (who: typeof finance, customerId: string, body: object, options: { key?: string; replica?: number } = {}) =>
    who.call('POST', `/customers/${customerId}/credit`, { body: { reason: 'we are sorry', ...body }, headers: { 'idempotency-key': options.key ?? randomUUID() }, ...(options.replica === undefined ? {} : { replica: options.replica }) })

  await t.test('two at once above the daily limit: one is given, one waits for somebody else', async (t) => {
    const customer = await someone()
    const both = await Promise.all([0, 1].map((replica) => give(finance, customer.id, { amountIdr: 300_000 }, { replica })))
    t.same([201, 202].map((status) => both.filter((answer) => answer.status === status).length), [1, 1])
    t.match((await customer.call('GET', '/api/v1/wallet')).body, { balanceIdr: 0, promoIdr: 300_000 })
    const { id } = both.find((answer) => answer.status === 202)!.body.approval
    t.equal((await finance.call('POST', `/approvals/${id}/approve`, { body: {} })).body.code, 'approval_self')
    await Promise.all([0, 1].map((replica) => boss.call('POST', `/approvals/${id}/approve`, { body: {}, replica })))
    t.match((await customer.call('GET', '/api/v1/wallet')).body, { promoIdr: 600_000 }, 'once, though it was approved twice')
    t.equal((await app.query(`select 1 from notifications where user_id = $1 and kind = 'credit'`, [customer.id])).length, 2)
  })

  await t.test('the limit is of a day in Jakarta; what needed two does not count', async (t) => {
    const customer = await someone()
    t.equal((await give(finance, customer.id, { amountIdr: 200_001 })).status, 202)
    t.equal((await give(finance, customer.id, { amountIdr: 200_000 })).status, 201, 'to the rupiah')
    t.equal((await give(finance, customer.id, { amountIdr: 1 })).status, 202)
    const [row] = await app.query<{ given: number; today: boolean }>(`select given_idr::int as given, day = (app_now() at time zone 'Asia/Jakarta')::date as today from credit_days where staff_id = $1`, [finance.id])
    t.same(row, { given: 500_000, today: true })
    await app.query('update credit_days set day = day - 1 where staff_id = $1', [finance.id])
    t.equal((await give(finance, customer.id, { amountIdr: 500_000 })).status, 201, 'after midnight')
  })

  await t.test('what is refused is not given; nor what is decided on after a ban', async (t) => {
    const [refused, banned] = [await someone(), await someone()]
    const [refusedKey, bannedKey] = [randomUUID(), randomUUID()]
    const first = await expect(202, give(admin, refused.id, { amountIdr: 700_000 }, { key: refusedKey }))
    await expect(200, finance.call('POST', `/approvals/${first.body.approval.id}/reject`, { body: { reason: 'too much' } }))
    t.match((await app.query('select state from staff_credits where customer_id = $1', [refused.id]))[0], { state: 'refused' })
    const second = await expect(202, give(admin, banned.id, { amountIdr: 700_000 }, { key: bannedKey }))
    await app.query('update users set banned_at = app_now() where id = $1', [banned.id])
    t.equal((await finance.call('POST', `/approvals/${second.body.approval.id}/approve`, { body: {} })).status, 409)
    t.equal((await give(admin, banned.id, { amountIdr: 1_000 })).status, 409)
    t.equal((await app.query(`select 1 from promo_lots where customer_id = any($1)`, [[refused.id, banned.id]])).length, 0)
    // Its answer was lost: the same key is answered as at first, whatever has become of it.
    await app.query('delete from idempotency_keys')
    t.match(await give(admin, refused.id, { amountIdr: 700_000 }, { key: refusedKey }), { status: 202, body: { approval: { id: first.body.approval.id, state: 'rejected' } } })
    t.match(await give(admin, banned.id, { amountIdr: 700_000 }, { key: bannedKey, replica: 1 }), { status: 202, body: { approval: { id: second.body.approval.id, state: 'pending' } } })
    t.equal((await app.query('select 1 from staff_credits where customer_id = any($1)', [[refused.id, banned.id]])).length, 2, 'nothing new')
  })

  await t.test('the same key answers the same credit, its answer lost or not; it lives as long as was said', async (t) => {
    const customer = await someone()
    const key = randomUUID()
    const first = await expect(201, give(boss, customer.id, { amountIdr: 10_000, days: 3 }, { key }))
    await app.query('delete from idempotency_keys')
    const again = await expect(201, give(boss, customer.id, { amountIdr: 10_000, days: 3 }, { key, replica: 1 }))
    t.equal(again.body.credit.id, first.body.credit.id)
    t.same(await app.query(`select amount_idr::int as idr, round(extract(epoch from expires_at - app_now()) / 86400)::int as days from promo_lots where customer_id = $1`, [customer.id]), [{ idr: 10_000, days: 3 }])
    t.equal((await boss.call('POST', `/customers/${customer.id}/credit`, { body: { amountIdr: 10_000, reason: 'x' } })).body.code, 'idempotency_key_required')
    t.equal((await give(boss, customer.id, { amountIdr: 2_000_001 })).status, 400)
    t.equal((await give(boss, randomUUID(), { amountIdr: 10_000 })).status, 404)
  })

  await t.test('customers are shown, masked for whom they must be, with their money for whom it is', async (t) => {
    const customer = await someone()
    await give(boss, customer.id, { amountIdr: 10_000 })
    const { body: whole } = await expect(200, admin.call('GET', `/customers/${customer.id}`))
    t.match(whole.customer, { id: customer.id, displayName: 'Siti Rahma', wallet: { balanceIdr: 0, promoIdr: 10_000 }, credits: [{ amountIdr: 10_000, state: 'given', givenBy: boss.id }] })
    const { body: masked } = await expect(200, moderator.call('GET', `/customers/${customer.id}`))
    t.same([masked.customer.displayName, masked.customer.wallet, masked.customer.credits], ['S*** R***', undefined, undefined])
    const { body: page } = await expect(200, moderator.call('GET', '/customers?limit=2'))
    t.same([page.items.length, page.items[0].displayName], [2, 'S*** R***'])
    const { body: next } = await expect(200, admin.call('GET', `/customers?limit=100&q=siti&cursor=${page.nextCursor}`))
    t.ok(next.items.length > 0 && next.items.every((one: { id: string }) => one.id < page.nextCursor), 'the newest first')
    t.equal((await admin.call('GET', `/customers/${randomUUID()}`)).status, 404)
    const { id, phone } = await signIn(app)
    const found = async (who: typeof finance) => (await expect(200, who.call('GET', `/customers?q=${encodeURIComponent(phone)}`))).body.items.map((one: { id: string }) => one.id)
    t.same([await found(admin), await found(moderator)], [[id], []], 'who sees numbers masked can’t find out whose one is')
  })

  await t.test('promo codes are made, changed and listed; each is written down', async (t) => {
    const terms = { code: 'Lebaran-26', worth: { percent: 20, mostIdr: 15_000 }, budgetIdr: 1_000_000, startsAt: '2026-01-01T00:00:00+07:00', endsAt: '2036-01-01T00:00:00+07:00', reason: 'the feast' }
    const made = await expect(201, admin.call('POST', '/promo-codes', { body: terms }))
    const { id } = made.body.promoCode
    t.match(made.body.promoCode, { kind: 'percent', percent: 20, amountIdr: null, mostIdr: 15_000, spentIdr: 0, perPersonLimit: 1, active: true })
    t.equal((await admin.call('POST', '/promo-codes', { body: { ...terms, code: 'LEBARAN-26' } })).status, 409, 'whatever the letters’ case')
    t.equal((await admin.call('POST', '/promo-codes', { body: { ...terms, code: 'OTHER', endsAt: terms.startsAt } })).status, 400)
    t.equal((await admin.call('POST', '/promo-codes', { body: { ...terms, code: 'OTHER', worth: { amountIdr: 5, percent: 5 } } })).status, 400)
    t.match((await expect(200, admin.call('PATCH', `/promo-codes/${id}`, { body: { active: false, budgetIdr: 5 } }))).body.promoCode, { active: false, budgetIdr: 5 })
    await app.query('update promo_codes set spent_idr = 5 where id = $1', [id])
    t.equal((await admin.call('PATCH', `/promo-codes/${id}`, { body: { budgetIdr: 4 } })).status, 409, 'not below what is spent')
    await app.query('update promo_codes set spent_idr = 0 where id = $1', [id])
    t.equal((await finance.call('GET', '/promo-codes')).body.items[0].id, id)
    t.equal((await finance.call('POST', '/promo-codes', { body: terms })).status, 403)
    t.same((await app.query<{ act: string }>('select act from audit_log where target_id = $1 order by seq', [id])).map((row) => row.act), ['promo_code.created', 'promo_code.changed'])
  })

  t.same(await findUnrest(app), [])
})
