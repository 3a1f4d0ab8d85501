import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()

export const startSessionBody = z.strictObject({
  packageId: z.uuid(),
  mitraId: z.uuid().optional(),
  anyMitra: z.boolean().optional(),
  topic: z.string().trim().min(1).max(64).optional(),
  language: z.string().trim().min(2).max(16).optional(),
  gender: z.enum(['female', 'male', 'other']).optional(),
  useWallet: z.boolean().optional(),
  promoCode: z.string().trim().min(1).max(64).optional(),
})
export type StartSession = z.output<typeof startSessionBody>

export const paymentView = z.object({ id, state: z.string(), amountIdr: idr, walletIdr: idr, checkoutUrl: z.string().optional(), expiresAt: time })
export const waitView = z.object({ p50: z.number().int(), p90: z.number().int() }).nullable()
export const offerView = z.object({
  id, version: z.number().int(), sessionId: id, expiresAt: time, minutes: z.number().int(), earningsIdr: idr,
  topic: z.string().optional(), language: z.string().optional(), customerFirstName: z.string(), isReturning: z.boolean(),
})
export type OfferView = z.output<typeof offerView>

/** The last one that was asked for. What it earns is the mitra's to see, its payment the customer's. */
export const extensionView = z.object({
  id, state: z.enum(['pending', 'applied', 'dropped']), packageId: id, minutes: z.number().int(), priceIdr: idr, payUntil: time.optional(),
  earningsIdr: idr.optional(), payment: paymentView.optional(),
})
const person = z.object({ id, displayName: z.string().nullable() })
export const sessionView = z.object({
  id,
  version: z.number().int(),
  state: z.enum(['queued', 'held', 'ringing', 'active', 'paused', 'ended', 'cancelled', 'expired', 'unserved']),
  customer: person,
  mitra: person.optional(),
  conversationId: id.optional(),
  package: z.object({ id, minutes: z.number().int(), priceIdr: idr }),
  topic: z.string().optional(),
  language: z.string().optional(),
  queue: z.object({ position: z.number().int(), waitSeconds: waitView }).optional(),
  payment: paymentView.optional(),
  extension: extensionView.optional(),
  /** What applied extensions have added to the package's minutes. */
  extendedMinutes: z.number().int().optional(),
  isClosing: z.boolean().optional(),
  offer: offerView.optional(),
  createdAt: time,
  startedAt: time.optional(),
  endsAt: time.optional(),
  pausedAt: time.optional(),
  endedAt: time.optional(),
  endReason: z.string().optional(),
  returnedIdr: idr.optional(),
})
export type SessionView = z.output<typeof sessionView>

/** What the system messages of a session's conversation say: `code` and `data` of `message:received`. */
export const sessionNote = z.discriminatedUnion('code', [
  z.object({ code: z.literal('session_paused'), data: z.object({ sessionId: id, pausedAt: time, pauseUntil: time }) }),
  z.object({ code: z.literal('session_resumed'), data: z.object({ sessionId: id, endsAt: time }) }),
  z.object({ code: z.literal('session_extended'), data: z.object({ sessionId: id, minutes: z.number().int(), endsAt: time }) }),
])
export type SessionNote = z.output<typeof sessionNote>

export const sessionReply = z.object({ session: sessionView })
export const startReply = z.object({ session: sessionView, payment: paymentView.optional() })
export type StartReply = z.output<typeof startReply>
export const extendBody = z.strictObject({ packageId: z.uuid(), useWallet: z.boolean().optional() })
export const tipBody = z.strictObject({ amountIdr: z.number().int().min(1).max(1_000_000_000), useWallet: z.boolean().default(false) })
export const tipReply = z.object({ tip: z.object({ id, state: z.enum(['waiting', 'paid', 'expired']), amountIdr: idr }), payment: paymentView.optional() })
export type TipReply = z.output<typeof tipReply>
export const sessionList = z.object({ items: z.array(sessionView), nextCursor: z.string().nullable() })
export const offerList = z.object({ items: z.array(offerView), nextCursor: z.string().nullable() })
export const packageList = z.object({ items: z.array(z.object({ id, minutes: z.number().int(), priceIdr: idr })) })
export const idParams = z.strictObject({ id: z.uuid() })
export const pageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })

export const reportSums = z.object({
  onlineSeconds: z.number(), busySeconds: z.number(), servedSeconds: z.number(),
  offersAnswered: z.number().int(), offersAccepted: z.number().int(), offersDeclined: z.number().int(), offersMissed: z.number().int(),
  answerSeconds: z.object({ mean: z.number(), p50: z.number(), p90: z.number() }).nullable(),
})
/** Seconds are exact to the millisecond. `answerSeconds` is null where nothing was answered. */
export type ReportSums = z.output<typeof reportSums>
export type Answers = Omit<ReportSums, 'onlineSeconds' | 'busySeconds' | 'servedSeconds'>
/** Days in Asia/Jakarta, both within. */
export const reportQuery = z.strictObject({ from: z.iso.date().optional(), to: z.iso.date().optional() })
const day = z.string().meta({ format: 'date' })
export const mitraReport = z.object({ from: day, to: day, days: z.array(reportSums.extend({ day })), total: reportSums })
export type MitraReport = z.output<typeof mitraReport>
