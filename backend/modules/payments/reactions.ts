import { sql } from '../../platform/drizzle.ts'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { reaction, writeOutbox, type Reaction } from '../../platform/outbox.ts'
import { createInvoice } from './create-invoice.ts'
import { CREATE_INVOICE_TOPIC } from './create-payment.ts'
import { retrySeconds } from './rules.ts'
import { payments } from './tables.ts'

const MOST_SECONDS = 8

/**
 * The net under the request that made a payment: makes the invoice where that request died or had no answer, until
 * `create_until`. `created` hears of every payment that has left `creating`, so that a session that was answered
 * without its checkout gets it by `session:updated`; it must be idempotent.
 */
export function paymentReactions(hooks: { created: (ctx: Ctx, paymentId: string) => Promise<void> }): Reaction[] {
  return [reaction({
    topic: CREATE_INVOICE_TOPIC,
    payload: z.object({ paymentId: z.uuid() }),
    async run(ctx, { paymentId }) {
      const payment = await createInvoice(ctx, paymentId)
      if (payment.state !== 'creating') await hooks.created(ctx, paymentId)
      else await tryLater(ctx, paymentId)
    },
  })]
}

// Not by failing: that a provider is away is no fault of the reaction, and it must not use up the row's attempts.
async function tryLater(ctx: Ctx, paymentId: string): Promise<void> {
  await transact(ctx, async (tx) => {
    const [payment] = await tx.sql.select({ tries: payments.createTries, isOpen: sql<boolean>`closing_at is null and create_until > app_now()` })
      .from(payments).where(sql`id = ${paymentId}`)
    if (payment?.isOpen) await writeOutbox(tx, [{ topic: CREATE_INVOICE_TOPIC, payload: { paymentId }, dueInSeconds: retrySeconds(payment.tries + 1, MOST_SECONDS) }])
  })
}
