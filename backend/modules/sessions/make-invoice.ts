import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { createInvoice, findPayment, findPaymentsOfSessions, type Payment } from '../payments/index.ts'
import { publishSessions } from './announce.ts'
import { sessions } from './tables.ts'

/**
 * Makes the invoice that a hold waits for, within `invoiceWaitMs`. A slower one is finished in the background (or by the
 * outbox, should this process die) and told by `session:updated`. Never throws: the payment then says `creating`.
 */
export async function makeInvoiceOf(ctx: Ctx, sessionId: string): Promise<void> {
  await waitForInvoice(ctx, (await findPaymentsOfSessions(ctx.sql, [sessionId])).find((payment) => payment.state === 'creating')?.id)
}

/** The same for one payment, whatever it is for; answers the payment as it is then. */
export async function waitForInvoice(ctx: Ctx, paymentId: string | undefined): Promise<Payment | undefined> {
  const before = paymentId === undefined ? undefined : await findPayment(ctx.sql, paymentId)
  if (before?.state !== 'creating') return before
  const deadline = Promise.withResolvers<void>()
  const timer = setTimeout(deadline.resolve, ctx.settings.get('invoiceWaitMs'))
  const made = createAndTell(ctx, before.id).catch((error: unknown) => ctx.log.warn({ err: error, paymentId: before.id }, 'the invoice could not be made yet'))
  await Promise.race([made, deadline.promise])
  clearTimeout(timer)
  return findPayment(ctx.sql, before.id)
}

async function createAndTell(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await createInvoice(ctx, paymentId)
  if (payment.state !== 'creating' && payment.kind !== 'tip') await touchSession(ctx, payment.sessionId)
}

/** An invoice was made by the outbox: the customer, who was answered without a checkout, is told. */
export async function tellInvoice(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (payment && payment.kind !== 'tip') await touchSession(ctx, payment.sessionId)
}

/** What a session shows has changed outside of its row: a new version, and both sides are told. */
export async function touchSession(ctx: Ctx, sessionId: string): Promise<void> {
  await ctx.sql.update(sessions).set({ version: sql`${sessions.version} + 1`, updatedAt: sql`app_now()` }).where(eq(sessions.id, sessionId))
  await publishSessions(ctx, [sessionId])
}
