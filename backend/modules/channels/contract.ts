import { z } from 'zod'

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')
const quietHours = z.object({ from: clockTime, to: clockTime })
const chosen = z.boolean().nullable().optional()

/**
 * What is left out stays as it is, so an app that knows fewer kinds wipes nothing. `null` for a choice: what the kind's
 * default is; for `quietHours`: none.
 */
export const preferencesBody = z.strictObject({
  choices: z.record(z.string().max(40), z.strictObject({ inbox: chosen, push: chosen, email: chosen, sms: chosen })),
  quietHours: z.strictObject(quietHours.shape).refine(({ from, to }) => from !== to, { message: 'must not begin and end at the same time', path: ['to'] }).nullable(),
  messageText: z.boolean(),
}).partial()
export type PreferencesBody = z.output<typeof preferencesBody>

/** `mayChoose: false`: it is so for everybody. */
const channelShape = z.object({ on: z.boolean(), mayChoose: z.boolean(), default: z.boolean() })
export const preferencesReply = z.object({
  version: z.number().int(),
  kinds: z.array(z.object({ kind: z.string(), isCritical: z.boolean(), channels: z.object({ inbox: channelShape, push: channelShape, email: channelShape, sms: channelShape }) })),
  quietHours: quietHours.nullable(),
  messageText: z.boolean(),
})
export type PreferencesView = z.output<typeof preferencesReply>

export const emailBody = z.strictObject({ address: z.string().max(320) })
export const emailCodeBody = z.strictObject({ code: z.string().regex(/^\d{6}$/, 'must be 6 digits') })
const time = z.string().meta({ format: 'date-time' })
export const emailReply = z.object({
  /** False: no mail can be sent at the moment, and no address given. */
  isAvailable: z.boolean(),
  email: z.object({ address: z.string(), provenAt: time, isUndeliverable: z.boolean() }).nullable(),
  pending: z.object({ address: z.string(), expiresAt: time, resendAt: time, isUndeliverable: z.boolean() }).nullable(),
})
export type EmailView = z.output<typeof emailReply>
export const unsubscribeParams = z.strictObject({ token: z.string().regex(/^[\w-]{1,200}$/) })
/** A mail programme sends the second, the page's form the first; what is no form counts as the second. */
export const unsubscribeBody = z.strictObject({ scope: z.enum(['this', 'all']), 'List-Unsubscribe': z.string().max(100) }).partial().nullish()
