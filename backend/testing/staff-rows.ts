import { createHash, randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import type { StaffRole } from '../platform/access.ts'
import { call, type Answer } from './http.ts'

export type StaffPlace = {
  replicas: readonly { internalUrl: string }[]
  query<Row>(text: string, values?: unknown[]): Promise<Row[]>
}
export type StaffPerson = { id: string; role: StaffRole; email: string; token: string; call(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string>; replica?: number }): Promise<Answer> }

/**
 * A signed-in member of staff, made by rows: what `staffOf` does over HTTP, where signing in would take as long as the
 * rest. Asks whichever replica stands at its place: it may be killed and started again meanwhile.
 */
export async function staffByRows(place: StaffPlace, role: StaffRole): Promise<StaffPerson> {
  const [id, token, csrfToken] = [v7(), randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
  const email = `${id}@staff.example`
  await place.query(`insert into staff (id, email, display_name, password_hash, role) values ($1, $2, $3, 'none', $4)`, [id, email, `Test ${role}`, role])
  await place.query(`insert into staff_sessions (id, staff_id, token_hash, csrf_token, expires_at) values ($1, $2, $3, $4, app_now() + interval '30 days')`,
    [v7(), id, createHash('sha256').update(token).digest(), csrfToken])
  return {
    id, role, email, token,
    call: (method, path, { replica = 0, headers, ...options } = {}) =>
      call(place.replicas[replica % place.replicas.length]!.internalUrl, method, `/internal/v1${path}`, { ...options, headers: { cookie: `staff=${token}`, 'x-csrf-token': csrfToken, ...headers } }),
  }
}
