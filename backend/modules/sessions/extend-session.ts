import { and, eq } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { sessionsClosed } from '../../platform/switches.ts'
import { setMayReopen } from '../chat/index.ts'
import { findMitras } from '../mitras/index.ts'
import { createPayment, findPaymentOfPurchase, paymentView } from '../payments/index.ts'
import { accessSession } from './access.ts'
import { announceSessions } from './announce.ts'
import type { StartReply } from './contract.ts'
import { lengthenSession } from './lengthen-session.ts'
import { waitForInvoice } from './make-invoice.ts'
import { fundPurchase } from './money.ts'
import { findPackageOnSale, type Package } from './packages.ts'
import { changeSession, decideOnSession, findPurchases, isPending, type Actor, type Seen } from './queries.ts'
import { extensionPayUntil } from './rules.ts'
import { purchases, type Purchase, type Session } from './tables.ts'
import { END_INVOICE } from './topics.ts'
import { viewSession } from './view-session.ts'

export type ExtensionWish = { packageId: string; useWallet?: boolean | undefined; requestKey: string }

/**
 * More time for a session that runs: at once where wallet and credit pay for it, else when its invoice is paid, which can
 * be until shortly after the end. The same `requestKey` answers the same extension. Throws `not_found`,
 * `session_state_conflict`, `extension_pending`, `extension_refused` (the mitra does not want any, or there were enough),
 * `time_is_up`, `amount_below_minimum`, `payments_disabled`, `sessions_closed`.
 */
export async function extendSession(ctx: Ctx, actor: UserActor, sessionId: string, wish: ExtensionWish): Promise<StartReply> {
  await accessSession(ctx.sql, actor, sessionId)
  const chosen = await findPackageOnSale(ctx.sql, wish.packageId)
  if (!chosen) throw new AppError('not_found', 'no such package')
  const extensionId = await decideOnSession(ctx, sessionId, async (tx, seen) => (
    (await findByKey(tx.sql, sessionId, wish.requestKey)) ?? extend(tx, seen, { chosen, wish, actor })
  ))
  const payment = await waitForInvoice(ctx, (await findPaymentOfPurchase(ctx.sql, extensionId))?.id)
  return { ...await viewSession(ctx, actor, sessionId), ...(payment ? { payment: paymentView(payment) } : {}) }
}

// Its answer was lost: the request is made again.
async function findByKey(handle: Queryable, sessionId: string, requestKey: string): Promise<string | undefined> {
  const [made] = await handle.select({ id: purchases.id }).from(purchases).where(and(eq(purchases.sessionId, sessionId), eq(purchases.requestKey, requestKey)))
  return made?.id
}

type Asked = { chosen: Package; wish: ExtensionWish; actor: Actor }

async function extend(tx: Tx, seen: Seen, { chosen, wish, actor }: Asked): Promise<string> {
  if (tx.settings.get('newSessionsClosed')) throw sessionsClosed()
  const bought = await findPurchases(tx.sql, seen.session.id)
  await assertExtendable(tx, seen, bought)
  crashPointAfterCommit(tx, 'extension.asked')
  const id = tx.ids.next()
  // The guarded change comes first: of two who ask at once, one decides again and finds the other's.
  const asked = { now: seen.now, session: await changeSession(tx, seen, { set: {}, event: 'extension_asked', actor, details: { purchaseId: id, minutes: chosen.minutes } }) }
  const [extension] = await tx.sql.insert(purchases).values({
    id, sessionId: seen.session.id, kind: 'extension', position: bought.at(-1)!.position + 1, packageId: chosen.id, minutes: chosen.minutes, priceIdr: chosen.priceIdr,
    state: 'waiting', requestKey: wish.requestKey,
  }).returning()
  // Before any money: a conversation is locked ahead of it.
  await setMayReopen(tx, seen.session.conversationId!, true)
  const split = await fundPurchase(tx, seen.session, extension!, wish.useWallet ?? false)
  if (!split) throw new AppError('amount_below_minimum')
  if (split.invoiceIdr === 0) await lengthenSession(tx, asked, extension!, actor)
  else await askForMoney(tx, asked, extension!, { invoiceIdr: split.invoiceIdr, ownIdr: split.promoIdr + split.walletIdr })
  crashPoint('extension.asking')
  return id
}

async function assertExtendable(tx: Tx, { session, now }: Seen, bought: readonly Purchase[]): Promise<void> {
  if ((session.state !== 'active' && session.state !== 'paused') || !session.mitraId) throw new AppError('session_state_conflict', 'This session does not run.')
  if (bought.some(isPending)) throw new AppError('extension_pending', 'An extension waits for its payment.')
  const until = session.state === 'active' ? session.endsAt : session.pauseUntil
  if (!until || now >= until) throw new AppError('time_is_up', 'The time of this session is up.')
  const mitra = (await findMitras(tx.sql, [session.mitraId])).get(session.mitraId)
  if (!mitra?.acceptsExtensions || mitra.status !== 'approved') throw new AppError('extension_refused', 'The mitra does not extend sessions.')
  const made = bought.filter((purchase) => purchase.kind === 'extension' && purchase.state !== 'dropped')
  if (made.length >= tx.settings.get('extensionsMost')) throw new AppError('extension_refused', 'This session was extended often enough.')
}

async function askForMoney(tx: Tx, { session, now }: { session: Session; now: Date }, extension: Purchase, split: { invoiceIdr: number; ownIdr: number }): Promise<void> {
  const { endsAt } = session
  if (!endsAt) throw new Error('a session that runs has an end')
  const payUntil = extensionPayUntil({ ...session, endsAt }, now, tx.settings.get('extensionGraceSeconds'))
  const payment = await createPayment(tx, {
    kind: 'extension', customerId: session.customerId, sessionId: session.id, purchaseId: extension.id, amountIdr: split.invoiceIdr,
    walletIdr: split.ownIdr, description: `halobestie +${extension.minutes} menit`, expiresAt: payUntil,
  })
  await tx.sql.update(purchases).set({ payUntil }).where(eq(purchases.id, extension.id))
  await writeOutbox(tx, [{ topic: END_INVOICE, payload: { paymentId: payment.id }, dueInSeconds: (payUntil.getTime() - now.getTime()) / 1000 }])
  announceSessions(tx, [session.id])
}
