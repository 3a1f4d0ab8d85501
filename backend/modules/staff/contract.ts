import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const role = z.enum(['super_admin', 'admin', 'finance', 'moderator', 'viewer'])
const email = z.email().max(254)
const password = z.string().min(1).max(200)
/** Long enough to be a sentence; there are no other rules (NIST SP 800-63B). */
const newPassword = z.string().min(12, 'must have at least 12 characters').max(200)
export const reason = z.string().trim().min(1).max(500)

export const idParams = z.strictObject({ id: z.uuid() })
export const pageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
/** A list that comes as a file too: `limit` and `cursor` are for the pages that are looked at. */
export const listQuery = { ...pageQuery.shape, format: z.enum(['json', 'csv']).default('json') }
/** Days in Asia/Jakarta, both within. */
export const dayQuery = { from: z.iso.date().optional(), until: z.iso.date().optional() }
export const reasonBody = z.strictObject({ reason })

export const signInBody = z.strictObject({ email, password, totp: z.string().trim().min(1).max(40).optional() })
export const changePasswordBody = z.strictObject({ currentPassword: password, newPassword })
export const confirmTotpBody = z.strictObject({ totp: z.string().trim().min(1).max(40) })
export const createStaffBody = z.strictObject({ email, displayName: z.string().trim().min(1).max(100), role, password: newPassword.optional(), totpRequired: z.boolean().optional() })
export const updateStaffBody = z.strictObject({
  displayName: z.string().trim().min(1).max(100), role, active: z.boolean(), totpRequired: z.boolean(),
  /** Forgets the authenticator and the backup codes; the next sign-in enrols anew where one is required. */
  resetTotp: z.literal(true),
  /** Answers a temporary password, to be changed at the next sign-in. */
  resetPassword: z.literal(true),
  unlock: z.literal(true),
  reason,
}).partial()

export const staffView = z.object({
  id, email: z.string(), displayName: z.string(), role, active: z.boolean(), mustChangePassword: z.boolean(), totpRequired: z.boolean(),
  totpEnrolled: z.boolean(), lockedUntil: time.nullable(), createdAt: time,
})
export type StaffView = z.output<typeof staffView>
export const required = z.array(z.enum(['password', 'totp']))
export type Required = z.output<typeof required>[number]

/** What staff may do; one name for each row of the role × act table. */
export const staffAct = z.enum([
  'staff.manage', 'settings.read', 'settings.write', 'lexicon.write', 'board.read', 'mitras.approve', 'mitras.deactivate', 'sessions.end',
  'safety.act', 'transcripts.read', 'credits.give', 'refunds.request', 'refunds.decide', 'payouts.read', 'payouts.decide',
  'parked.read', 'parked.replay', 'ledger.read', 'persons.erase', 'announcements.send', 'audit.read', 'audit.read.own', 'self',
])
export type Act = z.output<typeof staffAct>
/**
 * How a role may act. `second`: only together with a second person. `yes-or-second`: alone up to a limit.
 * `masked`, `read-masked`: names and phone numbers are masked. `own`: only what the person did themselves.
 */
export const grant = z.enum(['yes', 'second', 'yes-or-second', 'read', 'masked', 'read-masked', 'own'])
export type Grant = z.output<typeof grant>
/** What the signed-in person's role may do; an act that is missing it may not. */
export const grants = z.partialRecord(staffAct, grant)
export type Grants = z.output<typeof grants>

export const signInReply = z.object({ csrfToken: z.string(), staff: staffView, required, grants })
export type SignInReply = z.output<typeof signInReply>
export const totpSecretReply = z.object({ secret: z.string(), uri: z.string() })
export const backupCodesReply = z.object({ backupCodes: z.array(z.string()), required })
/** Where somebody is signed in. `lastSeenAt` is written once a minute at most. */
export const staffSessionView = z.object({ id, userAgent: z.string().nullable(), ip: z.string().nullable(), createdAt: time, lastSeenAt: time, expiresAt: time, isCurrent: z.boolean() })
export type StaffSessionView = z.output<typeof staffSessionView>
export const staffSessionList = z.object({ items: z.array(staffSessionView), nextCursor: z.null() })
export const endedReply = z.object({ ended: z.number().int() })
export const sessionParams = z.strictObject({ id: z.uuid(), sessionId: z.uuid() })
/** A code of the authenticator: a backup code makes no new ones. */
export const renewCodesBody = z.strictObject({ totp: z.string().regex(/^\d{6}$/, 'must be 6 digits') })
export const staffReply = staffView.extend({ temporaryPassword: z.string().optional() })
export const staffList = z.object({ items: z.array(staffView), nextCursor: z.string().nullable() })
export const empty = z.object({})
