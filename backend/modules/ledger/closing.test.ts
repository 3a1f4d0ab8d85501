import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { checkBooks } from '../../check-books.ts'
import { startTestApp } from '../../testing/app.ts'
import { call } from '../../testing/http.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { account, closeDays, findClosings, post, verifyClosings } from './index.ts'

t.test('a day in Jakarta is closed once, proves its sums, and cannot be changed unseen', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, settings: { sweepMs: 10_000 }, worker: { timed: false } })
  const [a, b] = app.replicas.map((replica) => replica.ctx)
  const moveTo = async (time: string) => app.clock.advance((Date.parse(time) - (await app.clock.now()).getTime()) / 1000)
  const pay = (amountIdr: number, flow = 'payment') => {
    const sessionId = randomUUID()
    return transact(a!, (tx) => post(tx, { key: `test:${randomUUID()}`, flow, sessionId, entries: [{ account: account.providerClearing, amountIdr: -amountIdr }, { account: account.wallet(randomUUID()), amountIdr: amountIdr - 1000 }, { account: account.platformRevenue, amountIdr: 1000 }] }))
  }
  // An entry's time in the past: written as the owner, as no posting can.
  const entryAt = async (time: string, amountIdr: number) => {
    const id = randomUUID()
    await app.query(`with made as (insert into ledger_transactions (id, key, flow, created_at) values ('${id}', 'late:${id}', 'tip', '${time}'))
      insert into ledger_entries (transaction_id, account, amount_idr, created_at) values ('${id}', 'provider_clearing', ${-amountIdr}, '${time}'), ('${id}', 'platform_revenue', ${amountIdr}, '${time}')`)
  }

  await moveTo('2030-03-10T12:00:00Z')
  await pay(25_000)
  await pay(45_000, 'late_payment')
  await entryAt('2030-03-10T16:59:59.999Z', 7)
  await entryAt('2030-03-10T17:00:00.000Z', 9)
  t.equal(await closeDays(a!), 0, 'the day is not over')
  await moveTo('2030-03-10T17:02:00Z')
  t.equal(await closeDays(a!), 0, 'what was begun before midnight may still come')
  await moveTo('2030-03-10T17:05:01Z')
  await Promise.all([closeDays(a!), closeDays(b!), closeDays(a!)])
  const [first] = await findClosings(a!.sql)
  t.match(first, { day: '2030-03-10', entries: 8, transactions: 3 }, 'until the last millisecond of the day')
  t.same(first!.accounts, [
    { account: 'customer_wallet:*', openingIdr: 0, debitsIdr: 0, creditsIdr: 68_000, closingIdr: 68_000 },
    { account: 'platform_revenue', openingIdr: 0, debitsIdr: 0, creditsIdr: 2007, closingIdr: 2007 },
    { account: 'provider_clearing', openingIdr: 0, debitsIdr: 70_007, creditsIdr: 0, closingIdr: -70_007 },
  ])
  t.same(first!.flows, [{ flow: 'late_payment', transactions: 1, amountIdr: 45_000 }, { flow: 'payment', transactions: 1, amountIdr: 25_000 }, { flow: 'tip', transactions: 1, amountIdr: 7 }])

  await moveTo('2030-03-13T00:00:00Z')
  t.equal(await closeDays(b!), 2, 'days that were missed, and one without an entry')
  const days = await findClosings(a!.sql)
  t.same(days.map(({ day, entries }) => [day, entries]), [['2030-03-10', 8], ['2030-03-11', 2], ['2030-03-12', 0]])
  t.match(days[1]!.accounts.find((sums) => sums.account === 'platform_revenue'), { openingIdr: 2007, creditsIdr: 9, closingIdr: 2016 })
  t.same(await verifyClosings(a!.sql), { ok: true, days: 3 })

  t.test('as finance exports it: a line that proves the sums, as JSON and as a file', async (t) => {
    const finance = await staffByRows(app, 'finance')
    const report = await finance.call('GET', '/reports/daily-closing?from=2030-03-10&until=2030-03-12')
    t.match(report, { status: 200, body: { name: 'daily-closing', isComplete: true } })
    const totals = (report.body.rows as (string | number)[][]).filter((row) => row[1] === 'total')
    t.same(totals.map(([day, , , opening, debits, credits, closing]) => [day, opening, debits, credits, closing]), [['2030-03-10', 0, 70_007, 70_007, 0], ['2030-03-11', 0, 9, 9, 0], ['2030-03-12', 0, 0, 0, 0]])
    const csv = await finance.call('GET', '/reports/daily-closing?from=2030-03-10&until=2030-03-10&format=csv')
    t.match(csv.headers, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="daily-closing-2030-03-10-2030-03-10.csv"' })
    t.match(csv.text, /^day,kind,name,opening_idr,debits_idr,credits_idr,closing_idr,transactions,hash\r\n2030-03-10,account,customer_wallet:\*,0,0,68000,68000,,\r\n/)
    const entries = await finance.call('GET', '/reports/ledger-entries?from=2030-03-10&until=2030-03-10&format=csv')
    const lines = entries.text.trim().split('\r\n').slice(1)
    t.equal(lines.length, 8, 'the entries behind it')
    t.equal(lines.reduce((sum, line) => sum + Number(line.split(',').at(-1)!.replace(`'`, '')), 0), 0, 'and they sum to zero')
    t.match(await finance.call('GET', '/ledger/balances'), { status: 200, body: { totalIdr: 0, items: [{ account: 'customer_wallet:*', balanceIdr: 68_000 }, {}, {}] } })
    t.match(await finance.call('GET', '/ledger/balances'), { body: { debitsIdr: 70_016, creditsIdr: 70_016 } }, 'all that ever moved: the closed days and today')
    t.match(await finance.call('GET', '/ledger/entries?account=provider_clearing&limit=1'), { body: { balanceIdr: -70_016, items: [{ balanceIdr: -70_016 }] } }, 'a shared account goes on from the last closed day')
    const closings = await finance.call('GET', '/closings?limit=2')
    t.match(closings.body, { items: [{ day: '2030-03-12', totalIdr: 0 }, { day: '2030-03-11', debitsIdr: 9, creditsIdr: 9, totalIdr: 0 }], nextCursor: '2030-03-11' })
    t.match((await finance.call('GET', '/closings?cursor=2030-03-11')).body, { items: [{ day: '2030-03-10', debitsIdr: 70_007 }], nextCursor: null })
    t.equal(closings.body.items[0].previousHash, closings.body.items[1].hash, 'a chain')
    t.match((await finance.call('GET', '/closings/2030-03-10')).body.closing, { accounts: [{ account: 'customer_wallet:*', closingIdr: 68_000 }, {}, {}], flows: [{ flow: 'late_payment' }, {}, {}] })
    t.equal((await finance.call('GET', '/closings/2030-03-13')).status, 404)
    t.match((await finance.call('POST', '/ledger/check')).body, { closingsCheckedAt: /Z$/, closingsProblem: null })
    t.match((await finance.call('GET', '/closings')).body.verdict, { closingsCheckedAt: /Z$/, closingsProblem: null })
    t.match(await finance.call('GET', '/reports/nothing'), { status: 404 })
    const byDefault = await finance.call('GET', '/reports/daily-closing')
    t.same([...new Set((byDefault.body.rows as string[][]).map(([day]) => day))], ['2030-03-12'], 'yesterday by the clock of the database, in Jakarta')
    t.match(await finance.call('GET', '/reports/daily-closing?from=2030-03-12&until=2030-03-10'), { status: 400 })
    const listed = await finance.call('GET', '/ledger/transactions?flow=tip&limit=1')
    t.match(listed, { status: 200, body: { items: [{ flow: 'tip', entries: [{ account: 'provider_clearing' }, { account: 'platform_revenue' }] }] } })
    t.match(await finance.call('GET', `/ledger/transactions/${listed.body.items[0].id}`), { status: 200, body: { transaction: { flow: 'tip' } } })
    const viewer = await staffByRows(app, 'viewer')
    for (const path of ['/reports/daily-closing', '/ledger/balances', '/ledger/transactions']) t.equal((await viewer.call('GET', path)).status, 403, path)
  })

  t.test('the row of a day is not to be changed; what is changed all the same is named', async (t) => {
    await t.rejects(app.query(`update daily_closings set entries = 1`), /append-only|not allowed|refused/i)
    await t.rejects(app.query('delete from daily_closings'))
    await t.rejects(app.query('truncate daily_closings'))
    await t.rejects(a!.pool.query('update daily_closings set entries = 1'), /permission denied/)
    await entryAt('2030-03-11T03:00:00Z', 50)
    t.match(await verifyClosings(a!.sql), { ok: false, day: '2030-03-11', problem: /not those of its entries/ }, 'an entry that was slipped into a closed day')
    await app.query(`alter table daily_closings disable trigger user`)
    await app.query(`update daily_closings set entries = 3 where day = '2030-03-10'`)
    t.match(await verifyClosings(a!.sql), { ok: false, day: '2030-03-10', problem: /row was changed/ })
    const finance = await staffByRows(app, 'finance')
    t.match(await finance.call('POST', '/ledger/check'), { status: 200, body: { ok: false, problems: [/closing of 2030-03-10: its row was changed/] } }, 'staff see it')
    await checkBooks(b!)
    for (const { internalUrl } of app.replicas) {
      await eventually(async () => /^ledger_drift_idr [1-9]/m.test((await call(internalUrl, 'GET', '/metrics')).text), 'and the metric tells it, also after the check of the minute')
    }
    await app.query(`delete from daily_closings where day = '2030-03-10'`)
    t.match(await verifyClosings(a!.sql), { ok: false, day: '2030-03-11', problem: /chain/ })
  })
})
