import { and, desc, eq, inArray, lt, ne } from '../../platform/drizzle.ts'
import type { StaffAct, StaffRole } from '../../platform/access.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { mayAct, ROLE_TABLE } from './roles.ts'
import { staff, staffSessions, type Staff } from './tables.ts'

/** Newest first. */
export async function listStaff(handle: Queryable, page: { limit: number; cursor?: string | undefined }): Promise<Staff[]> {
  return handle.select().from(staff).where(page.cursor === undefined ? undefined : lt(staff.id, page.cursor)).orderBy(desc(staff.id)).limit(page.limit)
}

/** Throws `not_found`. */
export async function getStaff(handle: Queryable, id: string): Promise<Staff> {
  const [account] = await handle.select().from(staff).where(eq(staff.id, id))
  if (!account) throw new AppError('not_found', 'no such member of staff')
  return account
}

/** The account of a session, and the token that its changing calls carry. */
export async function getSelf(handle: Queryable, sessionId: string): Promise<{ account: Staff; csrfToken: string }> {
  const [row] = await handle
    .select({ account: staff, csrfToken: staffSessions.csrfToken })
    .from(staffSessions).innerJoin(staff, eq(staff.id, staffSessions.staffId)).where(eq(staffSessions.id, sessionId))
  if (!row) throw new AppError('unauthenticated', 'Sign in first.')
  return row
}

/** Whether there is another active member of staff whose role may do this. */
export function hasAnotherFor(act: StaffAct): (handle: Queryable, staffId: string) => Promise<boolean> {
  const roles = (Object.keys(ROLE_TABLE[act]) as StaffRole[]).filter((role) => mayAct(role, act)) // the table's own keys
  return async (handle, staffId) => {
    const [other] = await handle.select({ id: staff.id }).from(staff).where(and(ne(staff.id, staffId), eq(staff.active, true), inArray(staff.role, roles))).limit(1)
    return other !== undefined
  }
}

/** Active members of staff whose role may do this, by name. */
export function findColleaguesFor(act: StaffAct): (handle: Queryable) => Promise<{ id: string; displayName: string; role: StaffRole }[]> {
  const roles = (Object.keys(ROLE_TABLE[act]) as StaffRole[]).filter((role) => mayAct(role, act)) // the table's own keys
  return (handle) => handle.select({ id: staff.id, displayName: staff.displayName, role: staff.role }).from(staff)
    .where(and(eq(staff.active, true), inArray(staff.role, roles))).orderBy(staff.displayName).limit(500)
}

/** Names for what people did. */
export async function findStaffNames(handle: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select({ id: staff.id, displayName: staff.displayName }).from(staff).where(inArray(staff.id, [...ids]))
  return new Map(rows.map((row) => [row.id, row.displayName]))
}
