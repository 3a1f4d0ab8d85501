import { and, eq, isNull, lte, or, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { staff, type Staff } from './tables.ts'

export type Attempt = { account: Staff; now: Date }
type Who = { email: string } | { id: string }

/**
 * Counts an attempt as failed before anything is verified, in one guarded statement: of any number at once only as
 * many get through as the limit allows. Undefined for an account that is unknown, inactive or locked.
 */
export async function reserveAttempt(ctx: Ctx, who: Who): Promise<Attempt | undefined> {
  const limit = ctx.settings.get('staffLockFailures')
  // A lock that is over starts the count anew.
  const failed = sql`case when ${staff.lockedUntil} is null then ${staff.failedAttempts} else 0 end + 1`
  const [row] = await ctx.sql
    .update(staff)
    .set({
      failedAttempts: failed,
      lockedUntil: sql`case when ${failed} >= ${limit} then app_now() + make_interval(secs => ${ctx.settings.get('staffLockSeconds')}) end`,
    })
    .where(and('id' in who ? eq(staff.id, who.id) : eq(sql`lower(${staff.email})`, who.email.toLowerCase()), staff.active, or(isNull(staff.lockedUntil), lte(staff.lockedUntil, sql`app_now()`))))
    .returning({ account: staff, now: sql`app_now()`.mapWith(staff.createdAt) })
  return row
}

/** Keeps the failure; the one that reached the limit is told to the audit. */
export async function attemptFailed(ctx: Ctx, attempt: Attempt | undefined, by: { requestId: string; ip: string }): Promise<void> {
  if (!attempt || attempt.account.lockedUntil === null) return
  const { id, lockedUntil } = attempt.account
  ctx.log.warn({ staffId: id, ip: by.ip }, 'staff account locked')
  await transact(ctx, (tx) => appendAudit(tx, {
    actorKind: 'system', act: 'staff.locked', targetType: 'staff', targetId: id, details: { until: lockedUntil.toISOString() }, requestId: by.requestId, ip: by.ip,
  }))
}

/** Clears the count, unless the account changed since the attempt began. `step`: the TOTP step just used. Answers whether it held. */
export async function attemptSucceeded(tx: Tx, { account }: Attempt, step?: number): Promise<boolean> {
  const cleared = await tx.sql
    .update(staff)
    .set({ failedAttempts: 0, lockedUntil: null, ...(step === undefined ? {} : { totpLastStep: step }) })
    .where(and(
      eq(staff.id, account.id), staff.active, eq(staff.passwordHash, account.passwordHash),
      // A code seen once is worth nothing any more, also to somebody who sends it at the same moment.
      step === undefined ? undefined : or(isNull(staff.totpLastStep), sql`${staff.totpLastStep} < ${step}`),
    ))
    .returning({ id: staff.id })
  return cleared.length === 1
}
