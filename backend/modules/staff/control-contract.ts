import { z } from 'zod'
import { reportQuery, reportSums, sessionView } from '../sessions/contract.ts'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const day = z.string().meta({ format: 'date' })
const nextCursor = z.string().nullable()
const page = { limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() }

export const optionalReasonBody = z.strictObject({ reason: reason.optional() })

export const mitraStatus = z.enum(['draft', 'applied', 'approved', 'rejected', 'deactivated'])
/** `q`: part of a name, a whole phone number for roles that see numbers, or an id. `openCase` is for roles that see cases. */
export const mitrasQuery = z.strictObject({
  ...page, status: mitraStatus.optional(), online: z.stringbool().optional(), openCase: z.literal('true').optional(), q: z.string().trim().min(1).max(100).optional(),
})
export type MitrasQuery = z.output<typeof mitrasQuery>
export const changeMitraBody = z.strictObject({ capacity: z.number().int().min(1).max(10), reason: reason.optional() })
export const mitraForStaff = z.object({
  id, mitraId: id, displayName: z.string().nullable(), phone: z.string().nullable(), status: mitraStatus, statusReason: z.string().nullable(),
  bio: z.string(), topics: z.array(z.string()), languages: z.array(z.string()), gender: z.string().nullable(), acceptsExtensions: z.boolean(),
  capacity: z.number().int(), used: z.number().int(), wantsOnline: z.boolean(), isOnline: z.boolean(), lastSeenAt: time.nullable(),
  appliedAt: time.nullable(), approvedAt: time.nullable(), deactivatedAt: time.nullable(), version: z.number().int(),
})
export type MitraForStaff = z.output<typeof mitraForStaff>
export const mitraList = z.object({ items: z.array(mitraForStaff), nextCursor })

/** Days in Asia/Jakarta, both within; without them today. */
export const mitraReportQuery = z.strictObject({ ...page, ...reportQuery.shape, status: mitraStatus.optional() })
export type MitraReportQuery = z.output<typeof mitraReportQuery>
export const mitraReportList = z.object({
  from: day, to: day, items: z.array(reportSums.extend({ mitraId: id, displayName: z.string().nullable(), status: mitraStatus })), nextCursor,
})

/** Values between commas, each one of `one`. */
const listOf = <T extends string>(one: z.ZodType<T, string>) => z.string().min(1).max(200).transform((text) => text.split(',')).pipe(z.array(one).min(1).max(10))
/** An id of whatever belongs to a session, or the first eight digits of a session's id or more. */
const idText = z.string().trim().regex(/^[0-9a-f]{8}[0-9a-f-]{0,28}$/i, 'is an id, or its first eight digits')
/** Days are in Asia/Jakarta, both within. */
export const sessionsQuery = z.strictObject({
  ...page, state: listOf(sessionView.shape.state).optional(), customerId: z.uuid().optional(), mitraId: z.uuid().optional(), endReason: z.string().min(1).max(64).optional(),
  topic: z.string().min(1).max(64).optional(), minutes: z.coerce.number().int().min(1).max(1440).optional(), from: z.iso.date().optional(), until: z.iso.date().optional(),
  has: listOf(z.enum(['extension', 'refund', 'case'])).optional(), q: idText.optional(),
})
export const sessionList = z.object({ items: z.array(sessionView), nextCursor })
export const sessionReply = z.object({ session: sessionView })
export const timelineKind = z.enum(['event', 'offer', 'extension', 'payment', 'provider', 'posting', 'tip', 'refund', 'push', 'notification', 'note', 'rating', 'case', 'sanction'])
export const timelineEntry = z.object({ at: time, kind: timelineKind, title: z.string(), details: z.record(z.string(), z.unknown()) })
export type TimelineEntry = z.output<typeof timelineEntry>
/** `people`: who is meant by the ids in it. */
export const timelineReply = z.object({
  items: z.array(timelineEntry), people: z.array(z.object({ id, kind: z.enum(['customer', 'mitra', 'staff']), displayName: z.string().nullable() })), nextCursor: z.null(),
})
export type TimelineReply = z.output<typeof timelineReply>

export const packageView = z.object({ id, minutes: z.number().int(), priceIdr: z.number().int(), active: z.boolean(), createdAt: time, updatedAt: time })
export const packageList = z.object({ items: z.array(packageView), nextCursor: z.null() })
const priceIdr = z.number().int().min(0).max(100_000_000)
export const createPackageBody = z.strictObject({ minutes: z.number().int().min(1).max(1440), priceIdr, reason: reason.optional() })
export const changePackageBody = z.strictObject({ priceIdr: priceIdr.optional(), active: z.boolean().optional(), reason: reason.optional() })

export const auditQuery = z.strictObject({
  limit: page.limit, cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  actorId: z.uuid().optional(), act: z.string().min(1).max(100).optional(), targetType: z.string().min(1).max(100).optional(), targetId: z.string().min(1).max(100).optional(),
  from: z.iso.date().optional(), to: z.iso.date().optional(),
})
export const auditRowParams = z.strictObject({ seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) })
export const auditRow = z.object({
    seq: z.number().int(), id, at: time, actorKind: z.string(), actorId: id.nullable(), actorName: z.string().nullable(), act: z.string(), targetType: z.string().nullable(),
    targetId: z.string().nullable(), reason: z.string().nullable(), details: z.record(z.string(), z.unknown()), requestId: z.string().nullable(), ip: z.string().nullable(), hash: z.string(),
})
export type AuditRowView = z.output<typeof auditRow>
export const auditList = z.object({ items: z.array(auditRow), nextCursor })
export type AuditList = z.output<typeof auditList>
/** `after`: what the last answer gave as `next`; without it from the first row. `rows`: how many this call looks at, about. */
export const verifyBody = z.strictObject({
  after: z.string().regex(/^[1-9]\d{0,15}:[0-9a-f]{64}$/, 'is not a position of this chain').optional(), rows: z.number().int().min(1000).max(200_000).default(50_000),
})
export type VerifyBody = z.output<typeof verifyBody>
/** `next`: the chain goes on behind `checked`; ask again with it. Null: all of it was looked at, or it is broken. */
export const verdictReply = z.object({
  ok: z.boolean(), checked: z.number().int(), headSeq: z.number().int().optional(), headHash: z.string().optional(),
  brokenSeq: z.number().int().optional(), problem: z.string().optional(), next: z.string().nullable(),
})
export type VerdictReply = z.output<typeof verdictReply>
