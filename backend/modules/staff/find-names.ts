import type { StaffRole } from '../../platform/access.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Names } from '../audit/index.ts'
import { findPeople, maskName } from '../identity/index.ts'
import { findStaffNames } from './queries.ts'
import { seesMasked } from './roles.ts'

/** Names for the ids of a reply: of people as this role may see them, of colleagues in full. */
export async function namesOf(handle: Queryable, role: StaffRole, ids: readonly (string | null)[]): Promise<Names> {
  const asked = [...new Set(ids.filter((id) => id !== null))]
  const [people, colleagues] = await Promise.all([findPeople(handle, asked), findStaffNames(handle, asked)])
  const shown = (name: string | null) => (name !== null && seesMasked(role) ? maskName(name) : name)
  return Object.fromEntries([
    ...[...people.values()].map(({ id, kind, displayName }) => [id, { kind, name: shown(displayName) }] as const),
    ...[...colleagues].map(([id, name]) => [id, { kind: 'staff', name }] as const),
  ])
}
