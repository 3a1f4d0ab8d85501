import { z } from 'zod'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()

/** `q`: part of a name, or a whole phone number for roles that see numbers. */
export const customersQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(), q: z.string().trim().min(1).max(100).optional() })
export type CustomersQuery = z.output<typeof customersQuery>
export const customerForStaff = z.object({
  id, displayName: z.string().nullable(), phone: z.string().nullable(), createdAt: time, suspendedUntil: time.nullable(), bannedAt: time.nullable(), erasedAt: time.nullable(),
})
export type CustomerForStaff = z.output<typeof customerForStaff>
export const customerList = z.object({ items: z.array(customerForStaff), nextCursor: z.string().nullable() })

export const creditView = z.object({ id, customerId: id, amountIdr: idr, state: z.enum(['asked', 'given', 'refused']), reason: z.string(), givenBy: id, createdAt: time, givenAt: time.nullable(), expiresAt: time })
/** Money is there for roles that may read the ledger. */
export const customerReply = z.object({
  customer: customerForStaff.extend({ wallet: z.object({ balanceIdr: idr, promoIdr: idr }).optional(), credits: z.array(creditView).optional() }),
})
export const creditBody = z.strictObject({ amountIdr: z.number().int().min(1).max(1_000_000_000), days: z.number().int().min(1).max(365).optional(), reason })
export const creditReply = z.object({ credit: creditView })
