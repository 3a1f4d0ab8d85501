import { and, gt, isNull, or, sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findPeople, findSamePersonPairs, isOut } from '../identity/index.ts'
import { findAvailable } from '../mitras/index.ts'
import { findBlockedPairs } from '../moderation/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { countQueue, findInSession } from '../sessions/index.ts'
import { chooseAnswered, type Asked } from './rules.ts'
import { notifyRequests } from './tables.ts'

/** One replica at a time: who is told is decided over all of them. */
const LOCK = 7_101
/** Requests that one decision looks at, the oldest first. */
const BATCH = 1000

const isWaiting = and(isNull(notifyRequests.answeredAt), gt(notifyRequests.expiresAt, sql`app_now()`))

/** Whether anybody waits for an answer. */
export function isNotifyAsked(): SQL {
  return sql`(select true from ${notifyRequests} where ${isWaiting} order by ${notifyRequests.createdAt} limit 1)`
}

/**
 * Tells those who asked that somebody is free. Every replica sweeps, one decides; the answer and its notice are one
 * transaction, so each request is answered once whatever crashes. Whoever is in a session is not told, and waits on.
 * Answers how many were told.
 */
export async function answerNotify(ctx: Ctx): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ is_ours: boolean; now: string }>(sql`select pg_try_advisory_xact_lock(${LOCK}) as is_ours, app_now() as now`)
    return rows[0]?.is_ours === true ? decide(tx, new Date(rows[0].now)) : 0
  })
}

async function decide(tx: Tx, now: Date): Promise<number> {
  // First who has come of those that were told, then what is free: the other way round somebody who comes in between
  // would neither be promised a slot nor have one.
  const told = await findTold(tx)
  const come = await findInSession(tx.sql, told.map((one) => one.customerId))
  const free = await findAvailable(tx.sql)
  if (free.length === 0) return 0
  const mitraIds = free.map((one) => one.mitraId)
  const [asked, queued] = [await findWaiting(tx, mitraIds), await countQueue(tx.sql)]
  const customerIds = [...new Set(asked.map((one) => one.customerId))]
  const [inSession, people] = [await findInSession(tx.sql, customerIds), await findPeople(tx.sql, customerIds)]
  const apart = [await findSamePersonPairs(tx.sql, customerIds, mitraIds), await findBlockedPairs(tx.sql, customerIds, mitraIds)]
  const isElsewhere = (customerId: string) => {
    const person = people.get(customerId)
    return inSession.has(customerId) || !person || person.erasedAt !== null || isOut(person, now)
  }
  const answered = chooseAnswered(
    asked.filter((one) => !isElsewhere(one.customerId)),
    { free, told: told.filter((one) => !come.has(one.customerId)), isAnyOpen: queued === 0 },
    (customerId, mitraId) => !apart.some((pairs) => pairs.has(`${customerId}:${mitraId}`)),
  )
  return answer(tx, answered)
}

async function findWaiting(tx: Tx, mitraIds: readonly string[]): Promise<Asked[]> {
  return tx.sql.select({ id: notifyRequests.id, customerId: notifyRequests.customerId, mitraId: notifyRequests.mitraId }).from(notifyRequests)
    .where(and(isWaiting, or(isNull(notifyRequests.mitraId), isAnyOf(notifyRequests.mitraId, mitraIds))))
    .orderBy(notifyRequests.createdAt, notifyRequests.id).limit(BATCH).for('update', { skipLocked: true })
}

// A slot stays promised for a while: else everybody would be told of the same one, a second after another.
async function findTold(tx: Tx): Promise<Pick<Asked, 'customerId' | 'mitraId'>[]> {
  return tx.sql.select({ customerId: notifyRequests.customerId, mitraId: notifyRequests.mitraId }).from(notifyRequests)
    .where(gt(notifyRequests.answeredAt, sql`app_now() - make_interval(secs => ${tx.settings.get('notifyMeHeadStartSeconds')})`))
}

async function answer(tx: Tx, chosen: readonly Asked[]): Promise<number> {
  if (chosen.length === 0) return 0
  const rows = await tx.sql.update(notifyRequests).set({ answeredAt: sql`app_now()` })
    .where(and(isAnyOf(notifyRequests.id, chosen.map((one) => one.id)), isNull(notifyRequests.answeredAt))).returning()
  const names = await findPeople(tx.sql, rows.flatMap((row) => row.mitraId ?? []))
  const lifeSeconds = tx.settings.get('notifyMeHeadStartSeconds')
  await notify(tx, rows.map(({ id, customerId, mitraId }): Notice => {
    const about = { userId: customerId, dedupeKey: `notify-me:${id}`, data: { requestId: id, ...(mitraId === null ? {} : { mitraId }) }, ttlSeconds: Math.max(60, lifeSeconds) }
    if (mitraId === null) return { ...about, template: 'availability.any' }
    const name = names.get(mitraId)?.displayName
    return name ? { ...about, template: 'availability.named', variables: { name } } : { ...about, template: 'availability.chosen' }
  }))
  tx.afterCommit(({ metrics }) => {
    for (const { mitraId } of rows) metrics.notifyAnswered.inc({ asked: mitraId === null ? 'any' : 'named' })
  })
  return rows.length
}
