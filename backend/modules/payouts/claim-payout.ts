import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { STUCK } from '../../platform/resend-lost.ts'

/** Whoever talks to the provider about making a payout holds the row for this long; longer than any call. */
export const CLAIM_SECONDS = 30

export type Claim = {
  id: string
  bankAccountId: string
  amountIdr: number
  /** How many tries before this one may have made it: those that the provider surely refused are taken back. */
  triesBefore: number
  /** How often in a row the provider could not be asked before. */
  failuresBefore: number
  /** Whose claim it is: the time is the token. */
  until: string
}

/**
 * Written before the provider is asked to make the payout: from here on there may be one that we never heard of. Renews
 * the claim for that call. False: the claim is over; who was stopped for so long must not act beside somebody else.
 */
export async function noteTry(ctx: Ctx, claim: Claim): Promise<boolean> {
  const { rows: [row] } = await ctx.sql.execute<{ until: string }>(sql`
    update payouts set send_tries = send_tries + 1, claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = ${claim.id} and state = 'sent' and provider_payout_id is null and claimed_until = ${claim.until}::timestamptz and claimed_until > app_now()
    returning claimed_until::text as until`)
  if (row) claim.until = row.until
  return row !== undefined
}

/**
 * Lets others try again; whoever claimed the payout since keeps it. `needsStaff`: why a person has to look; `failed`: the
 * provider was asked in vain; `notMade`: the try that was noted surely made nothing, and is taken back.
 */
export async function releaseClaim(ctx: Ctx, claim: Claim, { needsStaff = null, failed = false, notMade = false }: { needsStaff?: string | null; failed?: boolean; notMade?: boolean } = {}): Promise<void> {
  await ctx.sql.execute(sql`
    update payouts set claimed_until = null, needs_staff = coalesce(${needsStaff}, needs_staff), send_failures = send_failures + ${failed ? 1 : 0}, send_tries = send_tries - ${notMade ? 1 : 0}
    where id = ${claim.id} and claimed_until = ${claim.until}::timestamptz`)
}

/** Whether the claim still holds, under the payout's lock: who lost it may have somebody beside them who makes the payout. */
export async function holdsClaim(tx: Tx, claim: Claim): Promise<boolean> {
  const { rowCount } = await tx.sql.execute(sql`select 1 from payouts where id = ${claim.id} and claimed_until = ${claim.until}::timestamptz`)
  return rowCount === 1
}

/** Why a payout was shown to staff that is over once the provider has it: nobody could ask, or nobody sent it any more. */
const OVER_ONCE_MADE = [STUCK, 'timeout', 'unreachable', 'limited', 'unreadable']

/**
 * Keeps the provider's id of a payout that was sent, and when it is asked about first. False: there is another one
 * already under our reference, which should never be.
 */
export async function rememberPayout(ctx: Ctx, id: string, provider: { id: string; status: string }): Promise<boolean> {
  const [firstAsk] = ctx.settings.get('payoutAskSeconds')
  const { rowCount } = await ctx.sql.execute(sql`
    update payouts set provider_payout_id = ${provider.id}, claimed_until = null, provider_status = coalesce(provider_status, ${provider.status}), send_failures = 0,
      needs_staff = case when needs_staff <> all(${sql.param(OVER_ONCE_MADE)}::text[]) then needs_staff end,
      ask_at = case when state = 'sent' then coalesce(ask_at, app_now() + make_interval(secs => ${firstAsk ?? 60})) end, version = version + 1
    where id = ${id} and (provider_payout_id is null or provider_payout_id = ${provider.id})`)
  return rowCount === 1
}

/** Shows a payout to staff, for this reason; the first reason stays. */
export async function flagPayout(ctx: Ctx, id: string, needsStaff: string): Promise<void> {
  await ctx.sql.execute(sql`update payouts set needs_staff = coalesce(needs_staff, ${needsStaff}) where id = ${id}`)
  ctx.log.warn({ event: 'payout_needs_staff', payoutId: id, reason: needsStaff }, 'a payout needs a person')
}
