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

t.test('nobody else sees it', async (t) => {
  const app = await startPayments(t)
  const id = await app.newCustomer()
  for (const path of ['/api/v1/wallet', '/api/v1/wallet/entries']) {
    t.equal((await get(app, path)).status, 401)
    t.equal((await get(app, path, `mitra.${id}`)).status, 403)
  }
  for (const query of ['limit=0', 'limit=101', 'cursor=x', 'cursor=-1', 'limit=a']) t.equal((await get(app, `/api/v1/wallet/entries?${query}`, id)).status, 400)
})
