import { and, eq, isNotNull, isNull, lte, ne, or, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError, type ProviderInvoice } from '../../platform/gateways.ts'
import { callBudget } from './call-budget.ts'
import { payments } from './tables.ts'

/**
 * Asks the provider how a payment's invoice stands, at most every `paymentAskLeastSeconds` a payment, whoever asks.
 * Undefined: asked a moment ago, paid already, without an invoice, no calls left, or no useful answer.
 */
export async function askProvider(ctx: Ctx, paymentId: string): Promise<ProviderInvoice | undefined> {
  const budget = callBudget(ctx)
  if (budget.take(1) === 0) return undefined
  const claiming = ctx.sql.update(payments).set({ askedAt: sql`app_now()` })
    .where(and(eq(payments.id, paymentId), ne(payments.state, 'paid'), isNotNull(payments.providerInvoiceId), wasNotAskedLately(ctx)))
    .returning({ invoiceId: payments.providerInvoiceId }).execute()
  const [row] = await budget.keepFor(1, claiming, ({ length }) => length)
  return row?.invoiceId ? readBack(ctx, row.invoiceId) : undefined
}

export function wasNotAskedLately(ctx: Ctx) {
  const leastSeconds = ctx.settings.get('paymentAskLeastSeconds')
  return or(isNull(payments.askedAt), lte(payments.askedAt, sql`app_now() - make_interval(secs => ${leastSeconds})`))
}

/** Undefined: no such invoice, or no useful answer (which the gateway has logged). */
export async function readBack(ctx: Ctx, invoiceId: string): Promise<ProviderInvoice | undefined> {
  try {
    return await ctx.gateways.payments.getInvoice(invoiceId)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
