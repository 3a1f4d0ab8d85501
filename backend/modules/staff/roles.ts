import type { StaffAct, StaffRole } from '../../platform/access.ts'
import type { Grant, Grants } from './contract.ts'

type ByRole = Readonly<Partial<Record<StaffRole, Grant>>>

/** The role × act table. A role that an act doesn't name may not do it. */
export const ROLE_TABLE: Readonly<Record<StaffAct, ByRole>> = {
  'self': { super_admin: 'yes', admin: 'yes', finance: 'yes', moderator: 'yes', viewer: 'yes' },
  'staff.manage': { super_admin: 'yes' },
  'settings.read': { super_admin: 'yes', admin: 'yes', finance: 'read', viewer: 'read' },
  'settings.write': { super_admin: 'yes', admin: 'yes' },
  'lexicon.write': { super_admin: 'yes', admin: 'yes', moderator: 'yes' },
  'board.read': { super_admin: 'yes', admin: 'yes', finance: 'read', moderator: 'masked', viewer: 'read-masked' },
  'mitras.approve': { super_admin: 'yes', admin: 'yes' },
  'mitras.deactivate': { super_admin: 'yes', admin: 'yes', moderator: 'yes' },
  'sessions.end': { super_admin: 'yes', admin: 'yes', moderator: 'yes' },
  'safety.act': { super_admin: 'yes', admin: 'yes', moderator: 'yes' },
  'transcripts.read': { super_admin: 'yes', admin: 'yes', moderator: 'yes' },
  'credits.give': { super_admin: 'yes-or-second', admin: 'yes-or-second', finance: 'yes-or-second' },
  'refunds.request': { super_admin: 'yes', admin: 'yes', finance: 'yes', moderator: 'yes' },
  'refunds.decide': { super_admin: 'yes-or-second', finance: 'yes-or-second' },
  'payouts.read': { super_admin: 'yes', admin: 'read', finance: 'yes' },
  'payouts.decide': { super_admin: 'second', finance: 'second' },
  'parked.read': { super_admin: 'yes', admin: 'read', finance: 'yes' },
  'parked.replay': { super_admin: 'yes', finance: 'yes' },
  'ledger.read': { super_admin: 'yes', admin: 'read', finance: 'yes' },
  'persons.erase': { super_admin: 'yes', admin: 'yes' },
  'announcements.send': { super_admin: 'yes', admin: 'yes' },
  'audit.read': { super_admin: 'yes', admin: 'yes' },
  'audit.read.own': { super_admin: 'yes', admin: 'yes', finance: 'own', moderator: 'own' },
}

export function grantOf(role: StaffRole, act: StaffAct): Grant | undefined {
  return ROLE_TABLE[act][role]
}

/** All that a role may do: what pages are told. */
export function grantsOf(role: StaffRole): Grants {
  const all: Grants = {}
  for (const [act, byRole] of Object.entries(ROLE_TABLE) as [StaffAct, ByRole][]) {
    const grant = byRole[role]
    if (grant !== undefined) all[act] = grant
  }
  return all
}

/** What the auth hook asks. */
export function mayAct(role: StaffRole, act: StaffAct): boolean {
  return grantOf(role, act) !== undefined
}

/** Whether this role sees people's names and phone numbers only masked. */
export function seesMasked(role: StaffRole): boolean {
  const grant = grantOf(role, 'board.read')
  return grant !== 'yes' && grant !== 'read'
}
