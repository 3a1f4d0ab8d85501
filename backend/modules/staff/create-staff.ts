import { randomBytes } from 'node:crypto'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, violatedConstraint } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import { hashPassword } from './passwords.ts'
import { rolesWithTotp } from './rules.ts'
import { staff, type Staff } from './tables.ts'

export type NewStaff = { email: string; displayName: string; role: StaffRole; passwordHash: string; mustChangePassword: boolean; totpRequired: boolean }

/** A password nobody has to remember: it is changed at the first sign-in. No character that ends a word when it is copied. */
export function temporaryPassword(): string {
  return randomBytes(15).toString('base64url').replaceAll(/[-_]/g, 'x')
}

/**
 * Opens an account whose password must be changed at the first sign-in; without a given one, answers a temporary one.
 * Throws `conflict` for an e-mail that has an account.
 */
export async function createStaff(
  ctx: Ctx, by: By, input: { email: string; displayName: string; role: StaffRole; password?: string | undefined; totpRequired?: boolean | undefined },
): Promise<{ staff: Staff; temporaryPassword: string | undefined }> {
  const temporary = input.password === undefined ? temporaryPassword() : undefined
  const passwordHash = await hashPassword(input.password ?? temporary ?? '')
  const totpRequired = rolesWithTotp(ctx.env).includes(input.role) || (input.totpRequired ?? ctx.env.APP_ENV !== 'development')
  try {
    const created = await transact(ctx, async (tx) => {
      const account = await insertStaff(tx, { email: input.email, displayName: input.displayName, role: input.role, passwordHash, mustChangePassword: true, totpRequired })
      await appendAudit(tx, { ...auditOf(by), act: 'staff.created', targetType: 'staff', targetId: account.id, details: { role: input.role, totpRequired } })
      return account
    })
    return { staff: created, temporaryPassword: temporary }
  } catch (error) {
    if (violatedConstraint(error) === 'staff_email') throw new AppError('conflict', 'This e-mail has an account.')
    throw error
  }
}

export async function insertStaff(tx: Tx, account: NewStaff): Promise<Staff> {
  const [row] = await tx.sql.insert(staff).values({ id: tx.ids.next(), ...account }).returning()
  return row!
}
