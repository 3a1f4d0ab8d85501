import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, violatedConstraint } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { mayCharge, sessionsClosed } from '../../platform/switches.ts'
import { assertMayTakePart, assertNotOut, assertStillHere, findPeople, findSamePersonPairs } from '../identity/index.ts'
import { findWallet } from '../ledger/index.ts'
import { findMitras, keepsServing } from '../mitras/index.ts'
import { findBlockBetween } from '../moderation/index.ts'
import { quotePromo, reservePromo, type PromoWish } from '../promotions/index.ts'
import { announceSessions } from './announce.ts'
import { insertPurchase } from './begin-hold.ts'
import type { SessionView, StartSession } from './contract.ts'
import { assertNoCooldown } from './cooldown.ts'
import { makeInvoiceOf } from './make-invoice.ts'
import { matchWaiting } from './match-waiting.ts'
import { lockMatching, OPEN_STATES, recordEvents } from './queries.ts'
import { splitFunding } from './rules.ts'
import { packages, sessions } from './tables.ts'
import { findSessionViews } from './views.ts'

/**
 * Joins the queue and is matched in the same transaction: answers `held`, `ringing` (nothing to pay) or `queued`.
 * Waits up to `invoiceWaitMs` for the invoice. `requestKey` (the Idempotency-Key) finds the session again after a crash.
 */
export async function startSession(ctx: Ctx, customerId: string, input: StartSession, requestKey: string): Promise<SessionView> {
  const [chosen] = await ctx.sql.select().from(packages).where(and(eq(packages.id, input.packageId), eq(packages.active, true)))
  if (!chosen) throw new AppError('not_found', 'no such package')
  await Promise.all([
    assertMayTakePart(ctx.sql, ctx.settings, customerId),
    assertNoCooldown(ctx, customerId),
    assertMitra(ctx, customerId, input),
  ])
  // What a first try has reserved of a code is no longer there for the second: its session is looked for before.
  const isClosed = ctx.settings.get('newSessionsClosed')
  const made = input.promoCode === undefined && !isClosed ? undefined : await findMade(ctx, customerId, requestKey)
  if (isClosed && !made) throw sessionsClosed()
  const wish = input.promoCode === undefined || made ? undefined : await wishOf(ctx, customerId, input.promoCode, chosen.priceIdr)
  if (!made) await assertPayable(ctx, customerId, chosen.priceIdr, { useWallet: input.useWallet ?? false, wish })
  const id = made ?? (await insertAndMatch(ctx, customerId, input, requestKey, chosen, wish)) ?? (await findOpenByKey(ctx, customerId, requestKey))
  await makeInvoiceOf(ctx, id)
  const views = await findSessionViews(ctx, [id])
  return views.get(id)!.customer
}

// Undefined where this very request made its session before and its answer was lost.
async function insertAndMatch(ctx: Ctx, customerId: string, input: StartSession, requestKey: string, chosen: typeof packages.$inferSelect, wish: PromoWish | undefined): Promise<string | undefined> {
  try {
    return await transact(ctx, async (tx) => {
      await lockMatching(tx)
      // Whoever goes offline now waits for this commit, and then cancels what waits for them alone.
      if (input.mitraId && !input.anyMitra && !(await keepsServing(tx, input.mitraId))) throw new AppError('mitra_not_available')
      // Under the lock: a block that is being made waits for this session, or is seen here.
      if (input.mitraId && !input.anyMitra) await assertNotBlocked(tx, customerId, input.mitraId)
      // A sanction that was being given held the matching lock, and a token may not have heard of it yet.
      await assertNotOut(tx.sql, customerId)
      await assertStillHere(tx, customerId)
      crashPointAfterCommit(tx, 'session.asked')
      const id = tx.ids.next()
      const [session] = await tx.sql.insert(sessions).values({
        id, version: 1, state: 'queued', customerId, namedMitraId: input.mitraId ?? null, anyMitra: input.anyMitra ?? false,
        topic: input.topic ?? null, language: input.language ?? null, gender: input.gender ?? null, useWallet: input.useWallet ?? false, requestKey,
        packageId: chosen.id, minutes: chosen.minutes, priceIdr: chosen.priceIdr, mitraSharePercent: tx.settings.get('mitraSharePercent'),
        queueNumber: sql`nextval('session_queue_number')`, offersMade: 0, pausedSeconds: 0, queuedAt: sql`app_now()`, updatedAt: sql`app_now()`,
        dueAt: sql`app_now() + make_interval(secs => ${tx.settings.get('queueSeconds')})`,
      }).returning()
      await insertPurchase(tx, session!)
      if (wish) await reservePromo(tx, { ...wish, customerId, sessionId: id })
      await recordEvents(tx, [{ sessionId: id, from: null, to: 'queued', event: 'asked', actor: { kind: 'customer', id: customerId } }])
      await matchWaiting(tx, { justCreated: id })
      announceSessions(tx, [id])
      crashPoint('session.asking')
      return id
    })
  } catch (error) {
    if (violatedConstraint(error) === 'chat_sessions_one_open') return undefined
    throw error
  }
}

async function findOpenByKey(ctx: Ctx, customerId: string, requestKey: string): Promise<string> {
  const made = await findMade(ctx, customerId, requestKey)
  if (made === undefined) throw new AppError('session_already_open')
  return made
}

async function findMade(ctx: Ctx, customerId: string, requestKey: string): Promise<string | undefined> {
  const [row] = await ctx.sql.select({ id: sessions.id, requestKey: sessions.requestKey }).from(sessions)
    .where(and(eq(sessions.customerId, customerId), inArray(sessions.state, [...OPEN_STATES])))
  return row?.requestKey === requestKey ? row.id : undefined
}

async function wishOf(ctx: Ctx, customerId: string, code: string, priceIdr: number): Promise<PromoWish> {
  return { code, priceIdr, personHash: (await findPeople(ctx.sql, [customerId])).get(customerId)?.phoneHash ?? null }
}

async function assertMitra(ctx: Ctx, customerId: string, input: StartSession): Promise<void> {
  if (!input.mitraId) return
  const [mitras, same] = await Promise.all([findMitras(ctx.sql, [input.mitraId]), findSamePersonPairs(ctx.sql, [customerId], [input.mitraId])])
  const mitra = mitras.get(input.mitraId)
  if (!mitra || mitra.status === 'draft' || mitra.status === 'applied' || mitra.status === 'rejected') throw new AppError('not_found', 'no such mitra')
  if (same.size > 0 && !input.anyMitra) throw new AppError('no_eligible_mitra')
  if (!mitra.isOnline && !input.anyMitra) throw new AppError('mitra_not_available')
}

// Whom the mitra has blocked is told what everybody is told of a mitra who is not there.
async function assertNotBlocked(tx: Tx, customerId: string, mitraId: string): Promise<void> {
  const block = await findBlockBetween(tx.sql, customerId, mitraId)
  if (block === 'own') throw new AppError('blocked', 'You have blocked this mitra.')
  if (block === 'theirs') throw new AppError('mitra_not_available')
}

async function assertPayable(ctx: Ctx, customerId: string, priceIdr: number, means: { useWallet: boolean; wish: PromoWish | undefined }): Promise<void> {
  const codeIdr = means.wish ? await quotePromo(ctx.sql, means.wish) : 0
  if (priceIdr === 0) return
  const wallet = means.useWallet ? await findWallet(ctx.sql, customerId) : { balanceIdr: 0, promoIdr: 0 }
  const split = splitFunding({ priceIdr, promoIdr: codeIdr + wallet.promoIdr, walletIdr: wallet.balanceIdr, minInvoiceIdr: ctx.settings.get('minInvoiceIdr') })
  if (!split) throw new AppError('amount_below_minimum')
  if (split.invoiceIdr > 0 && !mayCharge(ctx)) throw new AppError('payments_disabled')
}
