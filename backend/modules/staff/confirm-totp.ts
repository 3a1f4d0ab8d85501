import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import type { Required } from './contract.ts'
import { replaceBackupCodes } from './renew-backup-codes.ts'
import { requiredOf } from './rules.ts'
import { TOTP_PURPOSE } from './sign-in.ts'
import { staff } from './tables.ts'
import { totpStep } from './totp.ts'

/**
 * Proves that the authenticator works and gives ten backup codes, shown this once. Throws `conflict` when nothing is
 * waiting to be confirmed, `validation_failed` for a wrong code.
 */
export async function confirmTotp(ctx: Ctx, by: By, code: string): Promise<{ backupCodes: string[]; required: Required[] }> {
  return transact(ctx, async (tx) => {
    const [found] = await tx.sql.select({ account: staff, now: sql`app_now()`.mapWith(staff.createdAt) }).from(staff).where(eq(staff.id, by.staffId)).for('update')
    if (!found?.account.totpSecret || found.account.totpConfirmedAt !== null) throw new AppError('conflict', 'No authenticator waits to be confirmed.')
    const step = totpStep(secretsOf(tx.env).encryption.decrypt(found.account.totpSecret, TOTP_PURPOSE), code, found.now)
    if (step === undefined) throw new AppError('validation_failed', 'The code is wrong.', { errors: [{ path: 'totp', code: 'wrong', message: 'is not the code of this authenticator' }] })

    const confirmed = { totpConfirmedAt: found.now, totpLastStep: step }
    await tx.sql.update(staff).set({ ...confirmed, updatedAt: sql`app_now()` }).where(eq(staff.id, by.staffId))
    const backupCodes = await replaceBackupCodes(tx, by.staffId)
    await appendAudit(tx, { ...auditOf(by), act: 'staff.totp_confirmed', targetType: 'staff', targetId: by.staffId })
    return { backupCodes, required: requiredOf({ ...found.account, ...confirmed }) }
  })
}
