import { eq, sql } from '../../platform/drizzle.ts'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { rolesWithTotp } from './rules.ts'
import { staff } from './tables.ts'

export type SeededStaff = { email: string; password: string; displayName: string; role: StaffRole; mustChangePassword: boolean }

const byEmail = (email: string) => eq(sql`lower(${staff.email})`, email.toLowerCase())

/** Makes sure that there is an account with this e-mail; one that exists is left as it is. Answers whether it is new. */
export async function ensureStaff(ctx: Ctx, account: SeededStaff): Promise<boolean> {
  const [known] = await ctx.sql.select({ id: staff.id }).from(staff).where(byEmail(account.email))
  if (known) return false
  const { password, ...row } = account
  const passwordHash = await hashPassword(password)
  return transact(ctx, async (tx) => {
    const [created] = await tx.sql.insert(staff).values({ id: tx.ids.next(), ...row, passwordHash, totpRequired: rolesWithTotp(ctx.env).includes(account.role) }).onConflictDoNothing().returning({ id: staff.id })
    if (!created) return false
    await appendAudit(tx, { actorKind: 'operator', act: 'staff.created', targetType: 'staff', targetId: created.id, details: { role: account.role, by: 'seed' } })
    return true
  })
}

/** The first super_admin, once: nothing happens where one exists, whatever their e-mail. Answers whether it is new. */
export async function ensureFirstSuperAdmin(ctx: Ctx, account: { email: string; password: string }): Promise<boolean> {
  const [known] = await ctx.sql.select({ id: staff.id }).from(staff).where(eq(staff.role, 'super_admin')).limit(1)
  if (known) return false
  return ensureStaff(ctx, { ...account, displayName: 'Administrator', role: 'super_admin', mustChangePassword: ctx.env.APP_ENV !== 'development' })
}

/** Development only: an account that can be signed in to with exactly this password, whatever became of it before. Answers its id. */
export async function ensureDemoStaff(ctx: Ctx, account: SeededStaff): Promise<string> {
  if (ctx.env.APP_ENV !== 'development') throw new Error('demo accounts exist only in development')
  await ensureStaff(ctx, account)
  const [known] = await ctx.sql.select().from(staff).where(byEmail(account.email))
  if (!known) throw new Error('the demo account is gone')
  const isAsShown = known.active && known.lockedUntil === null && !known.mustChangePassword && known.totpConfirmedAt === null && known.role === account.role
  if (isAsShown && (await verifyPassword(known.passwordHash, account.password))) return known.id
  await ctx.sql.update(staff).set({
    passwordHash: await hashPassword(account.password), role: account.role, active: true, mustChangePassword: false, totpRequired: false,
    totpSecret: null, totpConfirmedAt: null, totpLastStep: null, failedAttempts: 0, lockedUntil: null, updatedAt: sql`app_now()`,
  }).where(eq(staff.id, known.id))
  return known.id
}
