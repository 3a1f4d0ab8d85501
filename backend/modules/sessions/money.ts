import { eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { account, findWallet, giveBackPromo, post, sumAccount, takePromo } from '../ledger/index.ts'
import { findPromoUse, usePromo } from '../promotions/index.ts'
import { holdEarning } from './earning-holds.ts'
import { isBought, SessionMoved } from './queries.ts'
import { heldShare, splitFunding, type Funded, type Returned, settle, type Split } from './rules.ts'
import { purchases, type Purchase, type Session } from './tables.ts'

export const holdKey = (purchaseId: string): string => `purchase:${purchaseId}:hold`
export const returnKey = (purchaseId: string): string => `purchase:${purchaseId}:return`
export const settleKey = (sessionId: string): string => `session:${sessionId}:settle`

/**
 * Moves the promotional and wallet part of a purchase into the session's escrow and writes the split down.
 * Undefined (and nothing moved) where the rest is below the least invoice.
 */
export async function fundPurchase(tx: Tx, session: Session, purchase: Purchase, useWallet: boolean): Promise<Split | undefined> {
  const wallet = useWallet && purchase.priceIdr > 0 ? await findWallet(tx.sql, session.customerId) : { balanceIdr: 0, promoIdr: 0 }
  const use = await findPromoUse(tx.sql, session.id)
  const reservedIdr = use?.state === 'reserved' && purchase.kind === 'session' ? use.reservedIdr : 0
  const split = splitFunding({
    priceIdr: purchase.priceIdr, promoIdr: reservedIdr + wallet.promoIdr, walletIdr: wallet.balanceIdr, minInvoiceIdr: tx.settings.get('minInvoiceIdr'),
  })
  if (!split) return undefined
  // The code pays before credit that could pay for another session too.
  const codeIdr = Math.min(reservedIdr, split.promoIdr)
  const lots = [
    ...(use && reservedIdr > 0 ? await usePromo(tx, use, codeIdr) : []),
    ...(split.promoIdr > codeIdr ? await takePromo(tx, session.customerId, split.promoIdr - codeIdr) : []),
  ]
  const takenIdr = lots.reduce((sum, lot) => sum + lot.amountIdr, 0)
  if (takenIdr !== split.promoIdr) throw new SessionMoved('promotional credit expired between two looks') // the next decision sees what is left
  if (split.promoIdr + split.walletIdr > 0) {
    await post(tx, {
      key: holdKey(purchase.id), flow: 'hold', sessionId: session.id,
      entries: [
        { account: account.promo(session.customerId), amountIdr: -split.promoIdr },
        { account: account.wallet(session.customerId), amountIdr: -split.walletIdr },
        { account: account.escrow(session.id), amountIdr: split.promoIdr + split.walletIdr },
      ],
    })
  }
  await tx.sql.update(purchases).set({
    ...split, state: split.invoiceIdr === 0 ? 'funded' : 'funding',
    promoLots: lots.map((lot) => ({ lotId: lot.lotId, amountIdr: lot.amountIdr, expiresAt: lot.expiresAt.toISOString() })),
  }).where(eq(purchases.id, purchase.id))
  return split
}

/** What a purchase has in the escrow: the invoice counts once it is paid. */
export function fundedPart(purchase: Purchase): Funded {
  return { ...purchase, invoiceIdr: purchase.state === 'funding' ? 0 : purchase.invoiceIdr }
}

/**
 * Posts what goes back, purchase by purchase (at most three: the session's own and two extensions). Credit goes back into
 * its lots, but that of `codeLotId`: it is on the customer's account then, and in no lot. Answers how much that is.
 */
export async function returnMoney(tx: Tx, session: Session, bought: readonly Purchase[], returned: readonly Returned[], codeLotId: string | null): Promise<number> {
  let codeIdr = 0
  for (const part of returned) {
    const purchase = bought.find((candidate) => candidate.id === part.purchaseId)
    const amountIdr = part.promoIdr + part.walletIdr
    if (!purchase || amountIdr === 0) continue
    const isNew = await post(tx, {
      key: returnKey(purchase.id), flow: 'return', sessionId: session.id,
      entries: [
        { account: account.escrow(session.id), amountIdr: -amountIdr },
        { account: account.promo(session.customerId), amountIdr: part.promoIdr },
        { account: account.wallet(session.customerId), amountIdr: part.walletIdr },
      ],
    })
    if (!isNew) continue
    if (part.promoIdr > 0) {
      const lots = purchase.promoLots.map((lot) => ({ lotId: lot.lotId, amountIdr: lot.amountIdr, expiresAt: new Date(lot.expiresAt) }))
      const back = takeFromLots(lots, part.promoIdr)
      await giveBackPromo(tx, session.customerId, back.filter((lot) => lot.lotId !== codeLotId), tx.settings.get('promoReturnDays'))
      codeIdr += back.find((lot) => lot.lotId === codeLotId)?.amountIdr ?? 0
    }
    await tx.sql.update(purchases).set({ returnedIdr: amountIdr, state: 'returned' }).where(eq(purchases.id, purchase.id))
  }
  return codeIdr
}

// What was taken first (the lot that expires first) is given back last.
function takeFromLots<L extends { amountIdr: number }>(lots: readonly L[], amountIdr: number): L[] {
  let left = amountIdr
  return lots.toReversed().flatMap((lot) => {
    const part = Math.min(left, lot.amountIdr)
    left -= part
    return part > 0 ? [{ ...lot, amountIdr: part }] : []
  })
}

/** How much promotional credit stays in the session's price once this has gone back. */
export function promoUsed(bought: readonly Purchase[], returned: readonly Returned[]): number {
  const paidIdr = bought.filter(isBought).reduce((sum, purchase) => sum + purchase.promoIdr, 0)
  return paidIdr - returned.reduce((sum, part) => sum + part.promoIdr, 0)
}

/**
 * Settles what the escrow still holds: the mitra's share and the platform's rest. The escrow is zero afterwards. What of
 * the share was paid by promotional credit (`promoUsedIdr`) is held back for `earningHoldSeconds`.
 */
export async function settleEscrow(tx: Tx, session: Session, mitraId: string, promoUsedIdr: number): Promise<void> {
  const escrowIdr = await sumAccount(tx.sql, account.escrow(session.id))
  const { mitraIdr, platformIdr } = settle(escrowIdr, session.mitraSharePercent)
  await post(tx, {
    key: settleKey(session.id), flow: 'settlement', sessionId: session.id,
    entries: [
      { account: account.escrow(session.id), amountIdr: -escrowIdr },
      { account: account.payable(mitraId), amountIdr: mitraIdr },
      { account: account.platformRevenue, amountIdr: platformIdr },
    ],
  })
  await holdEarning(tx, { sessionId: session.id, mitraId, amountIdr: heldShare(promoUsedIdr, mitraIdr, session.mitraSharePercent) })
}
