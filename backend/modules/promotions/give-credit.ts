import { and, desc, eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { grantPromo } from '../ledger/index.ts'
import { notify } from '../notifications/index.ts'
import { creditDays, staffCredits, type StaffCredit } from './tables.ts'

export type CreditWish = { customerId: string; amountIdr: number; days?: number | undefined; reason: string; givenBy: string; requestKey: string }

/**
 * Writes down credit that a member of staff wants to give; nothing is given yet. The same key answers the first
 * (`isNew: false`). Throws `not_found`, `conflict` (banned or erased), `validation_failed` (more than `staffCreditMostIdr`).
 */
export async function askCredit(tx: Tx, wish: CreditWish): Promise<StaffCredit & { isNew: boolean }> {
  const { days = tx.settings.get('creditDays'), ...row } = wish
  // Before anything is refused: what was answered to this key stands, whatever has changed since.
  const earlier = await findByKey(tx.sql, wish)
  if (earlier) return { ...earlier, isNew: false }
  if (wish.amountIdr > tx.settings.get('staffCreditMostIdr')) throw new AppError('validation_failed', `Credit is at most Rp ${tx.settings.get('staffCreditMostIdr')}.`)
  await assertMayGet(tx, wish.customerId)
  const [made] = await tx.sql.insert(staffCredits)
    .values({ ...row, id: tx.ids.next(), state: 'asked', expiresAt: sql`app_now() + make_interval(days => ${days})` }).onConflictDoNothing().returning()
  if (made) return { ...made, isNew: true }
  return { ...(await findByKey(tx.sql, wish))!, isNew: false }
}

async function findByKey(handle: Queryable, { givenBy, requestKey }: Pick<CreditWish, 'givenBy' | 'requestKey'>): Promise<StaffCredit | undefined> {
  const [credit] = await handle.select().from(staffCredits).where(and(eq(staffCredits.givenBy, givenBy), eq(staffCredits.requestKey, requestKey)))
  return credit
}

/** Takes a credit out of what its giver may give alone on a day in Asia/Jakarta. False: that would be more than `staffCreditDailyIdr`. */
export async function takeDailyLimit(tx: Tx, credit: Pick<StaffCredit, 'givenBy' | 'amountIdr'>): Promise<boolean> {
  const mostIdr = tx.settings.get('staffCreditDailyIdr')
  if (credit.amountIdr > mostIdr) return false
  const { rowCount } = await tx.sql.insert(creditDays)
    .values({ staffId: credit.givenBy, day: sql`(app_now() at time zone 'Asia/Jakarta')::date`, givenIdr: credit.amountIdr })
    .onConflictDoUpdate({
      target: [creditDays.staffId, creditDays.day], set: { givenIdr: sql`${creditDays.givenIdr} + ${credit.amountIdr}` },
      setWhere: sql`${creditDays.givenIdr} + ${credit.amountIdr} <= ${mostIdr}`,
    })
  return rowCount === 1
}

/** Gives credit that was asked for, once, in a lot of its own that lives as long as was said. Throws `conflict`. */
export async function giveCredit(tx: Tx, creditId: string): Promise<StaffCredit> {
  crashPointAfterCommit(tx, 'credit.given')
  const [credit] = await tx.sql.update(staffCredits)
    .set({ state: 'given', givenAt: sql`app_now()`, expiresAt: sql`app_now() + (${staffCredits.expiresAt} - ${staffCredits.createdAt})` })
    .where(and(eq(staffCredits.id, creditId), eq(staffCredits.state, 'asked'))).returning()
  if (!credit) throw new AppError('conflict', 'This credit is decided on already.')
  await assertMayGet(tx, credit.customerId)
  await grantPromo(tx, { key: `credit:${credit.id}`, customerId: credit.customerId, amountIdr: credit.amountIdr, expiresAt: credit.expiresAt, source: 'staff' })
  await notify(tx, [{
    userId: credit.customerId, template: 'credit.given', variables: { amount: credit.amountIdr }, dedupeKey: `credit:${credit.id}`, data: { creditId: credit.id },
  }])
  crashPoint('credit.giving')
  return credit
}

/** The second person said no, or nobody said anything in time. */
export async function refuseCredit(tx: Tx, creditId: string): Promise<void> {
  await tx.sql.update(staffCredits).set({ state: 'refused' }).where(and(eq(staffCredits.id, creditId), eq(staffCredits.state, 'asked')))
}

/** The last credits of a customer, the newest first. */
export async function findCredits(handle: Queryable, customerId: string, limit = 20): Promise<StaffCredit[]> {
  return handle.select().from(staffCredits).where(eq(staffCredits.customerId, customerId)).orderBy(desc(staffCredits.id)).limit(limit)
}

async function assertMayGet(tx: Tx, customerId: string): Promise<void> {
  const person = (await findPeople(tx.sql, [customerId])).get(customerId)
  if (person?.kind !== 'customer') throw new AppError('not_found', 'no such customer')
  if (person.bannedAt || person.erasedAt) throw new AppError('conflict', 'Who is banned or erased gets no credit.')
}
