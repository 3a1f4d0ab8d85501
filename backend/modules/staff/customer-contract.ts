import { z } from 'zod'
import { reason } from './contract.ts'
import { privacyPart } from './record-contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()

export const standing = z.enum(['active', 'suspended', 'banned', 'erased'])
/** `q`: part of a name, a whole phone number for roles that see numbers, or an id. `openCase` is for roles that see cases. */
export const customersQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(), q: z.string().trim().min(1).max(100).optional(),
  standing: standing.optional(), openCase: z.literal('true').optional(),
})
export type CustomersQuery = z.output<typeof customersQuery>
export const customerForStaff = z.object({
  id, displayName: z.string().nullable(), phone: z.string().nullable(), standing, createdAt: time, suspendedUntil: time.nullable(), bannedAt: time.nullable(), erasedAt: time.nullable(),
})
export type CustomerForStaff = z.output<typeof customerForStaff>
export const customerList = z.object({ items: z.array(customerForStaff), nextCursor: z.string().nullable() })

export const creditView = z.object({ id, customerId: id, amountIdr: idr, state: z.enum(['asked', 'given', 'refused']), reason: z.string(), givenBy: id, createdAt: time, givenAt: time.nullable(), expiresAt: time })
/** Money is there for roles that may read the ledger, `privacy` for those that may export and erase people. */
export const customerReply = z.object({
  customer: customerForStaff.extend({ wallet: z.object({ balanceIdr: idr, promoIdr: idr }).optional(), credits: z.array(creditView).optional(), privacy: privacyPart.optional() }),
})
export const creditBody = z.strictObject({ amountIdr: z.number().int().min(1).max(1_000_000_000), days: z.number().int().min(1).max(365).optional(), reason })
export const creditReply = z.object({ credit: creditView })
