import type { TestApp } from './app.ts'
import { expect } from './people.ts'
import { testSecrets } from './simulators/index.ts'
import type { StaffPerson } from './staff-rows.ts'
import { invoiceOf, newKey, stage } from './stage.ts'
import { eventually } from './wait.ts'

export type MoneyEvent = 'pending' | 'paid' | 'expired' | 'refunded'

/** Every order of these; equal ones are told apart only by their place, so that none comes twice. */
export function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  const firsts = [...new Set(items)]
  return firsts.flatMap((first) => {
    const at = items.indexOf(first)
    return ordersOf(items.toSpliced(at, 1)).map((rest) => [first, ...rest])
  })
}

/**
 * A hold is given up and paid all the same; a part of that is refunded. Both are true at the provider before its events
 * about them are sent, in this order; the payment is known to us
 * by the provider's list where no event has told of it before.
 */
export async function proveOrder(app: TestApp, finance: StaffPerson, events: readonly MoneyEvent[]): Promise<Record<string, unknown>> {
  const { xendit } = app.simulators.control
  const scene = await stage(app, 'held', { named: true })
  const invoiceId = await invoiceOf(app, scene.sessionId)
  const [{ id: paymentId }] = await app.query<{ id: string }>('select id from payments where session_id = $1', [scene.sessionId]) as [{ id: string }]
  await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
  await scene.until('cancelled')
  await xendit.pay(invoiceId, { afterExpiry: true })

  let turn = 0
  let refund: { id: string; body: unknown } | undefined
  const send = async (kind: 'invoice' | 'refund', body: unknown) => {
    const { url } = app.replicas[turn++ % app.replicas.length]!
    const response = await fetch(`${url}/webhooks/xendit/${kind}`, { method: 'POST', headers: { 'x-callback-token': testSecrets.xenditWebhookToken }, body: JSON.stringify(body) })
    if (response.status !== 200) throw new Error(`a webhook was answered ${response.status}`)
  }
  for (const event of events) {
    if (event === 'refunded') {
      refund ??= await makeRefund(app, finance, paymentId, events.slice(0, events.indexOf('refunded')).includes('paid'))
      await send('refund', refund.body)
    } else {
      await send('invoice', { id: invoiceId, external_id: paymentId, status: event.toUpperCase(), amount: 25_000, currency: 'IDR', ...(event === 'paid' && { paid_amount: 25_000 }) })
    }
  }
  return atRest(app, scene.sessionId, scene.customer.id, paymentId)
}

async function makeRefund(app: TestApp, finance: StaffPerson, paymentId: string, isTold: boolean): Promise<{ id: string; body: unknown }> {
  const { xendit } = app.simulators.control
  const isKnown = async () => (await app.query(`select 1 from payments where id = $1 and state = 'paid'`, [paymentId])).length > 0
  if (!isTold) await expect(201, finance.call('POST', '/reconciliations', { body: { hours: 1 } }))
  await eventually(isKnown, 'the payment is known', { timeoutMs: 60_000 })
  const { id } = (await expect(201, finance.call('POST', '/refunds', { body: { paymentId, amountIdr: 10_000, reason: 'a test' }, headers: { 'idempotency-key': newKey() } }))).body.refund
  const providerId = await eventually(async () => (await app.query<{ provider_refund_id: string | null }>('select provider_refund_id from refunds where id = $1', [id]))[0]?.provider_refund_id ?? undefined, 'the provider has the refund')
  await xendit.refunds.succeed(providerId)
  return { id, body: xendit.webhooks(providerId).at(-1)!.body }
}

async function atRest(app: TestApp, sessionId: string, customerId: string, paymentId: string): Promise<Record<string, unknown>> {
  const [ids, sums] = [[paymentId, sessionId], [`customer_wallet:${customerId}`, `session_escrow:${sessionId}`]]
  return eventually(async () => {
    const [row] = await app.query<Record<string, unknown>>(`
      select p.state as payment, s.state as session, r.state as refund,
        (select coalesce(sum(amount_idr), 0)::int from ledger_entries where account = $3) as wallet,
        (select coalesce(sum(amount_idr), 0)::int from ledger_entries where account = $4) as escrow,
        (select count(*)::int from provider_inbox where state = 'parked' and (payment_id = p.id or subject_id = r.id)) as parked,
        (select count(*)::int from provider_inbox where state = 'received') as waiting
      from payments p join chat_sessions s on s.id = p.session_id left join refunds r on r.payment_id = p.id where p.id = $1 and s.id = $2`, [...ids, ...sums])
    if (row?.['waiting'] !== 0 || row['refund'] !== 'succeeded') return undefined
    const { waiting: _none, ...state } = row
    return state
  }, `the events of payment ${paymentId} are judged`, { timeoutMs: 60_000 })
}
