import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError, type ProviderInvoice } from '../../platform/gateways.ts'
import { callBudget } from './call-budget.ts'
import type { Outcome } from './types.ts'

/** What the provider answers about the invoice of an event, or what becomes of the event where it can't be asked now. */
export async function askAboutEvent(ctx: Ctx, invoiceId: string): Promise<{ invoice: ProviderInvoice | undefined } | Outcome> {
  if (callBudget(ctx).take(1) === 0) return { to: 'later', reason: 'no_calls_left', isFailure: false }
  try {
    const invoice = await ctx.gateways.payments.getInvoice(invoiceId)
    crashPoint('inbox.asked')
    return { invoice }
  } catch (error) {
    if (error instanceof GatewayError) return { to: 'later', reason: `provider_${error.reason}`, isFailure: true }
    throw error
  }
}
