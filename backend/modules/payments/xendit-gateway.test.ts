import t, { type Test } from 'tap'
import { GatewayError, type NewInvoice, type PaymentGateway } from '../../platform/gateways.ts'
import { createLog } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { testEnv } from '../../testing/env.ts'
import { startTestSimulators, testSecrets, type FaultsInput } from '../../testing/simulators/index.ts'
import { PATIENCE_MS } from '../../testing/wait.ts'
import { createXenditGateway } from './xendit-gateway.ts'

async function startGateway(t: Test) {
  const simulators = await startTestSimulators()
  t.after(() => simulators.stop())
  const env = testEnv({ DATABASE_URL: 'postgres://127.0.0.1:1/none', VALKEY_URL: 'redis://127.0.0.1:1' }, {
    XENDIT_ENABLED: 'true', XENDIT_BASE_URL: simulators.xenditBaseUrl, XENDIT_SECRET_KEY: testSecrets.xenditSecretKey, XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
    XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/s', XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/f',
  })
  const metrics = createMetrics({ processMetrics: false })
  const log = createLog({ level: 'silent', environment: 'test' })
  // Patient with whatever answers, however slow the machine is; hasty where nothing ever comes.
  const [gateway, hasty] = [PATIENCE_MS, 200].map((timeoutMs) => createXenditGateway(env, log, metrics, { timeoutMs })) as [PaymentGateway, PaymentGateway]
  const counted = async () => (await metrics.providerCalls.get()).values.map((one) => `${one.labels['call']} ${one.labels['outcome']} ${one.value}`).toSorted()
  return { gateway, hasty, simulators, xendit: simulators.control.xendit, counted, fail: (api: NonNullable<NonNullable<FaultsInput['xendit']>['api']>) => simulators.control.setFaults({ xendit: { api } }) }
}

const wanted = (externalId: string): NewInvoice => ({
  externalId, amountIdr: 25_000, durationSeconds: 600, description: '15 min', successUrl: 'http://127.0.0.1/s?payment=1', failureUrl: 'http://127.0.0.1/f?payment=1',
})
const failure = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => error as GatewayError)

t.test('an invoice is made, found, read and expired', async (t) => {
  const { gateway, xendit, counted } = await startGateway(t)
  const made = await gateway.createInvoice(wanted('order-1'))
  t.match(made, { externalId: 'order-1', amountIdr: 25_000, currency: 'IDR', status: 'pending', paidAmountIdr: undefined, checkoutUrl: /\/checkout\// })
  t.match(xendit.invoice(made.id), { amount: 25_000, success_redirect_url: 'http://127.0.0.1/s?payment=1', description: '15 min' })
  t.same(await gateway.getInvoice(made.id), made)
  t.same(await gateway.findInvoiceByExternalId('order-1'), made)
  t.equal(await gateway.findInvoiceByExternalId('order-2'), undefined)
  t.equal(await gateway.getInvoice('000000000000000000000000'), undefined, 'an invoice that does not exist is no failure')
  t.equal((await gateway.expireInvoice(made.id)).status, 'expired')
  t.equal((await gateway.expireInvoice(made.id)).status, 'expired', 'twice is once')
  t.same(await counted(), ['create ok 1', 'expire ok 2', 'get ok 1', 'get refused 1', 'list ok 2'])
})

t.test('what was paid is told although the SDK’s model drops it', async (t) => {
  const { gateway, xendit } = await startGateway(t)
  const { id } = await gateway.createInvoice(wanted('order-1'))
  await xendit.pay(id, { amount: 30_000 })
  t.match(await gateway.getInvoice(id), { status: 'paid', paidAmountIdr: 30_000, amountIdr: 25_000 })
  t.match(await gateway.expireInvoice(id), { status: 'paid' }, 'expiring a paid invoice answers the paid invoice')
  await xendit.settle(id, false)
  t.equal((await gateway.getInvoice(id))?.status, 'paid')
})

t.test('of several invoices under one external id the one with money counts', async (t) => {
  const { gateway, xendit } = await startGateway(t)
  const invoices = [await gateway.createInvoice(wanted('order-1')), await gateway.createInvoice(wanted('order-1')), await gateway.createInvoice(wanted('order-1'))]
  await gateway.expireInvoice(invoices[0]!.id)
  await gateway.expireInvoice(invoices[2]!.id)
  t.equal((await gateway.findInvoiceByExternalId('order-1'))?.id, invoices[1]!.id)
  await xendit.pay(invoices[0]!.id, { afterExpiry: true })
  t.equal((await gateway.findInvoiceByExternalId('order-1'))?.id, invoices[0]!.id)
})

t.test('a status that nobody knows is unknown', async (t) => {
  const { gateway, xendit } = await startGateway(t)
  const { id } = await gateway.createInvoice(wanted('order-1'))
  Object.assign(xendit.invoice(id), { status: 'UNDER_REVIEW' })
  t.equal((await gateway.getInvoice(id))?.status, 'unknown')
})

t.test('an answer without the lists that the SDK wants is still read', async (t) => {
  const { gateway, xendit } = await startGateway(t)
  const { id } = await gateway.createInvoice(wanted('order-1'))
  Object.assign(xendit.invoice(id), { available_banks: undefined, available_ewallets: undefined })
  t.equal((await gateway.getInvoice(id))?.id, id)
})

t.test('every failure has its reason, and an uncertain one says so', async (t) => {
  const cases = [
    ['hang', 'timeout', true], ['reset', 'unreachable', true], ['html502', 'unreachable', true], [500, 'unreachable', true], [503, 'unreachable', true],
    [429, 'limited', false], ['garbage', 'unreadable', true], ['truncate', 'unreachable', true],
  ] as const
  const { gateway, hasty, fail, counted } = await startGateway(t)
  for (const [error, reason, isUncertain] of cases) {
    fail({ error })
    const thrown = await failure((error === 'hang' ? hasty : gateway).createInvoice(wanted('order-1')))
    t.ok(thrown instanceof GatewayError)
    t.match(thrown, { reason, isUncertain }, `${error}`)
  }
  fail({ error: 'html502' })
  t.match(await failure(gateway.getInvoice('1')), { message: /502/ }, 'an HTML page keeps its status')
  t.equal((await counted()).some((line) => line.startsWith('create timeout')), true)
})

t.test('a refusal is a refusal: bad request, wrong key', async (t) => {
  const { gateway, xendit } = await startGateway(t)
  t.match(await failure(gateway.createInvoice({ ...wanted('x'), amountIdr: 0 })), { reason: 'refused', isUncertain: false })
  t.equal(xendit.invoices().length, 0)
  t.match(await failure(gateway.expireInvoice('000000000000000000000000')), { reason: 'refused' })
})

t.test('nothing is printed, whatever the key looks like', async (t) => {
  const said: unknown[] = []
  const { log, warn, error } = console
  Object.assign(console, { log: (...args: unknown[]) => said.push(args), warn: (...args: unknown[]) => said.push(args), error: (...args: unknown[]) => said.push(args) })
  t.after(() => void Object.assign(console, { log, warn, error }))
  const { gateway } = await startGateway(t)
  await gateway.createInvoice(wanted('order-1'))
  t.same(said, [])
})
