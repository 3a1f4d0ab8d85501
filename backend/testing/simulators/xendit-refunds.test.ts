import t from 'tap'
import { Refund as RefundClient } from 'xendit-node'
import { startTestSimulators, testSecrets, type Simulators } from './index.ts'

const failureOf = (acting: Promise<unknown>): Promise<unknown> => acting.then(() => 'it did not fail', (error: unknown) => error)

t.test('refunds as xendit-node meets them', async (t) => {
  const simulators: Simulators = await startTestSimulators()
  t.after(() => simulators.stop())
  const { xendit } = simulators.control
  const client = new RefundClient({ secretKey: testSecrets.xenditSecretKey, xenditURL: simulators.xenditBaseUrl })
  const script = (method: string, path: string, body?: unknown) => fetch(`${simulators.xenditBaseUrl}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })

  const paid = async (pay: { channel?: string } = {}): Promise<string> => {
    const made = await fetch(`${simulators.xenditBaseUrl}/v2/invoices/`, {
      method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${testSecrets.xenditSecretKey}:`).toString('base64')}` }, body: JSON.stringify({ external_id: 'p', amount: 25_000 }),
    })
    const { id } = await made.json() as { id: string }
    await xendit.pay(id, pay)
    return id
  }
  const order = (invoiceId: string, amount = 10_000) => ({ invoiceId, amount, currency: 'IDR', referenceId: 'refund-1', reason: 'REQUESTED_BY_CUSTOMER' as const })

  t.test('made once for a key, read, listed', async (t) => {
    const invoiceId = await paid()
    const made = await client.createRefund({ idempotencyKey: 'k1', data: order(invoiceId) })
    t.match(made, { id: /^rfd-/, amount: 10_000, currency: 'IDR', referenceId: 'refund-1', channelCode: 'BCA' })
    t.equal((await client.createRefund({ idempotencyKey: 'k1', data: order(invoiceId) })).id, made.id)
    t.match(await failureOf(client.createRefund({ idempotencyKey: 'k1', data: order(invoiceId, 9_000) })), { status: 409, errorCode: 'IDEMPOTENCY_ERROR' })
    t.same(await client.getRefund({ refundID: made.id! }), made)
    const other = await client.createRefund({ data: order(invoiceId, 1_000) })
    const page = await client.getAllRefunds({ invoiceId, limit: 1 })
    t.match(page, { data: [{ id: other.id! }] })
    t.match(await client.getAllRefunds({ invoiceId, limit: 1, afterId: other.id! }), { data: [{ id: made.id! }] })
    t.match(await failureOf(client.getRefund({ refundID: 'rfd-none' })), { status: 404, errorCode: 'DATA_NOT_FOUND' })
  })

  t.test('refused: more than is left, nothing paid, a channel that cannot', async (t) => {
    const invoiceId = await paid()
    t.match(await failureOf(client.createRefund({ data: order(invoiceId, 25_001) })), { status: 400, errorCode: 'MAXIMUM_REFUND_AMOUNT_REACHED' })
    t.match(await failureOf(client.createRefund({ data: order('f00000000000000000000000') })), { status: 404 })
    t.equal((await script('PUT', '/refund-rules', { refusedChannels: ['OVO'] })).status, 200)
    t.match(await failureOf(client.createRefund({ data: order(await paid({ channel: 'OVO' })) })), { status: 400, errorCode: 'REFUND_NOT_SUPPORTED' })
    t.equal((await script('PUT', '/refund-rules', { refused: [] })).status, 400)
    xendit.refunds.setRules({})
  })

  t.test('what becomes of it is played by a script and told by a webhook, nested if asked for', async (t) => {
    const invoiceId = await paid()
    const [one, other] = [await client.createRefund({ data: order(invoiceId) }), await client.createRefund({ data: order(invoiceId) })]
    t.match(await (await script('POST', `/refunds/${one.id}/succeed`)).json(), { status: 'SUCCEEDED' })
    t.equal((await script('POST', `/refunds/${one.id}/fail`)).status, 409)
    xendit.refunds.setRules({ nested: true })
    t.match(await (await script('POST', `/refunds/${other.id}/fail`, { failureCode: 'INVALID_DESTINATION' })).json(), { status: 'FAILED', failure_code: 'INVALID_DESTINATION' })
    t.match(xendit.webhooks(one.id), [{ kind: 'refund', body: { event: 'refund.succeeded', data: { id: one.id!, invoice_id: invoiceId, reference_id: 'refund-1', status: 'SUCCEEDED' } } }])
    t.match(xendit.webhooks(other.id), [{ body: { event: 'refund.failed', data: { data: { id: other.id!, failure_code: 'INVALID_DESTINATION' } } } }])
    const third = await client.createRefund({ data: order(invoiceId) })
    await client.cancelRefund({ refundID: third.id! })
    t.equal(xendit.refunds.get(third.id!).status, 'CANCELLED')
  })
})
