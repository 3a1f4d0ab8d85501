import { and, eq, getTableColumns, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { findPeople } from '../identity/index.ts'
import { account, post } from '../ledger/index.ts'
import { createPayment, findPaymentOfPurchase, paymentView } from '../payments/index.ts'
import { accessSession } from './access.ts'
import type { TipReply } from './contract.ts'
import { waitForInvoice } from './make-invoice.ts'
import { sessions, tips, type Session, type Tip } from './tables.ts'
import { tellTip } from './tell-tip.ts'
import { END_INVOICE } from './topics.ts'

export type TipWish = { amountIdr: number; useWallet: boolean; requestKey: string }

/**
 * A tip for the mitra of a session, all of it theirs: out of the wallet at once (`insufficient_balance`), or by an invoice
 * of its own that lives `tipPaySeconds`. The same `requestKey` answers the same tip.
 */
export async function tipMitra(ctx: Ctx, actor: UserActor, sessionId: string, wish: TipWish): Promise<TipReply> {
  await accessSession(ctx.sql, actor, sessionId)
  assertAmount(ctx, wish)
  const tip = await transact(ctx, async (tx) => {
    crashPointAfterCommit(tx, 'tip.asked')
    const made = await insertTip(tx, await findTipped(tx, sessionId), wish)
    crashPoint('tip.asking')
    return made
  })
  const payment = tip.fromWallet ? undefined : await waitForInvoice(ctx, (await findPaymentOfPurchase(ctx.sql, tip.id))?.id)
  return { tip: { id: tip.id, state: tip.state, amountIdr: tip.amountIdr }, ...(payment ? { payment: paymentView(payment) } : {}) }
}

function assertAmount(ctx: Ctx, { amountIdr, useWallet }: TipWish): void {
  const leastIdr = useWallet ? ctx.settings.get('tipLeastIdr') : Math.max(ctx.settings.get('tipLeastIdr'), ctx.settings.get('minInvoiceIdr'))
  if (amountIdr < leastIdr) throw new AppError('amount_below_minimum')
  if (amountIdr > ctx.settings.get('tipMostIdr')) throw new AppError('validation_failed', `A tip is at most Rp ${ctx.settings.get('tipMostIdr')}.`)
}

/** The session, while it may be tipped: served by somebody who is still there, and not over for too long. */
async function findTipped(tx: Tx, sessionId: string): Promise<Session & { mitraId: string }> {
  const [row] = await tx.sql.select({
    ...getTableColumns(sessions),
    isOpen: sql<boolean>`${sessions.state} in ('active', 'paused') or (${sessions.state} = 'ended' and ${sessions.endedAt} > app_now() - make_interval(secs => ${tx.settings.get('tipWindowSeconds')}))`,
  }).from(sessions).where(eq(sessions.id, sessionId))
  if (!row?.isOpen || row.mitraId === null) throw new AppError('session_state_conflict', 'This session cannot be tipped.')
  const mitra = (await findPeople(tx.sql, [row.mitraId])).get(row.mitraId)
  if (!mitra || mitra.erasedAt) throw new AppError('session_state_conflict', 'This mitra is gone.')
  return { ...row, mitraId: row.mitraId }
}

async function insertTip(tx: Tx, session: Session & { mitraId: string }, wish: TipWish): Promise<Tip> {
  const [tip] = await tx.sql.insert(tips).values({
    id: tx.ids.next(), sessionId: session.id, customerId: session.customerId, mitraId: session.mitraId, amountIdr: wish.amountIdr, fromWallet: wish.useWallet,
    state: wish.useWallet ? 'paid' : 'waiting', requestKey: wish.requestKey, paidAt: wish.useWallet ? sql`app_now()` : null,
  }).onConflictDoNothing().returning()
  if (!tip) return findByKey(tx, session.id, wish.requestKey)
  if (wish.useWallet) await payFromWallet(tx, tip)
  else await askForInvoice(tx, tip)
  return tip
}

// Its answer was lost: the request is made again.
async function findByKey(tx: Tx, sessionId: string, requestKey: string): Promise<Tip> {
  const [tip] = await tx.sql.select().from(tips).where(and(eq(tips.sessionId, sessionId), eq(tips.requestKey, requestKey)))
  return tip!
}

async function payFromWallet(tx: Tx, tip: Tip): Promise<void> {
  await post(tx, {
    key: `tip:${tip.id}`, flow: 'tip', sessionId: tip.sessionId,
    entries: [{ account: account.wallet(tip.customerId), amountIdr: -tip.amountIdr }, { account: account.payable(tip.mitraId), amountIdr: tip.amountIdr }],
  })
  await tellTip(tx, tip)
}

async function askForInvoice(tx: Tx, tip: Tip): Promise<void> {
  const seconds = tx.settings.get('tipPaySeconds')
  const { rows } = await tx.sql.execute<{ at: string }>(sql`select app_now() + make_interval(secs => ${seconds}) as at`)
  const payment = await createPayment(tx, {
    kind: 'tip', customerId: tip.customerId, sessionId: tip.sessionId, purchaseId: tip.id, amountIdr: tip.amountIdr, walletIdr: 0,
    description: 'halobestie tip', expiresAt: new Date(rows[0]!.at),
  })
  await writeOutbox(tx, [{ topic: END_INVOICE, payload: { paymentId: payment.id }, dueInSeconds: seconds }])
}
