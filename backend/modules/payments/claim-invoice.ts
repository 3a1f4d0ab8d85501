import { sql, type SQL } from '../../platform/drizzle.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../platform/ctx.ts'

/**
 * Whoever talks to the provider about making or ending an invoice holds the row for this long; a process that died
 * is followed after it. Longer than any call, its time-out included.
 */
const CLAIM_SECONDS = 30

export type Claim = {
  id: string
  amountIdr: number
  description: string
  /** How often an invoice was asked for before. */
  triesBefore: number
  /** What is left of the hold. */
  leftSeconds: number
  /** Whose claim it is: the time is the token. */
  until: string
}

type Row = { id: string; amount_idr: string; description: string; create_tries: number; left_seconds: string; until: string }

/** Claims a payment without an invoice in order to make one; undefined: it is not to be made, or somebody is at it. */
export async function claimCreation(ctx: Ctx, paymentId: string): Promise<Claim | undefined> {
  return claim(ctx, paymentId, sql`and closing_at is null and create_until > app_now() and expires_at > app_now()`)
}

/** Claims a payment without an invoice in order to end it, waiting a little for whoever is making one. */
export async function claimEnd(ctx: Ctx, paymentId: string, patienceMs: number): Promise<Claim | undefined> {
  for (const startedAt = performance.now(); ;) {
    const claimed = await claim(ctx, paymentId, sql``)
    if (claimed || performance.now() - startedAt > patienceMs) return claimed
    await sleep(100)
  }
}

async function claim(ctx: Ctx, paymentId: string, also: SQL): Promise<Claim | undefined> {
  const { rows: [row] } = await ctx.sql.execute<Row>(sql`
    update payments set claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = ${paymentId} and state = 'creating' and (claimed_until is null or claimed_until <= app_now()) ${also}
    returning id, amount_idr, description, create_tries, extract(epoch from expires_at - app_now()) as left_seconds, claimed_until as until`)
  return row && {
    id: row.id, amountIdr: Number(row.amount_idr), description: row.description, triesBefore: row.create_tries, leftSeconds: Number(row.left_seconds),
    until: row.until,
  }
}

/** Lets others try again; whoever claimed the payment since keeps it. */
export async function releaseClaim(ctx: Ctx, claimed: Claim): Promise<void> {
  await ctx.sql.execute(sql`update payments set claimed_until = null where id = ${claimed.id} and claimed_until = ${claimed.until}`)
}

/**
 * Written before the provider is asked for an invoice: from here on there may be one that we never heard of. Renews the
 * claim for that call. False: the claim or the hold is over;
 * who was stopped for so long must not make an invoice beside somebody else's.
 */
export async function noteTry(ctx: Ctx, claimed: Claim): Promise<boolean> {
  const { rows: [row] } = await ctx.sql.execute<{ until: string; left_seconds: string }>(sql`
    update payments set create_tries = create_tries + 1, claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = ${claimed.id} and state = 'creating' and claimed_until = ${claimed.until} and claimed_until > app_now()
      and closing_at is null and expires_at > app_now()
    returning claimed_until as until, extract(epoch from expires_at - app_now()) as left_seconds`)
  if (row) Object.assign(claimed, { until: row.until, leftSeconds: Number(row.left_seconds) })
  return row !== undefined
}
