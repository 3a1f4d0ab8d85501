import type { StaffRole } from '../../platform/access.ts'
import type { Env } from '../../platform/env.ts'
import type { Required, StaffView } from './contract.ts'
import type { Staff } from './tables.ts'

/** What must be done before anything else is opened to this account. */
export function requiredOf(account: Pick<Staff, 'mustChangePassword' | 'totpRequired' | 'totpConfirmedAt'>): Required[] {
  const steps: Required[] = []
  if (account.mustChangePassword) steps.push('password')
  if (account.totpRequired && account.totpConfirmedAt === null) steps.push('totp')
  return steps
}

/** Who holds the keys or the money has an authenticator, wherever there is something to lose. */
export function rolesWithTotp(env: Pick<Env, 'APP_ENV'>): readonly StaffRole[] {
  return env.APP_ENV === 'development' ? [] : ['super_admin', 'finance']
}

export function viewOf(account: Staff): StaffView {
  return {
    id: account.id, email: account.email, displayName: account.displayName, role: account.role, active: account.active,
    mustChangePassword: account.mustChangePassword, totpRequired: account.totpRequired, totpEnrolled: account.totpConfirmedAt !== null,
    lockedUntil: account.lockedUntil?.toISOString() ?? null, createdAt: account.createdAt.toISOString(),
  }
}
