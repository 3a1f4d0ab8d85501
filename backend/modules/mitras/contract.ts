import { z } from 'zod'

const time = z.string().meta({ format: 'date-time' })
const id = z.string().meta({ format: 'uuid' })

const words = (longest: number, most: number) =>
  z.array(z.string().trim().min(1).max(longest)).max(most).transform((list) => [...new Set(list)])

const editable = {
  bio: z.string().trim().max(1000).optional(),
  topics: words(40, 20).optional(),
  languages: words(16, 10).refine((list) => list.length > 0, 'name at least one language').optional(),
  acceptsExtensions: z.boolean().optional(),
}

export const applicationBody = z.strictObject(editable)
export const profileBody = z.strictObject(editable)
export type ProfileChange = z.output<typeof profileBody>

/** A mitra's application: `status` tells how far it is, `reason` why it was rejected (or the account deactivated). */
export const applicationReply = z.object({
  mitraId: id,
  status: z.string(),
  reason: z.string().nullable(),
  bio: z.string(),
  topics: z.array(z.string()),
  languages: z.array(z.string()),
  acceptsExtensions: z.boolean(),
  appliedAt: time.nullable(),
  approvedAt: time.nullable(),
})
export type ApplicationView = z.output<typeof applicationReply>

/** A mitra's own profile. `rating` is null until enough persons have rated. */
export const profileReply = z.object({
  mitraId: id,
  displayName: z.string().nullable(),
  gender: z.string().nullable(),
  status: z.string(),
  bio: z.string(),
  topics: z.array(z.string()),
  languages: z.array(z.string()),
  acceptsExtensions: z.boolean(),
  capacity: z.number(),
  rating: z.object({ average: z.number(), count: z.number() }).nullable(),
  version: z.number(),
})
export type ProfileView = z.output<typeof profileReply>

/** `online` is the wish; `available` says whether a new session may come right now; `used` of `capacity` slots are taken. `offlineBecause`: why they are offline who did not say so themselves. */
export const statusView = z.object({
  online: z.boolean(),
  available: z.boolean(),
  stale: z.boolean(),
  status: z.string(),
  capacity: z.number(),
  used: z.number(),
  lastSeenAt: time.nullable(),
  offlineBecause: z.enum(['missed_offers', 'break', 'schedule']).nullable(),
  /** `busy`: online, and every slot taken. */
  state: z.enum(['online', 'busy', 'break', 'offline']),
  breakUntil: time.nullable(),
  version: z.number(),
})
export type StatusView = z.output<typeof statusView>
export const statusReply = z.object({ status: statusView })
export const statusBody = z.strictObject({ online: z.boolean() })

/** What customers see of a mitra. */
export const mitraView = z.object({
  id,
  mitraId: id,
  displayName: z.string().nullable(),
  gender: z.string().nullable(),
  bio: z.string(),
  topics: z.array(z.string()),
  languages: z.array(z.string()),
  acceptsExtensions: z.boolean(),
  isOnline: z.boolean(),
  isFree: z.boolean(),
  /** `busy`: online, and every slot taken. */
  state: z.enum(['online', 'busy', 'offline']),
  isFavourite: z.boolean(),
  rating: z.object({ average: z.number(), count: z.number() }).nullable(),
})
export type MitraView = z.output<typeof mitraView>

const CURSOR = /^f?[01][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const mitrasQuery = z.strictObject({
  topic: z.string().trim().min(1).max(40).optional(),
  language: z.string().trim().min(1).max(16).optional(),
  gender: z.enum(['female', 'male', 'other']).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().regex(CURSOR, 'is not a cursor of this list').optional(),
})
export type MitrasQuery = z.output<typeof mitrasQuery>
export const mitrasReply = z.object({ items: z.array(mitraView), nextCursor: z.string().nullable() })
export const mitraParams = z.object({ id: z.uuid() })
export const favouriteParams = z.strictObject({ mitraId: z.uuid().toLowerCase() })
export const favouriteReply = z.object({ mitraId: id, isFavourite: z.boolean() })
export const favouriteList = z.object({ items: z.array(mitraView), nextCursor: z.null() })

/** Sent to the mitra's own sockets whenever the status changes. */
export type MitraStatusFrame = { type: 'mitra:status'; status: StatusView }

export const bankAccountBody = z.strictObject({
  bankCode: z.string().min(1).max(20),
  accountNumber: z.string().min(1).max(40),
  accountHolderName: z.string().min(1).max(200),
})
/** Never in clear, to nobody. */
/** `isRefused`: the bank knows no such account, nothing is paid out until another one is set. */
export const bankAccountView = z.object({ bankCode: z.string(), accountNumberMasked: z.string(), accountHolderMasked: z.string(), createdAt: time, isRefused: z.boolean() })
export const bankAccountReply = z.object({ bankAccount: bankAccountView })
export const bankAccountOrNone = z.object({ bankAccount: bankAccountView.nullable() })

export const breakBody = z.strictObject({ minutes: z.number().int().min(1).max(1440) })

const begins = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')
const ends = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be HH:MM')
/** Hours that end before they begin, or at the same time, go on into the next day. A weekday is 1 (Monday) to 7. */
const weeklyHours = z.strictObject({ weekday: z.number().int().min(1).max(7), from: begins, to: ends })
export type WeeklyHours = z.output<typeof weeklyHours>
/** A date that is off drops the weekly hours that begin on it; a date with hours of its own adds them. */
const scheduleException = z.union([z.strictObject({ date: z.iso.date(), off: z.literal(true) }), z.strictObject({ date: z.iso.date(), from: begins, to: ends })])
export type ScheduleException = z.output<typeof scheduleException>
// Names alone: of an offset such as +07:00 Postgres would take the sign the other way round.
const timeZone = z.string().max(64).regex(/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/, 'must be an IANA time zone')
export const scheduleBody = z.strictObject({ timeZone, weekly: z.array(weeklyHours).max(50), exceptions: z.array(scheduleException).max(200).default([]) })
export type ScheduleBody = z.output<typeof scheduleBody>
/** `isOn`: within its hours now; `nextEdge`: when it acts next, within two weeks. */
export const scheduleView = z.object({
  timeZone: z.string(), weekly: z.array(z.object(weeklyHours.shape)), exceptions: z.array(z.object({ date: z.string(), off: z.literal(true).optional(), from: z.string().optional(), to: z.string().optional() })),
  isOn: z.boolean(), nextEdge: z.object({ at: time, goes: z.enum(['online', 'offline']) }).nullable(),
})
export type ScheduleView = z.output<typeof scheduleView>
export const scheduleReply = z.object({ schedule: scheduleView })
