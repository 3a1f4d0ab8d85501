import { z } from 'zod'
import { names } from '../audit/contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const day = z.string().meta({ format: 'date' })
const score = z.number().int().min(1).max(5)
const comment = z.string().trim().min(1).max(1000).refine((text) => !text.includes('\0') && text.isWellFormed(), { message: 'is not text' })

export const sessionParams = z.strictObject({ id: z.uuid().toLowerCase() })
export const ratingBody = z.strictObject({ score, comment: comment.optional() })
export type RatingBody = z.output<typeof ratingBody>

/** What the customer gave. */
export const ratingView = z.object({ sessionId: id, score, comment: z.string().optional(), createdAt: time })
export type RatingView = z.output<typeof ratingView>
export const ratingReply = z.object({ rating: ratingView })
/** `until`: a rating may still be given before this time; null where none may, or where it was given. */
export const ownRatingReply = z.object({ rating: ratingView.nullable(), until: time.nullable() })

/** What the mitra reads: nothing that tells who, and no time but the day in Asia/Jakarta. */
export const commentView = z.object({ id, score, comment: z.string(), day })
export type CommentView = z.output<typeof commentView>
const CURSOR = /^\d{4}-\d\d-\d\d[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const commentsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.string().regex(CURSOR, 'is not a cursor of this list').optional() })
export type CommentsQuery = z.output<typeof commentsQuery>
/** `rating` is null until enough persons have rated. */
export const commentsReply = z.object({
  rating: z.object({ average: z.number(), count: z.number() }).nullable(), items: z.array(commentView), nextCursor: z.string().nullable(),
})

export const staffRatingView = z.object({
  id, sessionId: id, customerId: id, mitraId: id, score, comment: z.string().nullable(), createdAt: time, hiddenAt: time.nullable(), hiddenBy: id.nullable(), hiddenReason: z.string().nullable(),
})
export type StaffRatingView = z.output<typeof staffRatingView>
/** `hidden`, `commented`: only those that are hidden, that say something. */
export const staffRatingsQuery = z.strictObject({
  mitraId: z.uuid().optional(), customerId: z.uuid().optional(), score: z.coerce.number().int().min(1).max(5).optional(),
  hidden: z.literal('true').optional(), commented: z.literal('true').optional(), limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(),
})
export type StaffRatingsQuery = z.output<typeof staffRatingsQuery>
export const staffRatingList = z.object({ items: z.array(staffRatingView), nextCursor: z.string().nullable(), names })
export type StaffRatingList = z.output<typeof staffRatingList>
export const staffRatingReply = z.object({ rating: staffRatingView })
export const reasonBody = z.strictObject({ reason: z.string().trim().min(1).max(500) })
