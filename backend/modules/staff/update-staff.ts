import { and, asc, eq, sql } from '../../platform/drizzle.ts'
import type { z } from 'zod'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import type { updateStaffBody } from './contract.ts'
import { temporaryPassword } from './create-staff.ts'
import { hashPassword } from './passwords.ts'
import { rolesWithTotp } from './rules.ts'
import { signOutEverywhere } from './sign-out.ts'
import { staff, staffBackupCodes, type Staff } from './tables.ts'

type Changes = z.output<typeof updateStaffBody>

/**
 * Changes an account; one that is switched off, or gets another password or authenticator, is signed out everywhere.
 * Throws `conflict` when it would leave no active super_admin, or a role that needs one without an authenticator, `forbidden` for one's own role or activity.
 */
export async function updateStaff(ctx: Ctx, by: By, id: string, changes: Changes): Promise<{ staff: Staff; temporaryPassword: string | undefined }> {
  const isOwn = id === by.staffId
  if (isOwn && (changes.role !== undefined || changes.active !== undefined)) throw new AppError('forbidden', 'Another super_admin changes your role or activity.')
  const temporary = changes.resetPassword ? temporaryPassword() : undefined
  const passwordHash = temporary === undefined ? undefined : await hashPassword(temporary)
  const { displayName, role, active, totpRequired } = changes
  return transact(ctx, async (tx) => {
    await keepOneSuperAdmin(tx, id, changes)
    const [changed] = await tx.sql
      .update(staff)
      .set({
        ...(displayName === undefined ? {} : { displayName }), ...(role === undefined ? {} : { role }),
        ...(active === undefined ? {} : { active }), totpRequired: sql`${totpRequired ?? staff.totpRequired} or ${role ?? staff.role} = any(${sql.param([...rolesWithTotp(ctx.env)])}::text[])`,
        ...(passwordHash === undefined ? {} : { passwordHash, mustChangePassword: true }),
        ...(changes.resetTotp ? { totpSecret: null, totpConfirmedAt: null, totpLastStep: null } : {}),
        ...(changes.unlock ? { failedAttempts: 0, lockedUntil: null } : {}),
        updatedAt: sql`app_now()`,
      })
      .where(eq(staff.id, id))
      .returning()
    if (!changed) throw new AppError('not_found', 'no such member of staff')
    if (totpRequired === false && changed.totpRequired) throw new AppError('conflict', 'This role has an authenticator.')
    if (changes.resetTotp) await tx.sql.delete(staffBackupCodes).where(eq(staffBackupCodes.staffId, id))
    if (active === false || changes.resetPassword || changes.resetTotp) await signOutEverywhere(tx, id, isOwn ? by.sessionId : undefined)
    const { reason, displayName: _name, ...told } = changes
    await appendAudit(tx, { ...auditOf(by), act: 'staff.changed', targetType: 'staff', targetId: id, reason, details: { ...told, renamed: displayName !== undefined } })
    return { staff: changed, temporaryPassword: temporary }
  })
}

// Locked before they are counted: of two who take the role from each other at once, the second finds one left.
async function keepOneSuperAdmin(tx: Tx, id: string, changes: Changes): Promise<void> {
  const isTaken = changes.active === false || (changes.role !== undefined && changes.role !== 'super_admin')
  if (!isTaken) return
  const left = await tx.sql.select({ id: staff.id }).from(staff).where(and(eq(staff.role, 'super_admin'), staff.active)).orderBy(asc(staff.id)).for('update')
  if (left.length > 0 && left.every((account) => account.id === id)) throw new AppError('conflict', 'The last super_admin stays.')
}
