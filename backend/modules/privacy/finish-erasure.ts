import { and, eq, ne, sql, type SQL } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { forgetAnswers } from '../../platform/idempotency.ts'
import { appendAudit } from '../audit/index.ts'
import { eraseMessages } from '../chat/index.ts'
import { eraseIdentity, lockPerson, setErasing } from '../identity/index.ts'
import { emptyWallet } from '../ledger/index.ts'
import { eraseMitra } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import { openSuspense } from '../payments/index.ts'
import { isSubjectOfCase } from '../safety/index.ts'
import { cancelWaiting, findOpenOfPerson } from '../sessions/index.ts'
import { applyErasure } from './apply-erasure.ts'
import { assertNoMoney } from './assert-no-money.ts'
import type { PrivacyMap } from './map.ts'
import { erasures, type Erasure } from './tables.ts'

/**
 * Erases a person who asked for it, once nothing of theirs is open: one transaction makes them a pseudonym and takes
 * everything away but the words in their messages, which `goOnErasing` takes out in batches.
 * Throws `conflict` where money came meanwhile: then the erasure is called off, and the person told.
 */
export async function finishErasure(ctx: Ctx, map: PrivacyMap, userId: string): Promise<Erasure> {
  try {
    return await transact(ctx, (tx) => erase(tx, map, userId))
  } catch (error) {
    if (error instanceof AppError && (error.code === 'conflict' || error.code === 'session_open')) await transact(ctx, (tx) => callOff(tx, userId))
    throw error
  }
}

async function erase(tx: Tx, map: PrivacyMap, userId: string): Promise<Erasure> {
  const user = await lockPerson(tx, userId)
  const [erasure] = await tx.sql.select().from(erasures).where(eq(erasures.userId, userId)).for('update')
  if (!user || !erasure) throw new AppError('not_found', 'nobody asked to erase this person')
  if (erasure.state !== 'waiting') return erasure
  // Their slots are closed first: whoever claims one beside us has done so, or can't any more.
  if (user.kind === 'mitra') await eraseMitra(tx, userId)
  const open = await findOpenOfPerson(tx.sql, userId)
  if (open.length > 0 && user.kind === 'mitra') throw new AppError('session_open', 'A session is open: it has to end first.')
  if (open.length > 0) return erasure
  await assertNoMoney(tx, { ...user, forfeit: erasure.forfeit })
  crashPointAfterCommit(tx, 'erasure.erased')
  if (user.kind === 'customer') {
    await emptyWallet(tx, userId, (amountIdr) => openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId: userId, amountIdr, reason: 'person_erased' }))
  }
  const isSanctioned = user.bannedAt !== null || user.suspendedUntil !== null
  await eraseIdentity(tx, userId, { keepHash: isSanctioned || await isSubjectOfCase(tx, userId) })
  await applyErasure(tx, map, user)
  await forgetAnswers(tx.sql, userId)
  const [erased] = await tx.sql.update(erasures).set({ state: 'erased', erasedAt: sql`app_now()`, dueAt: sql`app_now()` }).where(eq(erasures.userId, userId)).returning()
  await appendAudit(tx, { actorKind: erasure.askedByKind, actorId: erasure.askedBy ?? undefined, act: 'person.erased', targetType: user.kind, targetId: userId, reason: erasure.reason ?? undefined })
  // Kept outside, this line tells whom to erase again after a backup was restored.
  tx.afterCommit(({ log }) => log.info({ event: 'person_erased', userId, kind: user.kind }, 'a person was erased'))
  crashPoint('erasure.erasing')
  return erased!
}

// What came meanwhile is theirs, and they have not said that they give it up: they stay.
async function callOff(tx: Tx, userId: string): Promise<void> {
  const user = await lockPerson(tx, userId)
  // They were erased before, and a backup brought them back: it only waits.
  const [erasure] = await tx.sql.delete(erasures).where(and(eq(erasures.userId, userId), eq(erasures.state, 'waiting'), ne(erasures.askedByKind, 'operator'))).returning()
  if (!erasure || !user) return
  await setErasing(tx, userId, false)
  await notify(tx, [{
    userId, template: `account.erasure_called_off.${user.kind}`, dedupeKey: `erasure-called-off:${erasure.askedAt.toISOString()}`,
  }])
}

const isErasureDue = sql`state <> 'done' and due_at <= app_now()`

/** Whether there is anything for `sweepErasures`. */
export function areErasuresDue(): SQL {
  return sql`(select true from erasures where ${isErasureDue} order by due_at limit 1)`
}

/** Goes on with erasures that are due: waits for sessions that close, takes words out of messages, and looks once more at what was on its way. */
export async function sweepErasures(ctx: Ctx, map: PrivacyMap, limit: number): Promise<number> {
  // Pushed back while they are worked on: replicas share them, and one that dies is followed.
  const { rows } = await ctx.sql.execute<{ user_id: string; state: Erasure['state'] }>(sql`
    update erasures set due_at = app_now() + interval '2 seconds' where user_id = any(array(
      select user_id from erasures where ${isErasureDue} order by due_at limit ${limit} for update skip locked))
    returning user_id, state`)
  await Promise.all(rows.map(({ user_id: userId, state }) => goOnErasing(ctx, map, userId, state)
    .catch((error: unknown) => ctx.log[error instanceof AppError ? 'info' : 'error']({ err: error, userId }, 'an erasure has to wait'))))
  return rows.length
}

async function goOnErasing(ctx: Ctx, map: PrivacyMap, userId: string, state: Erasure['state']): Promise<void> {
  if (state === 'waiting') {
    await cancelWaiting(ctx, userId)
    await finishErasure(ctx, map, userId)
    return
  }
  await eraseMessages(ctx, userId)
  const settleSeconds = ctx.settings.get('erasureSettleSeconds')
  await transact(ctx, async (tx) => {
    const user = await lockPerson(tx, userId)
    // Requests that had passed the door before their sign-in ended may have left something behind the first time.
    if (user) await applyErasure(tx, map, user)
    const [done] = await tx.sql.update(erasures).set({ state: 'done', doneAt: sql`app_now()` })
      .where(and(eq(erasures.userId, userId), eq(erasures.state, 'erased'), sql`${erasures.erasedAt} <= app_now() - make_interval(secs => ${settleSeconds})`)).returning()
    if (!done) await tx.sql.update(erasures).set({ dueAt: sql`erased_at + make_interval(secs => ${settleSeconds})` }).where(and(eq(erasures.userId, userId), eq(erasures.state, 'erased')))
  })
}
