import { z } from 'zod'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const most = z.number().int().max(1_000_000_000_000)

export const promoCodeView = z.object({
  id, code: z.string(), kind: z.enum(['amount', 'percent']), amountIdr: idr.nullable(), percent: z.number().int().nullable(), mostIdr: idr, budgetIdr: idr, spentIdr: idr,
  perPersonLimit: z.number().int(), leastPriceIdr: idr, startsAt: time, endsAt: time, active: z.boolean(), createdAt: time, updatedAt: time,
})
export const promoCodeReply = z.object({ promoCode: promoCodeView })
export const promoCodeList = z.object({ items: z.array(promoCodeView), nextCursor: z.string().nullable() })

/** Worth `amountIdr`, or `percent` of the price up to `mostIdr`. */
export const createPromoCodeBody = z.strictObject({
  code: z.string().trim().regex(/^[A-Za-z0-9_-]{3,32}$/, 'must be 3 to 32 letters, digits, - or _'),
  worth: z.union([z.strictObject({ amountIdr: most.min(1) }), z.strictObject({ percent: z.number().int().min(1).max(100), mostIdr: most.min(1) })]),
  budgetIdr: most.min(0), perPersonLimit: z.number().int().min(1).max(1000).default(1), leastPriceIdr: most.min(0).default(0), startsAt: instant, endsAt: instant, reason: reason.optional(),
})
export const changePromoCodeBody = z.strictObject({
  budgetIdr: most.min(0).optional(), perPersonLimit: z.number().int().min(1).max(1000).optional(), leastPriceIdr: most.min(0).optional(), endsAt: instant.optional(),
  active: z.boolean().optional(), reason: reason.optional(),
})
