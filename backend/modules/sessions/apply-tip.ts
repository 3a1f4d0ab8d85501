import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findPeople } from '../identity/index.ts'
import { account, findPosting, post } from '../ledger/index.ts'
import { findPayment, markExpired, markFailed, markPaid, postingKeyOfPayment, type ApplyPayment, type Payment } from '../payments/index.ts'
import { accountOfPayer } from './payer-account.ts'
import { tips, type Tip } from './tables.ts'
import { tellPaid, tellSurplus, tellToWallet } from './tell-payment.ts'
import { tellTip } from './tell-tip.ts'

/**
 * Applies the money of a tip's invoice exactly once: to the mitra; where the tip was over, paid before or the mitra is
 * erased, to the customer's wallet. The key is the payment's own, so that copies of its event are known without asking.
 */
export async function applyTip(ctx: Ctx, payment: Payment, confirmed: Parameters<ApplyPayment>[1]): Promise<'applied' | 'already'> {
  return transact(ctx, async (tx) => {
    const key = postingKeyOfPayment(payment.id, confirmed.providerPaymentId)
    if (await findPosting(tx.sql, key)) return 'already'
    // Two deliveries at once meet here; the second then finds the posting.
    const paid = await markPaid(tx, payment.id, confirmed.through)
    if (await findPosting(tx.sql, key)) return 'already'
    const tip = await acceptTip(tx, payment)
    const surplusIdr = confirmed.paidIdr - payment.amountIdr
    const toPersonIdr = (tip ? 0 : payment.amountIdr) + surplusIdr
    const payer = await accountOfPayer(tx, payment, confirmed, toPersonIdr)
    const isNew = await post(tx, {
      key, flow: tip ? 'tip' : 'late_payment', sessionId: payment.sessionId, paymentId: payment.id,
      entries: [{ account: account.providerClearing, amountIdr: -payment.amountIdr }, { account: tip ? account.payable(tip.mitraId) : payer, amountIdr: payment.amountIdr }],
    })
    if (!isNew) throw new Error('a tip was posted between two looks') // rolls back; the next delivery finds it done
    if (surplusIdr > 0) {
      await post(tx, {
        key: `${key}:surplus`, flow: 'surplus', sessionId: payment.sessionId, paymentId: payment.id,
        entries: [{ account: account.providerClearing, amountIdr: -surplusIdr }, { account: payer, amountIdr: surplusIdr }],
      })
    }
    if (tip) {
      await tellTip(tx, tip)
      await tellPaid(tx, payment, paid?.paidAt ?? tip.paidAt ?? payment.createdAt)
    }
    if (payer === account.wallet(payment.customerId) && toPersonIdr > 0) await (tip ? tellSurplus : tellToWallet)(tx, payment, key, toPersonIdr)
    return 'applied'
  })
}

// The guarded change is what makes it the mitra's: once, and only while the tip waits for it.
async function acceptTip(tx: Tx, payment: Payment): Promise<Tip | undefined> {
  const [tip] = await tx.sql.select().from(tips).where(eq(tips.id, payment.purchaseId))
  const mitra = tip && (await findPeople(tx.sql, [tip.mitraId])).get(tip.mitraId)
  if (!mitra || mitra.erasedAt) {
    await endTip(tx, payment.purchaseId)
    return undefined
  }
  const [paid] = await tx.sql.update(tips).set({ state: 'paid', paidAt: sql`app_now()` }).where(and(eq(tips.id, payment.purchaseId), eq(tips.state, 'waiting'))).returning()
  return paid
}

/** The invoice of a tip ended unpaid, or was never made: what comes later is not the mitra's. */
export async function endTipPayment(tx: Tx, payment: Pick<Payment, 'id' | 'purchaseId'>): Promise<void> {
  // Who found that no invoice was made has marked the payment, and knows nothing of tips.
  const ended = (await markExpired(tx, payment.id)) ?? (await markFailed(tx, payment.id)) ?? (await findPayment(tx.sql, payment.id))
  if (ended?.state === 'expired' || ended?.state === 'failed') await endTip(tx, payment.purchaseId)
}

async function endTip(tx: Tx, tipId: string): Promise<void> {
  await tx.sql.update(tips).set({ state: 'expired' }).where(and(eq(tips.id, tipId), eq(tips.state, 'waiting')))
}
