import type { Ctx } from '../../platform/ctx.ts'
import { askProvider } from './ask-provider.ts'
import { findPayment } from './queries.ts'
import type { Verdict } from './rules.ts'
import { settleAnswer } from './settle-answer.ts'
import type { PaymentHooks } from './types.ts'

/** Asks the provider about a payment and does what the answer asks for. Undefined: there was no answer. */
export async function refreshPayment(ctx: Ctx, hooks: PaymentHooks, paymentId: string): Promise<Verdict | undefined> {
  const invoice = await askProvider(ctx, paymentId)
  const payment = invoice && await findPayment(ctx.sql, paymentId)
  return payment && settleAnswer(ctx, hooks, payment, invoice)
}
