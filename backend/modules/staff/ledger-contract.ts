import { z } from 'zod'
import { listQuery, pageQuery } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const day = z.string().meta({ format: 'date' })
const idr = z.number().int()
const count = z.number().int()
const nextCursor = z.string().nullable()
const limit = pageQuery.shape.limit
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const accountName = z.string().regex(new RegExp(`^((customer_wallet|customer_promo|mitra_payable|session_escrow|suspense):${UUID}|[a-z]+_[a-z]+|promotions)$`), 'must be the name of an account')

export const transactionsQuery = z.strictObject({
  ...pageQuery.shape, account: z.string().min(1).max(80).optional(), sessionId: z.uuid().optional(), paymentId: z.uuid().optional(), flow: z.string().min(1).max(80).optional(),
})
export const transaction = z.object({
  id, key: z.string(), flow: z.string(), sessionId: id.nullable(), paymentId: id.nullable(), at: time, entries: z.array(z.object({ account: z.string(), amountIdr: idr })),
})
export const transactionList = z.object({ items: z.array(transaction), nextCursor })
export const transactionReply = z.object({ transaction })

/** Accounts of persons, sessions and suspended sums as one of their kind (`customer_wallet:*`). All that went in and out: both sums are the same, and the balances sum to 0. */
export const balancesReply = z.object({
  items: z.array(z.object({ account: z.string(), debitsIdr: idr, creditsIdr: idr, balanceIdr: idr })), debitsIdr: idr, creditsIdr: idr, totalIdr: idr,
})
export const accountsQuery = z.strictObject({ limit, cursor: accountName.optional(), kind: z.enum(['customer_wallet', 'customer_promo', 'mitra_payable']) })
export const accountList = z.object({ items: z.array(z.object({ account: z.string(), balanceIdr: idr })), nextCursor })
/** `cursor`: as a page before has answered it. */
export const entriesQuery = z.strictObject({ ...listQuery, cursor: z.string().regex(/^\d{1,15}:-?\d{1,16}$/).optional(), account: accountName })
/** `balanceIdr` of an entry: what stood in the account after it. */
export const entryList = z.object({
  account: z.string(), balanceIdr: idr,
  items: z.array(z.object({ id: z.number().int(), transactionId: id, key: z.string(), flow: z.string(), sessionId: id.nullable(), paymentId: id.nullable(), amountIdr: idr, balanceIdr: idr, at: time })),
  nextCursor,
})

/** `closingsCheckedAt`: when every closed day was last derived again from its entries, and `closingsProblem` what differed. */
export const checkReply = z.object({
  ok: z.boolean(), driftIdr: idr, problems: z.array(z.string()), checkedAt: time.nullable(), tookMs: count.nullable(), closingsCheckedAt: time.nullable(), closingsProblem: z.string().nullable(),
})

export const closingsQuery = z.strictObject({ limit, cursor: z.iso.date().optional() })
export const dayParams = z.strictObject({ day: z.iso.date() })
const closing = z.object({ day, transactions: count, entries: count, debitsIdr: idr, creditsIdr: idr, totalIdr: idr, hash: z.string(), previousHash: z.string(), closedAt: time })
export type ClosingView = z.output<typeof closing>
const closingsVerdict = checkReply.pick({ closingsCheckedAt: true, closingsProblem: true })
export const closingList = z.object({ items: z.array(closing), nextCursor, verdict: closingsVerdict })
export const closingReply = z.object({
  closing: closing.extend({
    accounts: z.array(z.object({ account: z.string(), openingIdr: idr, debitsIdr: idr, creditsIdr: idr, closingIdr: idr })),
    flows: z.array(z.object({ flow: z.string(), transactions: count, amountIdr: idr })),
  }),
  verdict: closingsVerdict,
})
