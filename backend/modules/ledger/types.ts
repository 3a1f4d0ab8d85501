/** One side of a posting: credit > 0 (what we owe a person grows), debit < 0. */
export type Entry = { account: string; amountIdr: number }

export type Posting = {
  /** What may happen once: `postings` in the table of flows names it. */
  key: string
  flow: string
  sessionId?: string | undefined
  paymentId?: string | undefined
  entries: readonly Entry[]
}

export type LotPart = { lotId: string; amountIdr: number; expiresAt: Date }

export type Wallet = { balanceIdr: number; promoIdr: number; lots: { amountIdr: number; expiresAt: Date }[] }

export type AccountEntry = {
  id: string
  account: string
  flow: string
  amountIdr: number
  sessionId: string | null
  paymentId: string | null
  at: Date
}

export type Page = { cursor?: string | undefined; limit: number }
export type Paged<T> = { items: T[]; nextCursor: string | null }
