import { z } from 'zod'
import { announcementBody, announcementChange, announcementState, announcementView, dryRunView, figures, waveView } from '../announcements/contract.ts'
import { names } from '../audit/contract.ts'
import { pageQuery, reason } from './contract.ts'

const time = z.string().meta({ format: 'date-time' })
/** The one that the caller has seen; once another stands it is a conflict. */
const version = z.number().int().min(1)

export const announcementsQuery = z.strictObject({ ...pageQuery.shape, state: announcementState.optional() })
export const createAnnouncementBody = z.strictObject({ ...announcementBody.shape, reason: reason.optional() })
export const changeAnnouncementBody = z.strictObject({ ...announcementChange.shape, version, reason: reason.optional() })
/** `expected`: the number of the dry run; needed where many would be told, and held against what is there wherever it is given. */
export const startAnnouncementBody = z.strictObject({ version, reason, expected: z.number().int().min(0).optional() })
export const steerAnnouncementBody = z.strictObject({ version, reason })
export const testAnnouncementBody = z.strictObject({ userIds: z.array(z.uuid()).min(1).max(20), reason })
export const dryRunBody = z.strictObject({ segment: announcementBody.shape.segment, texts: announcementBody.shape.texts })

export const announcementReply = z.object({ announcement: announcementView })
export const announcementList = z.object({ items: z.array(announcementView), nextCursor: z.string().nullable(), names })
/** `figures`: of its pushes, counted at `figuresAt`, every few seconds while it runs. */
export const announcementRecord = z.object({ announcement: announcementView, waves: z.array(waveView), figures: figures.nullable(), figuresAt: time.nullable(), waitsForPushes: z.boolean(), names })
export type AnnouncementRecord = z.output<typeof announcementRecord>
export const dryRunReply = dryRunView
export const testReply = z.object({ sent: z.number().int() })
