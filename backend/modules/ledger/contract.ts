import { z } from 'zod'

export const walletReply = z.object({
  balanceIdr: z.number(),
  promoIdr: z.number(),
  lots: z.array(z.object({ amountIdr: z.number(), expiresAt: z.string() })),
})

export const entriesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().regex(/^[1-9]\d{0,14}$/).optional(),
})

export const entriesReply = z.object({
  items: z.array(z.object({
    id: z.string(),
    kind: z.enum(['wallet', 'promo']),
    flow: z.string(),
    amountIdr: z.number(),
    sessionId: z.string().nullable(),
    paymentId: z.string().nullable(),
    at: z.string(),
  })),
  nextCursor: z.string().nullable(),
})

const sums = z.object({ walletIdr: z.number(), promoIdr: z.number() })
/** A month in Asia/Jakarta. */
export const statementQuery = z.strictObject({ month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be YYYY-MM').optional(), format: z.enum(['json', 'csv']).default('json') })
export const statementReply = z.object({ month: z.string(), opening: sums, closing: sums, items: z.array(entriesReply.shape.items.element.omit({ id: true })) })
export type WalletStatement = z.output<typeof statementReply>
