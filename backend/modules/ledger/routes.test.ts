import t from 'tap'
import { transact } from '../../platform/database.ts'
import { call } from '../../testing/http.ts'
import { startPayments, type PaymentsApp } from '../../testing/payments.ts'
import { account, grantPromo, post } from './index.ts'

const get = (app: PaymentsApp, path: string, token?: string) => call(app.replicas[0]!.url, 'GET', path, token === undefined ? {} : { token })

t.test('a customer sees the own wallet: money, credit in its lots, and what moved', async (t) => {
  const app = await startPayments(t)
  const [customerId, stranger] = [await app.newCustomer(), await app.newCustomer()]
  t.same((await get(app, '/api/v1/wallet', customerId)).body, { balanceIdr: 0, promoIdr: 0, lots: [] })
  const expiresAt = new Date((await app.db.clock.now()).getTime() + 86_400_000)
  const sessionId = app.ctx.ids.next()
  await transact(app.ctx, async (tx) => {
    await post(tx, { key: 'late', flow: 'late_payment', sessionId, paymentId: sessionId, entries: [{ account: account.providerClearing, amountIdr: -7000 }, { account: account.wallet(customerId), amountIdr: 7000 }] })
    await grantPromo(tx, { key: 'credit', customerId, amountIdr: 2000, expiresAt, source: 'test' })
    await post(tx, { key: 'other', flow: 'late_payment', entries: [{ account: account.providerClearing, amountIdr: -1 }, { account: account.wallet(stranger), amountIdr: 1 }] })
  })
  t.same((await get(app, '/api/v1/wallet', customerId)).body, { balanceIdr: 7000, promoIdr: 2000, lots: [{ amountIdr: 2000, expiresAt: expiresAt.toISOString() }] })

  const first = (await get(app, '/api/v1/wallet/entries?limit=1', customerId)).body
  t.match(first, { items: [{ kind: 'promo', flow: 'promo.grant', amountIdr: 2000, sessionId: null }], nextCursor: String })
  t.same(Object.keys(first.items[0]).toSorted(), ['amountIdr', 'at', 'flow', 'id', 'kind', 'paymentId', 'sessionId'])
  const second = (await get(app, `/api/v1/wallet/entries?limit=1&cursor=${first.nextCursor}`, customerId)).body
  t.match(second, { items: [{ kind: 'wallet', amountIdr: 7000, sessionId, paymentId: sessionId }], nextCursor: null })
  t.equal(new Date(second.items[0].at).toISOString(), second.items[0].at)
})

t.test('a statement is a month in Jakarta, to the millisecond, as JSON and as lines that add up', async (t) => {
  const app = await startPayments(t)
  const customerId = await app.newCustomer()
  const at = async (instant: string, flow: string, amountIdr: number) => {
    const key = `test:${app.ctx.ids.next()}`
    await transact(app.ctx, async (tx) => {
      if (flow === 'promo.grant') await grantPromo(tx, { key, customerId, amountIdr, expiresAt: new Date('2100-01-01'), source: 'test' })
      else await post(tx, { key, flow, entries: [{ account: account.promotions, amountIdr: -amountIdr }, { account: account.wallet(customerId), amountIdr }] })
    })
    // Time cannot be set for what is written: the ledger is append-only, to its owner too.
    await app.owner.query('alter table ledger_entries disable trigger user')
    await app.owner.query('update ledger_entries set created_at = $2 where transaction_id = (select id from ledger_transactions where key = $1)', [key, instant])
    await app.owner.query('alter table ledger_entries enable trigger user')
  }
  await at('2026-02-28T16:59:59.999Z', 'before', 1000)
  await at('2026-02-28T17:00:00.000Z', 'first', 500)
  await at('2026-03-15T12:00:00.000Z', 'promo.grant', 300)
  await at('2026-03-31T16:59:59.999Z', '=last', -200)
  await at('2026-03-31T17:00:00.000Z', 'after', 9999)
  const { body } = await get(app, '/api/v1/wallet/statement?month=2026-03', customerId)
  t.match(body, { month: '2026-03', opening: { walletIdr: 1000, promoIdr: 0 }, closing: { walletIdr: 1300, promoIdr: 300 } })
  t.same(body.items.map((item: { flow: string; kind: string; amountIdr: number }) => [item.flow, item.kind, item.amountIdr]), [['first', 'wallet', 500], ['promo.grant', 'promo', 300], ['=last', 'wallet', -200]])
  const csv = await get(app, '/api/v1/wallet/statement?month=2026-03&format=csv', customerId)
  t.match(csv.headers, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="wallet-2026-03.csv"' })
  t.same(csv.text.trim().split('\r\n').slice(1).map((line) => line.split(',').slice(1)), [
    ['opening', '', '', '', '', '1000', '0'], ['first', 'wallet', '', '', '500', '1500', '0'], ['promo.grant', 'promo', '', '', '300', '1500', '300'],
    ["'=last", 'wallet', '', '', '-200', '1300', '300'], ['closing', '', '', '', '', '1300', '300'],
  ])
  t.equal((await get(app, '/api/v1/wallet/statement?month=2026-13', customerId)).status, 400)
  t.match((await get(app, '/api/v1/wallet/statement', customerId)).body, { month: /^20\d\d-\d\d$/ })
})

t.test('nobody else sees it', async (t) => {
  const app = await startPayments(t)
  const id = await app.newCustomer()
  for (const path of ['/api/v1/wallet', '/api/v1/wallet/entries', '/api/v1/wallet/statement']) {
    t.equal((await get(app, path)).status, 401)
    t.equal((await get(app, path, `mitra.${id}`)).status, 403)
  }
  for (const query of ['limit=0', 'limit=101', 'cursor=x', 'cursor=-1', 'limit=a']) t.equal((await get(app, `/api/v1/wallet/entries?${query}`, id)).status, 400)
})
