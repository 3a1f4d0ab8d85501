import { eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { lockPerson, setErasing } from '../identity/index.ts'
import { cancelWaiting, findOpenOfPerson } from '../sessions/index.ts'
import { assertNoMoney } from './assert-no-money.ts'
import { finishErasure } from './finish-erasure.ts'
import type { PrivacyMap } from './map.ts'
import { erasures, type Erasure } from './tables.ts'

export type ErasureWish = {
  userId: string
  /** Given up with the account: money in the wallet goes to staff, credit ends. */
  forfeit: boolean
  by: { kind: Erasure['askedByKind']; id?: string | undefined; reason?: string | undefined; requestId?: string | undefined; ip?: string | undefined }
}

/**
 * Erases a person: at once where nothing of theirs is open; a customer's session that has not begun is given up first,
 * which may take the provider a while (`waiting`). A repeat goes on where the first stopped.
 * Throws `not_found`, `session_open`, `conflict` (money that is theirs: a wallet that is not given up, earnings, a payout).
 */
export async function erasePerson(ctx: Ctx, map: PrivacyMap, wish: ErasureWish): Promise<Erasure> {
  await transact(ctx, (tx) => askErasure(tx, wish))
  await cancelWaiting(ctx, wish.userId)
  return finishErasure(ctx, map, wish.userId)
}

async function askErasure(tx: Tx, { userId, forfeit, by }: ErasureWish): Promise<void> {
  const user = await lockPerson(tx, userId)
  if (!user) throw new AppError('not_found', 'no such person')
  if (user.erasedAt !== null) return
  const open = await findOpenOfPerson(tx.sql, userId)
  const isInTheWay = user.kind === 'mitra' || open.some(({ state }) => state !== 'queued' && state !== 'held')
  if (open.length > 0 && isInTheWay) throw new AppError('session_open', 'A session is open: it has to end first.')
  await assertNoMoney(tx, { ...user, forfeit }, open)
  crashPointAfterCommit(tx, 'erasure.asked')
  await setErasing(tx, userId, true)
  await tx.sql.insert(erasures).values({ userId, forfeit, askedByKind: by.kind, askedBy: by.id ?? null, reason: by.reason ?? null })
    .onConflictDoUpdate({ target: erasures.userId, set: { forfeit: sql`${erasures.forfeit} or ${forfeit}` }, setWhere: eq(erasures.state, 'waiting') })
  if (by.kind === 'staff') await appendAudit(tx, { actorKind: 'staff', actorId: by.id, act: 'person.erasure_asked', targetType: user.kind, targetId: userId, reason: by.reason, details: { forfeit }, requestId: by.requestId, ip: by.ip })
  crashPoint('erasure.asking')
}
