import { transact } from '../platform/database.ts'
import { createPromoCode, type NewPromoCode } from '../modules/promotions/index.ts'
import { account, grantPromo, post } from '../modules/ledger/index.ts'
import type { TestApp } from './app.ts'

const DAY_MS = 86_400_000

/** A code of its own: Rp 10,000, once a person, from yesterday till tomorrow, unless told otherwise. */
export async function promoCode(app: TestApp, terms: Partial<NewPromoCode> = {}): Promise<{ id: string; code: string }> {
  const now = await nowOf(app)
  return transact(app.replicas[0]!.ctx, (tx) => createPromoCode(tx, {
    code: `CODE-${tx.ids.next()}`, worth: { amountIdr: 10_000 }, budgetIdr: 1_000_000, perPersonLimit: 1, leastPriceIdr: 0,
    startsAt: new Date(now - DAY_MS), endsAt: new Date(now + DAY_MS), ...terms,
  }))
}

/** What of a code's budget is spent, in rupiah. */
export async function spentOf(app: TestApp, codeId: string): Promise<number> {
  const [row] = await app.query<{ spent: string }>('select spent_idr as spent from promo_codes where id = $1', [codeId])
  return Number(row!.spent)
}

/** A lot of promotional credit as staff would give it. */
export async function giveLot(app: TestApp, customerId: string, amountIdr: number, days: number): Promise<void> {
  const now = await nowOf(app)
  await transact(app.replicas[0]!.ctx, async (tx) => {
    await grantPromo(tx, { key: `credit:${tx.ids.next()}`, customerId, amountIdr, expiresAt: new Date(now + days * DAY_MS), source: 'test' })
  })
}

/** Money in a customer's wallet. */
export async function fillWallet(app: TestApp, customerId: string, amountIdr: number): Promise<void> {
  await transact(app.replicas[0]!.ctx, async (tx) => {
    await post(tx, { key: `test:${tx.ids.next()}`, flow: 'test', entries: [{ account: account.promotions, amountIdr: -amountIdr }, { account: account.wallet(customerId), amountIdr }] })
  })
}

async function nowOf(app: TestApp): Promise<number> {
  const [row] = await app.query<{ now: Date }>('select app_now() as now')
  return row!.now.getTime()
}
