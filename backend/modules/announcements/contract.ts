import { z } from 'zod'
import { isOfOurTime, OF_OUR_TIME, segmentShape } from '../identity/contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const count = z.number().int()
const moment = z.iso.datetime({ offset: true }).refine(isOfOurTime, OF_OUR_TIME)

export const STATES = ['draft', 'scheduled', 'running', 'paused', 'done', 'cancelled'] as const
export const announcementState = z.enum(STATES)
export type AnnouncementState = z.output<typeof announcementState>
export const announcementChannel = z.enum(['inbox', 'push', 'email'])
export type AnnouncementChannel = z.output<typeof announcementChannel>
export type WaveState = 'waiting' | 'done' | 'cancelled'
export type EndReason = 'expired' | 'cancelled'

// What a locked screen shows: no line breaks in a title, nothing that turns the direction of writing, and it fits into a push beside its data.
const PLAIN = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]*$/u
const LINES = /^(?:[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]|\n)*$/u
const text = z.strictObject({
  title: z.string().trim().min(1).max(80).regex(PLAIN, 'must be plain text of one line'),
  body: z.string().trim().min(1).max(600).regex(LINES, 'must be plain text'),
})
/** Indonesian, and English for everybody else. */
export const announcementTexts = z.strictObject({ id: text, en: text })
export type AnnouncementTexts = z.output<typeof announcementTexts>

/** `now`: as soon as it is started. `at`: at a moment. `local`: when clocks show it, in each person's own time zone. */
export const schedule = z.discriminatedUnion('when', [
  z.strictObject({ when: z.literal('now') }),
  z.strictObject({ when: z.literal('at'), at: moment }),
  z.strictObject({ when: z.literal('local'), at: z.iso.datetime({ local: true, precision: -1 }).regex(/^[^Z]*$/, 'must be a time without a zone').refine(isOfOurTime, OF_OUR_TIME) }),
])
export type Schedule = z.output<typeof schedule>

const written = z.strictObject({
  texts: announcementTexts,
  link: z.string().max(200).regex(/^\/(?!\/)[\w\-/?=&.%]*$/, 'must be a path').nullable(),
  segment: segmentShape,
  channels: z.array(announcementChannel).min(1).refine((names) => new Set(names).size === names.length, 'must be different ones'),
  priority: z.enum(['low', 'normal']),
  schedule,
  perMinute: z.number().int().min(1).max(1_000_000).nullable(),
  expiresAt: moment.nullable(),
})
/** What staff write. `perMinute`: so many people a minute at most, by the whole service; null: as fast as it goes. `link`: a path that the apps open. */
export const announcementBody = written.extend({
  link: written.shape.link.default(null), priority: written.shape.priority.default('low'), perMinute: written.shape.perMinute.default(null), expiresAt: written.shape.expiresAt.default(null),
})
export type AnnouncementBody = z.output<typeof announcementBody>
/** What is left out stays as it is. */
export const announcementChange = written.partial()

/** What has become of the pushes of an announcement; each is in one of them. `at`: when they were counted. */
export const figures = z.object({ queued: count, accepted: count, delivered: count, opened: count, failed: count, dropped: count })
export type Figures = z.output<typeof figures>

export const announcementView = z.object({
  id, state: announcementState, texts: announcementTexts, link: z.string().nullable(), segment: segmentShape, channels: z.array(announcementChannel),
  priority: z.enum(['low', 'normal']), schedule, perMinute: count.nullable(), expiresAt: time.nullable(),
  /** People of the segment when it was started; who was told until now. */
  counted: count.nullable(), reached: count, version: count, createdBy: id, createdAt: time, updatedAt: time,
  scheduledAt: time.nullable(), startedAt: time.nullable(), endedAt: time.nullable(), endReason: z.enum(['expired', 'cancelled']).nullable(),
})
export type AnnouncementView = z.output<typeof announcementView>

export const waveView = z.object({
  place: count, timeZone: z.string().nullable(), isLast: z.boolean(), state: z.enum(['waiting', 'done', 'cancelled']), dueAt: time, reached: count, beganAt: time.nullable(), doneAt: time.nullable(),
})
export type WaveView = z.output<typeof waveView>

/** How many it would tell, and how. The samples are as a person of that language reads them. */
export const dryRunView = z.object({
  people: count, languages: z.object({ id: count, en: count }),
  /** With a device that is signed in; with pushes switched off, all of them or those of announcements; in their quiet hours now. */
  withDevice: count, pushesOff: count, inQuietHours: count,
  samples: announcementTexts,
})
export type DryRunView = z.output<typeof dryRunView>
