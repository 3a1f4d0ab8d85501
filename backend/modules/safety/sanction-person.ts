import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { findPeople, holdNumber, setStanding } from '../identity/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { decideUnderMatching, endOfSanctioned } from '../sessions/index.ts'
import type { SanctionBody } from './contract.ts'
import { findCase } from './queries.ts'
import { findSanction, standingOf, type Judged } from './sanction-rows.ts'
import { sanctions } from './tables.ts'

/** Who acts, and in which request. */
export type StaffBy = { staffId: string; requestId: string; ip: string }

/**
 * Warns, suspends or bans the number of an account, for both kinds. A suspension or ban ends its sign-ins (their sockets
 * close within 5 s), sends the mitra offline and ends what is open, in this transaction. Throws `not_found`,
 * `validation_failed` (a time that has passed).
 */
export async function sanctionPerson(ctx: Ctx, by: StaffBy, wish: SanctionBody): Promise<Judged> {
  return decideUnderMatching(ctx, async (tx) => {
    const person = (await findPeople(tx.sql, [wish.userId])).get(wish.userId)
    if (!person) throw new AppError('not_found', 'no such person')
    if (wish.caseId !== undefined && !(await findCase(tx.sql, wish.caseId))) throw new AppError('not_found', 'no such case')
    await holdNumber(tx, person.phoneHash)
    const id = tx.ids.next()
    const until = wish.until === undefined ? null : new Date(wish.until)
    await tx.sql.insert(sanctions).values({
      id, kind: wish.kind, phoneHash: person.phoneHash, userId: person.id, caseId: wish.caseId ?? null, reason: wish.reason, message: wish.message ?? null, until, createdBy: by.staffId,
    })
    const sanction = (await findSanction(tx.sql, id))!
    if (wish.kind === 'warning') await warn(tx, sanction)
    else if (sanction.isActive) await enforce(tx, sanction, wish.giveBack === true)
    else throw new AppError('validation_failed', 'This time has passed.', { errors: [{ path: 'until', code: 'too_early', message: 'must be later than now' }] })
    await appendAudit(tx, {
      actorKind: 'staff', actorId: by.staffId, act: `sanction.${wish.kind}`, targetType: 'user', targetId: person.id, reason: wish.reason,
      details: { sanctionId: id, until: until?.toISOString() ?? null, caseId: wish.caseId ?? null, giveBack: wish.giveBack === true }, requestId: by.requestId, ip: by.ip,
    })
    tx.afterCommit(({ metrics }) => metrics.sanctions.inc({ kind: wish.kind }))
    return sanction
  })
}

async function enforce(tx: Tx, sanction: Judged, giveBack: boolean): Promise<void> {
  const accounts = await setStanding(tx, sanction.phoneHash, await standingOf(tx, sanction.phoneHash))
  const idOf = (kind: 'customer' | 'mitra') => accounts.find((account) => account.kind === kind)?.id
  await endOfSanctioned(tx, { customerId: idOf('customer'), mitraId: idOf('mitra'), staffId: sanction.createdBy, giveBack })
  await notify(tx, accounts.map(({ id }) => noticeOfSanction(id, sanction)))
}

function noticeOfSanction(userId: string, { id, message, until }: Judged): Notice {
  const about = { userId, dedupeKey: `sanction:${id}`, data: { sanctionId: id } }
  if (until === null) return message === null ? { ...about, template: 'sanction.banned' } : { ...about, template: 'sanction.banned.words', variables: { message } }
  const variables = { until: until.toISOString() }
  return message === null ? { ...about, template: 'sanction.suspended', variables } : { ...about, template: 'sanction.suspended.words', variables: { ...variables, message } }
}

async function warn(tx: Tx, { id, userId, message }: Judged): Promise<void> {
  const about = { userId, dedupeKey: `warning:${id}`, data: { sanctionId: id, card: 'warning' } }
  await notify(tx, [message === null ? { ...about, template: 'sanction.warning' } : { ...about, template: 'sanction.warning.words', variables: { message } }])
}

/** Takes a sanction back; what it ended stays ended, and the person may sign in again unless another one stands. A repeat changes nothing. */
export async function liftSanction(ctx: Ctx, by: StaffBy, wish: { sanctionId: string; reason: string }): Promise<Judged> {
  return transact(ctx, (tx) => lift(tx, by, wish))
}

/** The same inside a transaction. */
export async function lift(tx: Tx, by: StaffBy, { sanctionId, reason }: { sanctionId: string; reason: string }): Promise<Judged> {
  const before = await findSanction(tx.sql, sanctionId)
  if (!before) throw new AppError('not_found', 'no such sanction')
  await holdNumber(tx, before.phoneHash)
  const [lifted] = await tx.sql.update(sanctions).set({ liftedAt: sql`app_now()`, liftedBy: by.staffId, liftReason: reason })
    .where(and(eq(sanctions.id, sanctionId), isNull(sanctions.liftedAt))).returning()
  if (lifted) {
    const accounts = await setStanding(tx, before.phoneHash, await standingOf(tx, before.phoneHash))
    // Whoever was told of it: a warning went to the account alone, the others to all of the number.
    const told = new Set([lifted.userId, ...(lifted.kind === 'warning' ? [] : accounts.map(({ id }) => id))])
    await notify(tx, [...told].map((userId) => ({ userId, template: 'sanction.lifted', dedupeKey: `lifted:${sanctionId}`, data: { sanctionId } })))
    await appendAudit(tx, {
      actorKind: 'staff', actorId: by.staffId, act: 'sanction.lifted', targetType: 'user', targetId: lifted.userId, reason,
      details: { sanctionId, kind: lifted.kind }, requestId: by.requestId, ip: by.ip,
    })
  }
  return (await findSanction(tx.sql, sanctionId))!
}
