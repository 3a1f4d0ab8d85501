import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

/** Longer than the calls that are made under it, their time-outs included; a process that died is followed after it. */
const CLAIM_SECONDS = 30
/** What the provider has not taken for so long is shown to staff. */
const PATIENCE_SECONDS = 900

export type Claim = {
  id: string
  paymentId: string
  /** The invoice whose money it is; undefined: the payment's own. */
  invoiceId: string | undefined
  amountIdr: number
  reason: 'REQUESTED_BY_CUSTOMER' | 'OTHERS'
  /** How often the provider was asked to make it before. */
  triesBefore: number
  /** Whose claim it is: the time is the token. */
  until: string
}

type Row = { id: string; payment_id: string; provider_invoice_id: string | null; amount_idr: string; requested_by_kind: string; send_tries: number; until: string }

/** Claims an approved refund in order to send it; undefined: it is not to be sent, or somebody is at it. */
export async function claimRefund(ctx: Ctx, refundId: string): Promise<Claim | undefined> {
  const { rows: [row] } = await ctx.sql.execute<Row>(sql`
    update refunds set claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = ${refundId} and state = 'approved' and method = 'provider' and (claimed_until is null or claimed_until <= app_now())
    returning id, payment_id, provider_invoice_id, amount_idr, requested_by_kind, send_tries, claimed_until as until`)
  return row && {
    id: row.id, paymentId: row.payment_id, invoiceId: row.provider_invoice_id ?? undefined, amountIdr: Number(row.amount_idr),
    reason: row.requested_by_kind === 'customer' ? 'REQUESTED_BY_CUSTOMER' : 'OTHERS', triesBefore: row.send_tries, until: row.until,
  }
}

/**
 * Lets others try again; whoever claimed the refund since keeps it. `failure`: why it could not be sent, which staff see
 * at once (`isNow`) or where it has gone on for a while; it is tried further all the same.
 */
export async function releaseRefund(ctx: Ctx, claim: Claim, failure?: { code: string; isNow: boolean }): Promise<void> {
  await ctx.sql.execute(sql`
    update refunds set claimed_until = null, send_failures = send_failures + ${failure === undefined ? 0 : 1},
      needs_staff = case when ${failure !== undefined} and (${failure?.isNow ?? false} or approved_at <= app_now() - make_interval(secs => ${PATIENCE_SECONDS}))
        then coalesce(needs_staff, ${failure?.code ?? null}::text) else needs_staff end
    where id = ${claim.id} and claimed_until = ${claim.until}`)
}

/**
 * Written before the provider is asked to make it: from here on it may exist without our hearing of it, and it is not
 * cancelled any more. False: the claim is over, or it was cancelled meanwhile.
 */
export async function noteTry(ctx: Ctx, claim: Claim): Promise<boolean> {
  const { rows: [row] } = await ctx.sql.execute<{ until: string }>(sql`
    update refunds set send_tries = send_tries + 1, claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS}), version = version + 1
    where id = ${claim.id} and state = 'approved' and method = 'provider' and claimed_until = ${claim.until} and claimed_until > app_now()
    returning claimed_until as until`)
  if (row) claim.until = row.until
  return row !== undefined
}
