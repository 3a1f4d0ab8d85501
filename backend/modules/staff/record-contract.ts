import { z } from 'zod'
import { scheduleView } from '../mitras/contract.ts'
import { erasureReply } from '../privacy/contract.ts'
import { mitraReport } from '../sessions/contract.ts'
import { mitraForStaff } from './control-contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()

/** For roles that may export and erase people. `erasure`: null where nobody has asked for one. */
export const privacyPart = z.object({
  erasure: erasureReply.shape.erasure.nullable(), exports: z.array(z.object({ id, askedByKind: z.enum(['customer', 'mitra', 'staff']), createdAt: time })),
})

/**
 * What staff see of a mitra beside the lists of sessions, payouts, ratings, cases and sanctions, which have routes of their
 * own. `report`: the last 28 days in Asia/Jakarta. `rating`: null until enough persons have rated. `money` is there for roles
 * that see payouts, `privacy` for those that may export and erase.
 */
export const mitraRecord = z.object({
  mitra: mitraForStaff, schedule: scheduleView, report: mitraReport, rating: z.object({ average: z.number(), count: z.number().int() }).nullable(),
  offers: z.array(z.object({ id, sessionId: id, state: z.enum(['ringing', 'accepted', 'declined', 'expired', 'withdrawn']), createdAt: time, endedAt: time.nullable() })),
  money: z.object({
    payableIdr: idr, heldIdr: idr, availableIdr: idr,
    bankAccount: z.object({ bankCode: z.string(), accountNumberMasked: z.string(), accountHolderMasked: z.string(), createdAt: time, isRefused: z.boolean() }).nullable(),
  }).optional(),
  privacy: privacyPart.optional(),
})
export type MitraRecord = z.output<typeof mitraRecord>
