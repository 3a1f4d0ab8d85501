import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { attemptFailed, reserveAttempt } from './attempts.ts'
import { auditOf, type By } from './by.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { signOutEverywhere } from './sign-out.ts'
import { staff, type Staff } from './tables.ts'

/**
 * Sets one's own password and ends one's other sessions. A wrong current password counts like a failed sign-in.
 * Throws `forbidden` for it, `validation_failed` when the new one is the old one.
 */
export async function changePassword(ctx: Ctx, by: By, input: { currentPassword: string; newPassword: string }): Promise<Staff> {
  if (input.newPassword === input.currentPassword) {
    throw new AppError('validation_failed', 'Choose another password.', { errors: [{ path: 'newPassword', code: 'unchanged', message: 'is the current password' }] })
  }
  const attempt = await reserveAttempt(ctx, { id: by.staffId })
  if (!attempt || !(await verifyPassword(attempt.account.passwordHash, input.currentPassword))) {
    await attemptFailed(ctx, attempt, by)
    throw new AppError('forbidden', 'The current password is wrong, or the account is locked.')
  }
  const passwordHash = await hashPassword(input.newPassword)
  return transact(ctx, async (tx) => {
    const [changed] = await tx.sql
      .update(staff)
      .set({ passwordHash, mustChangePassword: false, failedAttempts: 0, lockedUntil: null, updatedAt: sql`app_now()` })
      .where(and(eq(staff.id, by.staffId), eq(staff.passwordHash, attempt.account.passwordHash)))
      .returning()
    if (!changed) throw new AppError('conflict', 'The password was changed in the meantime.')
    await signOutEverywhere(tx, by.staffId, by.sessionId)
    await appendAudit(tx, { ...auditOf(by), act: 'staff.password_changed', targetType: 'staff', targetId: by.staffId })
    return changed
  })
}
