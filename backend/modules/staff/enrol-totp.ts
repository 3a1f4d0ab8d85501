import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import { TOTP_PURPOSE } from './sign-in.ts'
import { staff } from './tables.ts'
import { newTotpSecret, totpUri } from './totp.ts'

/** Gives a new secret, worth nothing until it is confirmed. Throws `conflict` while an authenticator is enrolled. */
export async function enrolTotp(ctx: Ctx, by: By): Promise<{ secret: string; uri: string }> {
  const secret = newTotpSecret()
  return transact(ctx, async (tx) => {
    const [account] = await tx.sql
      .update(staff)
      .set({ totpSecret: secretsOf(tx.env).encryption.encrypt(secret, TOTP_PURPOSE), totpLastStep: null, updatedAt: sql`app_now()` })
      .where(and(eq(staff.id, by.staffId), isNull(staff.totpConfirmedAt)))
      .returning({ email: staff.email })
    if (!account) throw new AppError('conflict', 'An authenticator is enrolled already.')
    await appendAudit(tx, { ...auditOf(by), act: 'staff.totp_enrolled', targetType: 'staff', targetId: by.staffId })
    return { secret, uri: totpUri(secret, account.email) }
  })
}
