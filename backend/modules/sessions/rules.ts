/** Pure decisions about sessions: prices, returns, matching order. No I/O, no clock. Amounts are whole rupiah. */

export type Split = { promoIdr: number; walletIdr: number; invoiceIdr: number }

/**
 * How a price is funded: promotional credit first, then the wallet, the rest by invoice. The wallet part, then the
 * promotional one, shrinks so that the invoice is 0 or at least `minInvoiceIdr`. Undefined where even the whole
 * price is below the least invoice and the person's money does not cover it.
 */
export function splitFunding(input: { priceIdr: number; promoIdr: number; walletIdr: number; minInvoiceIdr: number }): Split | undefined {
  let promo = Math.min(input.promoIdr, input.priceIdr)
  let wallet = Math.min(input.walletIdr, input.priceIdr - promo)
  let invoice = input.priceIdr - promo - wallet
  if (invoice > 0 && invoice < input.minInvoiceIdr) {
    const missing = input.minInvoiceIdr - invoice
    const fromWallet = Math.min(missing, wallet)
    wallet -= fromWallet
    promo -= Math.min(missing - fromWallet, promo)
    invoice = input.priceIdr - promo - wallet
    if (invoice < input.minInvoiceIdr) return undefined
  }
  return { promoIdr: promo, walletIdr: wallet, invoiceIdr: invoice }
}

export type Funded = { id: string; minutes: number; priceIdr: number; promoIdr: number; walletIdr: number; invoiceIdr: number }
export type Returned = { purchaseId: string; promoIdr: number; walletIdr: number }

/**
 * Time banking: what goes back for `unusedSeconds`, purchase by purchase. Seconds are used in order of purchase, so
 * the unused ones belong to the last. For each: ceil(unused × price / seconds), at most its price; promotional part first.
 */
export function bankTime(purchases: readonly Funded[], unusedSeconds: number): Returned[] {
  let left = Math.max(0, unusedSeconds)
  return purchases.toReversed().map((purchase) => {
    const seconds = purchase.minutes * 60
    const unused = Math.min(left, seconds)
    left -= unused
    // Whole milliseconds: seconds × price stays exact, and ceil never sees a rounding error.
    const back = Math.ceil((Math.round(unused * 1000) * purchase.priceIdr) / (seconds * 1000))
    return giveBack(purchase, Math.min(back, purchase.priceIdr))
  })
}

/** All of what a purchase was funded with goes back. */
export function returnAll(purchase: Funded): Returned {
  return giveBack(purchase, purchase.promoIdr + purchase.walletIdr + purchase.invoiceIdr)
}

function giveBack(purchase: Funded, amountIdr: number): Returned {
  const promoIdr = Math.min(amountIdr, purchase.promoIdr)
  return { purchaseId: purchase.id, promoIdr, walletIdr: amountIdr - promoIdr }
}

/**
 * What may go back is at most what the escrow holds (a refund may have taken out of it). In the given order: what is cut
 * is cut from the parts at the end, and of a part from its wallet first.
 */
export function capByEscrow(returned: readonly Returned[], escrowIdr: number): Returned[] {
  let left = Math.max(0, escrowIdr)
  return returned.map((part) => {
    const promoIdr = Math.min(part.promoIdr, left)
    const walletIdr = Math.min(part.walletIdr, left - promoIdr)
    left -= promoIdr + walletIdr
    return { ...part, promoIdr, walletIdr }
  })
}

/** How much of the mitra's share was paid by promotional credit, and is held back for a while. */
export function heldShare(promoUsedIdr: number, mitraIdr: number, mitraSharePercent: number): number {
  return Math.min(mitraIdr, Math.floor((promoUsedIdr * mitraSharePercent) / 100))
}

/** The mitra's share of what the escrow still holds, and the platform's rest. */
export function settle(escrowIdr: number, mitraSharePercent: number): { mitraIdr: number; platformIdr: number } {
  const mitraIdr = Math.floor((escrowIdr * mitraSharePercent) / 100)
  return { mitraIdr, platformIdr: escrowIdr - mitraIdr }
}

/** What a customer asks of a mitra. */
export type Wish = {
  namedMitraId: string | null
  anyMitra: boolean
  topic: string | null
  language: string | null
  gender: string | null
}
export type Waiting = Wish & { id: string; customerId: string }
export type Candidate = { mitraId: string; free: number; idleSince: Date | null; topics: readonly string[]; languages: readonly string[]; gender: string | null }

/** Whether this mitra meets what the customer asked for. A named mitra is met by that mitra, or with `anyMitra` by any. */
export function isAcceptable(waiting: Wish, candidate: Pick<Candidate, 'mitraId' | 'topics' | 'languages' | 'gender'>): boolean {
  if (waiting.namedMitraId === candidate.mitraId) return true
  if (waiting.namedMitraId !== null && !waiting.anyMitra) return false
  return (waiting.topic === null || candidate.topics.includes(waiting.topic))
    && (waiting.language === null || candidate.languages.includes(waiting.language))
    && (waiting.gender === null || candidate.gender === waiting.gender)
}

/** `last`: only when nobody else would do (missed this session's offer before). `never`: declined it, is the same person, is blocked. */
export type Standing = 'open' | 'last' | 'never'

/**
 * Who gets which mitra: the waiting in their order, each the acceptable mitra who has been idle longest (a named one
 * first). Nobody is overtaken for a mitra whom they would have accepted, and no acceptable free slot is left unused.
 */
export function assign(waiting: readonly Waiting[], candidates: readonly Candidate[], standing: (waiting: Waiting, mitraId: string) => Standing): Map<string, string> {
  const pool = candidates.filter(({ free }) => free > 0).toSorted(byIdleTime).map((candidate) => ({ candidate, free: candidate.free }))
  const assigned = new Map<string, string>()
  for (const session of waiting) {
    if (pool.length === 0) break
    const chosen = choose(session, pool, standing)
    if (!chosen) continue
    chosen.free -= 1
    if (chosen.free === 0) pool.splice(pool.indexOf(chosen), 1)
    assigned.set(session.id, chosen.candidate.mitraId)
  }
  return assigned
}

type Free = { candidate: Candidate; free: number }

// Looks no further than the first whom it takes: of a thousand who wait for a thousand, nearly everybody's is at the front.
function choose(session: Waiting, pool: readonly Free[], standing: (waiting: Waiting, mitraId: string) => Standing): Free | undefined {
  const named = session.namedMitraId === null ? undefined : pool.find(({ candidate }) => candidate.mitraId === session.namedMitraId)
  let last: Free | undefined
  for (const one of named ? [named, ...pool] : pool) {
    if (!isAcceptable(session, one.candidate)) continue
    const how = standing(session, one.candidate.mitraId)
    if (how === 'open') return one
    if (how === 'last') last ??= one
  }
  return last
}

function byIdleTime(a: Candidate, b: Candidate): number {
  // Who serves somebody is not idle at all: after everybody who is.
  const [since, other] = [a.idleSince?.getTime() ?? Infinity, b.idleSince?.getTime() ?? Infinity]
  return since !== other ? since - other : a.mitraId < b.mitraId ? -1 : 1
}

/**
 * When a session ends that is lengthened at `now`: time that was up before is not taken from what was bought. Of a paused
 * one the remainder (from `pausedAt` to here) grows.
 */
export function lengthenedEnd(session: { state: string; endsAt: Date }, now: Date, minutes: number): Date {
  const from = session.state === 'active' && now > session.endsAt ? now : session.endsAt
  return new Date(from.getTime() + minutes * 60_000)
}

/** Between zero and the extension that was paid after it no time passed: what was before it comes to stand that much later. */
export function skipGap(at: Date, gap: { from: Date; until: Date } | undefined): Date {
  if (!gap || at >= gap.until) return at
  return at <= gap.from ? new Date(at.getTime() + gap.until.getTime() - gap.from.getTime()) : gap.until
}

/**
 * Until when an extension that is asked for at `now` may be paid: a little after the session's end. Of a paused one the
 * end is where it would be if it went on now.
 */
export function extensionPayUntil(session: { state: string; endsAt: Date; pausedAt: Date | null }, now: Date, graceSeconds: number): Date {
  const pausedMs = session.state === 'paused' && session.pausedAt ? now.getTime() - session.pausedAt.getTime() : 0
  return new Date(session.endsAt.getTime() + pausedMs + graceSeconds * 1000)
}

/** When an active session is next due: the next warning, or its end. */
export function nextDueWhileActive(endsAt: Date, now: Date, warningSeconds: readonly number[]): Date {
  const warnings = warningSeconds.map((seconds) => endsAt.getTime() - seconds * 1000).filter((at) => at > now.getTime())
  return new Date(Math.min(endsAt.getTime(), ...warnings))
}

type Place = { position: number; wait: { p50: number; p90: number } | null }

/** Whether somebody who waits is to be told their place and waiting time anew: what they were told last differs materially, or is old. */
export function isWorthTelling(last: (Place & { ageSeconds: number }) | undefined, now: Place, options: { percent: number; leastSeconds: number; afterSeconds: number }): boolean {
  if (last === undefined || last.ageSeconds >= options.afterSeconds) return true
  const differs = (told: number, is: number, least: number) => Math.abs(is - told) >= Math.max(least, (told * options.percent) / 100)
  if ((last.wait === null) !== (now.wait === null) || differs(last.position, now.position, 1)) return true
  return last.wait !== null && now.wait !== null && (differs(last.wait.p50, now.wait.p50, options.leastSeconds) || differs(last.wait.p90, now.wait.p90, options.leastSeconds))
}
