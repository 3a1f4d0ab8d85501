import { randomUUID } from 'node:crypto'
import type { Acts } from './crash-acts.ts'
import { eventually } from './wait.ts'

const PATIENCE = { timeoutMs: 60_000 }

/** The customer asks for part of a payment, finance grants it, the provider makes it; whether it tells of that or is asked. */
export async function refundInFlow(acts: Acts, sessionId: string, amountIdr: number, isTold: boolean): Promise<void> {
  const { place, cast } = acts
  const { xendit } = place.simulators.control
  const [payment] = await place.query<{ id: string; provider_invoice_id: string }>(`select id, provider_invoice_id from payments where session_id = $1`, [sessionId])
  const asked = await acts.insist(cast.customer, 'POST', `/api/v1/payments/${payment!.id}/refund-requests`, { body: { reason: 'not what I wanted' }, headers: { 'idempotency-key': randomUUID() } })
  const id = asked.body.refund.id as string
  await acts.staff(cast.finance, 'POST', `/refunds/${id}/approve`, { amountIdr })
  const made = await eventually(() => xendit.refunds.all(payment!.provider_invoice_id).find((refund) => refund.reference_id === id), 'the refund is made', PATIENCE)
  if (!isTold) place.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await xendit.refunds.succeed(made.id)
  place.simulators.control.resetFaults()
  await eventually(async () => {
    for (const event of isTold ? xendit.webhooks(made.id) : []) if (event.state !== 'delivered') await xendit.resendWebhook(event.id)
    const [row] = await place.query<{ state: string }>('select state from refunds where id = $1', [id])
    return row?.state === 'succeeded'
  }, 'the refund has succeeded', PATIENCE)
}
