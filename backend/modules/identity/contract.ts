import { z } from 'zod'

export const KINDS = ['customer', 'mitra'] as const
export type Kind = (typeof KINDS)[number]
export const GENDERS = ['female', 'male', 'other'] as const
export type Gender = (typeof GENDERS)[number]
export const PLATFORMS = ['android', 'ios', 'web'] as const
export type Platform = (typeof PLATFORMS)[number]
/** What people are written to in. */
export const LANGUAGES = ['id', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
/** What must be accepted, in its current version, before somebody takes part. */
export const DOCUMENTS = ['terms', 'privacy'] as const

/** Why a sign-in ended. With `suspended` and `banned` its tokens answer `account_suspended`, else `unauthenticated`. */
export type RevokeReason =
  | 'logout' | 'logout_all' | 'removed' | 'refresh_reused' | 'phone_changed' | 'account_idle' | 'suspended' | 'banned' | 'erased' | 'staff'

const time = z.string().meta({ format: 'date-time' })
const id = z.string().meta({ format: 'uuid' })

export const otpRequestBody = z.strictObject({ phone: z.string().min(3).max(32), kind: z.enum(KINDS) })
export const otpRequestReply = z.object({ challengeId: id, expiresAt: time, resendAt: time })

const challengeAnswer = { challengeId: z.uuid(), code: z.string().regex(/^\d{6}$/, 'must be 6 digits') }
export const otpVerifyBody = z.strictObject({ ...challengeAnswer, deviceName: z.string().trim().min(1).max(100).optional() })
export const phoneBody = z.strictObject(challengeAnswer)

const tokenPair = { accessToken: z.string(), accessTokenExpiresAt: time, refreshToken: z.string(), refreshTokenExpiresAt: time }
const profile = {
  id, kind: z.string(), displayName: z.string().nullable(), birthDate: z.string().nullable().meta({ format: 'date' }),
  gender: z.string().nullable(), language: z.string(), timeZone: z.string(), createdAt: time,
}
export const otpVerifyReply = z.object({ ...tokenPair, user: z.object({ ...profile, isNew: z.boolean() }) })
export const refreshBody = z.strictObject({ refreshToken: z.string().min(16).max(200) })
export const refreshReply = z.object(tokenPair)
/** `refreshToken` names another sign-in of the caller to end instead of the one that asks. */
export const logoutBody = z.strictObject({ refreshToken: z.string().min(16).max(200).optional() })
export const logoutReply = z.object({ endedSignIns: z.number() })

export const meReply = z.object({ ...profile, phone: z.string().nullable() })
export const meBody = z.strictObject({
  // A name is shown to strangers and in pushes: no line breaks, nothing that turns the direction of writing.
  displayName: z.string().trim().min(1).max(50).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]*$/u, 'must be plain text'),
  birthDate: z.iso.date(),
  gender: z.enum(GENDERS).nullable(),
  language: z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'must be a language code'),
  timeZone: z.string().max(64).refine(isTimeZone, 'must be an IANA time zone'),
}).partial()
export type MeBody = z.output<typeof meBody>

/** Of an ISO date or time; others are no dates to Postgres. */
export function isOfOurTime(text: string): boolean {
  return text >= '2000' && text < '3000'
}
export const OF_OUR_TIME = 'must be of a year from 2000 to 2999'

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** PUT replaces: what is left out falls to its default. `notificationsEnabled: false` stops pushes, not the inbox. */
export const preferencesBody = z.strictObject({
  theme: z.enum(['light', 'dark', 'auto']).default('light'),
  notificationsEnabled: z.boolean().default(true),
  emailDigest: z.enum(['none', 'daily', 'weekly']).default('daily'),
})
export type Preferences = z.output<typeof preferencesBody>
export const preferencesReply = z.object({ theme: z.string(), notificationsEnabled: z.boolean(), emailDigest: z.string() })

export const consentBody = z.strictObject({ document: z.enum(DOCUMENTS), version: z.string().min(1).max(32) })
export const consentReply = z.object({ document: z.string(), version: z.string(), acceptedAt: time.optional() })
export const consentsReply = z.object({ items: z.array(consentReply) })

export const signInReply = z.object({
  id, deviceName: z.string().nullable(), appVersion: z.string().nullable(), createdAt: time, lastUsedAt: time,
  endedAt: time.optional(), isCurrent: z.boolean(),
})
export const pageQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
export const signInsReply = z.object({ items: z.array(signInReply), nextCursor: z.string().nullable() })
export const idParams = z.object({ id: z.uuid() })

export const deviceBody = z.strictObject({ token: z.string().min(8).max(4096), platform: z.enum(PLATFORMS) })
export const deviceReply = z.object({ id, platform: z.string(), createdAt: time, lastSeenAt: time })

/** Some of all people: all conditions at once, and what is left out narrows nothing. Erased, banned and suspended ones are never meant. */
export const segmentShape = z.strictObject({
  kind: z.enum(KINDS),
  /** `en`: whoever has another language than Indonesian, as they are written to in English. */
  language: z.enum(LANGUAGES),
  timeZones: z.array(z.string().max(64).refine(isTimeZone, 'must be an IANA time zone')).min(1).max(100),
  /** Seen within so many days. */
  activeDays: z.number().int().min(1).max(3650),
  /** Days in Asia/Jakarta, both within. */
  joinedFrom: z.iso.date().refine(isOfOurTime, OF_OUR_TIME),
  joinedUntil: z.iso.date().refine(isOfOurTime, OF_OUR_TIME),
  /** They have a device of one of these that is signed in. */
  platforms: z.array(z.enum(PLATFORMS)).min(1).max(3),
  userIds: z.array(z.uuid()).min(1).max(1000),
}).partial()
export type Segment = z.output<typeof segmentShape>
