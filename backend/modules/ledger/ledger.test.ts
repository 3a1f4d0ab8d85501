import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t, { type Test } from 'tap'
import { transact, violatedConstraint } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { createTestDatabase } from '../../testing/database.ts'
import { testEnv } from '../../testing/env.ts'
import { createWorld } from '../../world.ts'
import {
  account, checkLedger, expirePromoLots, findPosting, findWallet, findWalletEntries, giveBackPromo, grantPromo, post, postAll, sumAccount, sumAccounts, takePromo,
  type Entry,
} from './index.ts'

async function startLedger(t: Test) {
  const db = await createTestDatabase()
  const world = createWorld(testEnv({ DATABASE_URL: db.url, VALKEY_URL: 'redis://127.0.0.1:1' }, { POOL_MAX: '20' }), { processMetrics: false })
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 2 })
  owner.on('error', () => {})
  t.after(async () => {
    const { problems } = await checkLedger(world.ctx.sql)
    await Promise.all([world.close(), owner.end()])
    await db.drop()
    if (problems.length > 0) throw new Error(problems.join('\n'))
  })
  return { ctx: world.ctx, db, owner }
}

const move = (from: string, to: string, amountIdr: number): Entry[] => [{ account: from, amountIdr: -amountIdr }, { account: to, amountIdr }]
const postMove = (ctx: Ctx, key: string, from: string, to: string, amountIdr: number) => transact(ctx, (tx) => post(tx, { key, flow: 'test', entries: move(from, to, amountIdr) }))
const inDays = (now: Date, days: number) => new Date(now.getTime() + days * 86_400_000)

t.test('a key is posted once', async (t) => {
  const { ctx } = await startLedger(t)
  const wallet = account.wallet(randomUUID())
  t.equal(await postMove(ctx, 'one', account.providerClearing, wallet, 5000), true)
  t.equal(await postMove(ctx, 'one', account.providerClearing, wallet, 5000), false)
  t.equal(await sumAccount(ctx.sql, wallet), 5000)
  t.same(await findPosting(ctx.sql, 'one'), { flow: 'test' })
  t.equal(await findPosting(ctx.sql, 'two'), undefined)
  const answers = await Promise.all(Array.from({ length: 20 }, () => postMove(ctx, 'at once', account.providerClearing, wallet, 100)))
  t.equal(answers.filter(Boolean).length, 1, 'of twenty at once one posts')
  t.same(await sumAccounts(ctx.sql, [wallet, account.providerClearing, account.promotions]), new Map([[wallet, 5100], [account.providerClearing, -5100], [account.promotions, 0]]))
})

t.test('zero amounts post nothing, and nothing left leaves no row', async (t) => {
  const { ctx } = await startLedger(t)
  const wallet = account.wallet(randomUUID())
  t.equal(await postMove(ctx, 'empty', account.providerClearing, wallet, 0), true)
  t.equal(await findPosting(ctx.sql, 'empty'), undefined)
  await transact(ctx, (tx) => post(tx, { key: 'half', flow: 'test', entries: [...move(account.providerClearing, wallet, 10), { account: account.promotions, amountIdr: 0 }] }))
  t.equal(Number((await ctx.pool.query('select count(*) from ledger_entries')).rows[0].count), 2)
})

t.test('several postings are one statement, each under its own key', async (t) => {
  const { ctx } = await startLedger(t)
  const wallet = account.wallet(randomUUID())
  await postMove(ctx, 'b', account.providerClearing, wallet, 1)
  const posted = await transact(ctx, (tx) => postAll(tx, ['a', 'b', 'c'].map((key) => ({ key, flow: 'test', entries: move(account.providerClearing, wallet, 10) }))))
  t.same([...posted].toSorted(), ['a', 'c'])
  t.equal((await sumAccount(ctx.sql, wallet)), 21)
  const twice = { key: 'd', flow: 'test', entries: move(account.providerClearing, wallet, 7) }
  const before = await sumAccount(ctx.sql, wallet)
  t.same(await transact(ctx, (tx) => postAll(tx, [twice, { ...twice, entries: twice.entries.toReversed() }])), new Set(['d']), 'the same one twice is posted once')
  t.equal(await sumAccount(ctx.sql, wallet), before + 7)
  const other = { ...twice, key: 'e' }
  await t.rejects(transact(ctx, (tx) => postAll(tx, [other, { ...other, entries: move(account.providerClearing, wallet, 8) }])), { code: 'conflict' }, 'a key of two different ones')
  t.equal(await findPosting(ctx.sql, 'e'), undefined)
})

t.test('a posting that is unbalanced or not whole is refused before it reaches the database', async (t) => {
  const { ctx } = await startLedger(t)
  const entries = (amounts: number[]) => amounts.map((amountIdr) => ({ account: account.promotions, amountIdr }))
  for (const amounts of [[1], [1, -2], [0.5, -0.5], [Number.NaN, 0], [2 ** 53, -(2 ** 53)]]) {
    await t.rejects(transact(ctx, (tx) => post(tx, { key: 'bad', flow: 'test', entries: entries(amounts) })), /balanced/)
  }
})

t.test('nobody falls below zero, save a mitra by clawback', async (t) => {
  const { ctx } = await startLedger(t)
  const wallet = account.wallet(randomUUID())
  const payable = account.payable(randomUUID())
  await postMove(ctx, 'in', account.providerClearing, wallet, 100)
  const refusal = await postMove(ctx, 'out', wallet, account.platformRevenue, 101).catch((error: unknown) => error)
  t.ok(refusal instanceof AppError && refusal.code === 'insufficient_balance')
  t.equal(await findPosting(ctx.sql, 'out'), undefined)
  t.equal(await postMove(ctx, 'clawback', payable, account.refundsPending, 50), true)
  t.equal(await postMove(ctx, 'all', wallet, account.platformRevenue, 100), true)
})

t.test('the database refuses what would unmake the ledger, to the owner too', async (t) => {
  const { ctx, owner } = await startLedger(t)
  await postMove(ctx, 'one', account.providerClearing, account.wallet(randomUUID()), 10)
  for (const table of ['ledger_entries', 'ledger_transactions']) {
    for (const statement of [`update ${table} set created_at = created_at`, `delete from ${table}`, `truncate ${table} cascade`]) {
      await t.rejects(owner.query(statement), /refused/, `owner: ${statement}`)
      await t.rejects(ctx.pool.query(statement), `application: ${statement}`)
    }
  }
  const insert = (account: string, amount: number) => `insert into ledger_entries (transaction_id, account, amount_idr) select id, '${account}', ${amount} from ledger_transactions limit 1`
  await t.rejects(owner.query(insert('promotions', 5)), /sums to 5/, 'an unbalanced transaction is refused at commit')
  await t.rejects(owner.query(`insert into ledger_transactions (id, key, flow) values (gen_random_uuid(), 'none', 'test')`), /no entries/)
  await t.rejects(owner.query(insert('nobody', 5)), /check constraint/)
  await t.rejects(owner.query(insert('promotions', 0)), /check constraint/)
  await t.rejects(owner.query(`update ledger_balances set balance_idr = -1`), /balance_not_negative/)
})

t.test('a deferred refusal reaches the caller as an error of the transaction', async (t) => {
  const { ctx } = await startLedger(t)
  const error = await transact(ctx, (tx) => tx.sql.execute(`insert into ledger_transactions (id, key, flow) values (gen_random_uuid(), 'none', 'test')`)).catch((thrown: unknown) => thrown)
  t.ok(error instanceof Error)
  t.equal(violatedConstraint(error), undefined)
})

t.test('of two reversals each of 500 postings exactly one succeeds', async (t) => {
  const { ctx } = await startLedger(t)
  const count = 500
  const wallets = Array.from({ length: count }, () => account.wallet(randomUUID()))
  await transact(ctx, (tx) => postAll(tx, wallets.map((wallet, index) => ({ key: `in ${index}`, flow: 'test', entries: move(account.providerClearing, wallet, 1000) }))))
  // The two of a pair have different keys: only the balance lets one of them through.
  const reversals = wallets.flatMap((wallet, index) => ['a', 'b'].map((side) => ({ wallet, key: `back ${index} ${side}` })))
  const outcomes: unknown[] = []
  // Forty at a time: a pool that a thousand wait for would time some of them out.
  await Promise.all(Array.from({ length: 40 }, async () => {
    for (let reversal = reversals.shift(); reversal; reversal = reversals.shift()) {
      outcomes.push(await postMove(ctx, reversal.key, reversal.wallet, account.providerClearing, 1000).then(() => 'done', (error: unknown) => error))
    }
  }))
  t.equal(outcomes.filter((outcome) => outcome === 'done').length, count)
  t.equal(outcomes.filter((outcome) => outcome instanceof AppError && outcome.code === 'insufficient_balance').length, count)
  t.equal([...(await sumAccounts(ctx.sql, wallets)).values()].every((balance) => balance === 0), true)
})

t.test('two that share two accounts in opposite directions never stop each other', async (t) => {
  const { ctx } = await startLedger(t)
  const [one, other] = [account.wallet(randomUUID()), account.wallet(randomUUID())]
  await transact(ctx, (tx) => postAll(tx, [one, other].map((wallet) => ({ key: wallet, flow: 'test', entries: move(account.providerClearing, wallet, 1000) }))))
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => postMove(ctx, `swap ${index}`, ...(index % 2 === 0 ? [one, other] as const : [other, one] as const), 5)))
  t.equal(answers.every(Boolean), true)
})

t.test('promotional credit is taken from the lots that expire first and comes back into them', async (t) => {
  const { ctx, db } = await startLedger(t)
  const customerId = randomUUID()
  const now = await db.clock.now()
  const grant = (key: string, amountIdr: number, days: number) => transact(ctx, (tx) => grantPromo(tx, { key, customerId, amountIdr, expiresAt: inDays(now, days), source: 'test' }))
  t.equal(await grant('late', 5000, 30), true)
  t.equal(await grant('soon', 3000, 2), true)
  t.equal(await grant('soon', 3000, 2), false, 'a credit is given once')
  t.match(await findWallet(ctx.sql, customerId), { balanceIdr: 0, promoIdr: 8000, lots: [{ amountIdr: 3000 }, { amountIdr: 5000 }] })

  const escrow = account.escrow(randomUUID())
  const parts = await transact(ctx, async (tx) => {
    const taken = await takePromo(tx, customerId, 4000)
    await post(tx, { key: 'hold', flow: 'hold', entries: move(account.promo(customerId), escrow, 4000) })
    return taken
  })
  t.match(parts, [{ amountIdr: 3000, expiresAt: inDays(now, 2) }, { amountIdr: 1000, expiresAt: inDays(now, 30) }])
  t.match((await findWallet(ctx.sql, customerId)).lots, [{ amountIdr: 4000 }])

  await transact(ctx, async (tx) => {
    await giveBackPromo(tx, customerId, parts, 7)
    await post(tx, { key: 'return', flow: 'return', entries: move(escrow, account.promo(customerId), 4000) })
  })
  const { promoIdr, lots } = await findWallet(ctx.sql, customerId)
  t.equal(promoIdr, 8000)
  t.ok(lots[0]!.expiresAt >= inDays(now, 7), 'what came back lives at least seven days more')
  t.same(lots[1]!.expiresAt, inDays(now, 30), 'a longer life is kept')
  await t.rejects(transact(ctx, (tx) => giveBackPromo(tx, randomUUID(), parts, 7)), /missing/, 'never into somebody else’s lot')
})

t.test('two at once never take the same credit twice', async (t) => {
  const { ctx, db } = await startLedger(t)
  const customerId = randomUUID()
  const expiresAt = inDays(await db.clock.now(), 3)
  await transact(ctx, (tx) => grantPromo(tx, { key: 'g', customerId, amountIdr: 1000, expiresAt, source: 'test' }))
  const takes = await Promise.all(Array.from({ length: 8 }, (_, index) => transact(ctx, async (tx) => {
    const takenIdr = (await takePromo(tx, customerId, 300)).reduce((total, part) => total + part.amountIdr, 0)
    await post(tx, { key: `take ${index}`, flow: 'hold', entries: move(account.promo(customerId), account.escrow(customerId), takenIdr) })
    return takenIdr
  })))
  t.equal(takes.reduce((total, taken) => total + taken, 0), 1000)
})

t.test('what is left in a lot returns to promotions when its time is over, once', async (t) => {
  const { ctx, db } = await startLedger(t)
  const customerId = randomUUID()
  const expiresAt = inDays(await db.clock.now(), 1)
  await transact(ctx, (tx) => grantPromo(tx, { key: 'g', customerId, amountIdr: 1000, expiresAt, source: 'test' }))
  t.equal(await expirePromoLots(ctx), 0)
  await db.clock.advance(86_401)
  t.equal((await findWallet(ctx.sql, customerId)).promoIdr, 0, 'it can’t be used before the sweep either')
  t.equal((await Promise.all([expirePromoLots(ctx), expirePromoLots(ctx)])).reduce((sum, one) => sum + one), 1)
  t.equal(await sumAccount(ctx.sql, account.promo(customerId)), 0)
})

t.test('entries are listed in pages, the newest first', async (t) => {
  const { ctx } = await startLedger(t)
  const customerId = randomUUID()
  for (let index = 1; index <= 5; index++) await postMove(ctx, `in ${index}`, account.providerClearing, account.wallet(customerId), index)
  await postMove(ctx, 'other', account.providerClearing, account.wallet(randomUUID()), 99)
  const first = await findWalletEntries(ctx.sql, customerId, { limit: 3 })
  t.same(first.items.map((entry) => entry.amountIdr), [5, 4, 3])
  const second = await findWalletEntries(ctx.sql, customerId, { limit: 3, cursor: first.nextCursor! })
  t.same(second.items.map((entry) => entry.amountIdr), [2, 1])
  t.equal(second.nextCursor, null)
})

t.test('whatever is posted, the books agree with each other', async (t) => {
  const { ctx } = await startLedger(t)
  const people = Array.from({ length: 3 }, () => randomUUID())
  const accounts = [...people.flatMap((id) => [account.wallet(id), account.payable(id), account.escrow(id)]), account.providerClearing, account.platformRevenue]
  const model = new Map(accounts.map((name) => [name, 0]))
  const transfer = fc.record({ from: fc.constantFrom(...accounts), to: fc.constantFrom(...accounts), amountIdr: fc.integer({ min: 0, max: 5000 }), key: fc.integer({ min: 0, max: 30 }) })
  const keys = new Set<number>()
  await fc.assert(fc.asyncProperty(fc.array(transfer, { maxLength: 6 }), async (transfers) => {
    for (const { from, to, amountIdr, key } of transfers) {
      const isAllowed = !from.startsWith('session_escrow') || (model.get(from) ?? 0) >= amountIdr
      if (!isAllowed) continue
      const outcome = await postMove(ctx, `key ${key}`, from, to, amountIdr).catch((error: unknown) => error)
      const wouldSink = from.startsWith('customer_') && from !== to && (model.get(from) ?? 0) < amountIdr
      if (amountIdr > 0 && keys.has(key)) t.equal(outcome, false)
      else if (amountIdr > 0 && wouldSink) t.ok(outcome instanceof AppError)
      else {
        t.equal(outcome, true)
        if (amountIdr === 0) continue
        keys.add(key)
        model.set(from, (model.get(from) ?? 0) - amountIdr)
        model.set(to, (model.get(to) ?? 0) + amountIdr)
      }
    }
    t.same(await sumAccounts(ctx.sql, accounts), model)
    t.same((await checkLedger(ctx.sql)).problems, [])
  }), { numRuns: 25 })
})

t.test('the check names what does not agree', async (t) => {
  const { ctx, owner } = await startLedger(t)
  const customerId = randomUUID()
  await postMove(ctx, 'in', account.providerClearing, account.wallet(customerId), 100)
  await owner.query('update ledger_balances set balance_idr = balance_idr + 7')
  await owner.query(`insert into promo_lots (id, customer_id, source, amount_idr, remaining_idr, expires_at) values (gen_random_uuid(), $1, 'test', 5, 5, app_now())`, [customerId])
  const { driftIdr, problems } = await checkLedger(ctx.sql)
  t.equal(driftIdr, 12)
  t.match(problems, [/balance differs/, /lots differ/])
  await owner.query('update ledger_balances set balance_idr = balance_idr - 7')
  await owner.query('delete from promo_lots')
})
