import { ensureStaff } from '../modules/staff/index.ts'
import type { StaffRole } from '../platform/access.ts'
import { call, type Answer } from './http.ts'
import type { TestApp } from './app.ts'

export const STAFF_PASSWORD = 'correct-horse-battery-staple'

export type StaffClient = {
  id: string
  email: string
  csrfToken: string
  cookie: string
  /** A call with session cookie and CSRF token, to this or another replica. */
  call(method: string, path: string, body?: unknown, options?: { headers?: Record<string, string>; url?: string }): Promise<Answer>
}

let made = 0

/** An account with this role, not signed in. */
export async function staffAccount(app: TestApp, role: StaffRole): Promise<{ email: string; password: string }> {
  const email = `${role.replace('_', '-')}-${++made}@staff.example`
  await ensureStaff(app.replicas[0]!.ctx, { email, password: STAFF_PASSWORD, displayName: `Test ${role}`, role, mustChangePassword: false })
  return { email, password: STAFF_PASSWORD }
}

/** A signed-in member of staff with this role. */
export async function staffOf(app: TestApp, role: StaffRole): Promise<StaffClient> {
  const account = await staffAccount(app, role)
  return signInStaff(app, account)
}

export async function signInStaff(app: Pick<TestApp, 'internalUrl'>, account: { email: string; password: string; totp?: string }): Promise<StaffClient> {
  const answer = await call(app.internalUrl, 'POST', '/internal/v1/auth/login', { body: account })
  if (answer.status !== 200) throw new Error(`staff sign-in answered ${answer.status}: ${answer.text}`)
  const cookie = (answer.headers['set-cookie'] ?? '').split(';')[0]!
  const { csrfToken, staff } = answer.body as { csrfToken: string; staff: { id: string } }
  return {
    id: staff.id, email: account.email, csrfToken, cookie,
    call: (method, path, body, options = {}) =>
      call(options.url ?? app.internalUrl, method, path, { ...(body === undefined ? {} : { body }), headers: { cookie, 'x-csrf-token': csrfToken, ...options.headers } }),
  }
}
