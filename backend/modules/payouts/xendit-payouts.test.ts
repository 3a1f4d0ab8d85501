import t, { type Test } from 'tap'
import { GatewayError, type PayoutGateway } from '../../platform/gateways.ts'
import { createLog } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { testEnv } from '../../testing/env.ts'
import { startTestSimulators, testSecrets, type FaultsInput } from '../../testing/simulators/index.ts'
import { PATIENCE_MS } from '../../testing/wait.ts'
import { createXenditPayouts } from './xendit-payouts.ts'

async function start(t: Test) {
  const simulators = await startTestSimulators()
  t.after(() => simulators.stop())
  const env = testEnv({ DATABASE_URL: 'postgres://127.0.0.1:1/none', VALKEY_URL: 'redis://127.0.0.1:1' }, {
    XENDIT_ENABLED: 'true', XENDIT_BASE_URL: simulators.xenditBaseUrl, XENDIT_SECRET_KEY: testSecrets.xenditSecretKey, XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
    XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/s', XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/f',
  })
  const said: string[] = []
  const { Writable } = await import('node:stream')
  const log = createLog({ level: 'debug', environment: 'test', destination: new Writable({ write: (chunk: Buffer, _encoding, done) => { said.push(chunk.toString()); done() } }) })
  // Patient with whatever answers, however slow the machine is; hasty where nothing ever comes.
  const [gateway, hasty] = [PATIENCE_MS, 200].map((timeoutMs) => createXenditPayouts(env, log, createMetrics({ processMetrics: false }), { timeoutMs })) as [PayoutGateway, PayoutGateway]
  return { simulators, gateway, hasty, said, xendit: simulators.control.xendit, fail: (api: NonNullable<NonNullable<FaultsInput['xendit']>['api']>) => simulators.control.setFaults({ xendit: { api } }) }
}

const wanted = (id: string) => ({ id, channelCode: 'ID_BCA', accountNumber: '9081726354', holderName: 'Kanari Kuningwati', amountIdr: 125_000, description: 'Pencairan' })
const failure = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => error as GatewayError)

t.test('a payout is made once for its key, found, read, and tells how it ends', async (t) => {
  const { gateway, xendit, simulators } = await start(t)
  const made = await gateway.createPayout(wanted('payout-1'))
  t.match(made, { referenceId: 'payout-1', amountIdr: 125_000, currency: 'IDR', status: 'waiting', failureCode: undefined })
  t.match(xendit.payout(made.id), { channel_code: 'ID_BCA', channel_properties: { account_number: '9081726354', account_holder_name: 'Kanari Kuningwati' }, description: 'Pencairan' })
  t.same(await gateway.createPayout(wanted('payout-1')), made, 'the key is the id')
  t.equal(xendit.payouts().length, 1)
  t.match(await failure(gateway.createPayout({ ...wanted('payout-1'), amountIdr: 1 })), { reason: 'refused', status: 409, providerCode: 'DUPLICATE_ERROR' })
  t.same(await gateway.findPayout('payout-1'), made)
  t.equal(await gateway.findPayout('payout-2'), undefined)
  xendit.setPayoutRule({ bareList: true })
  t.same(await gateway.findPayout('payout-1'), made, 'the list as the reference shows it')
  t.equal(await gateway.findPayout('payout-2'), undefined)
  t.equal(await gateway.getPayout('disb-none'), undefined, 'what does not exist is no failure')
  for (const [status, means] of [['SUCCEEDED', 'succeeded'], ['REVERSED', 'reversed'], ['FAILED', 'failed'], ['COMPLIANCE_REJECTED', 'failed'], ['UNDER_A_SPELL', 'unknown']] as const) {
    await xendit.movePayout(made.id, { status, notify: false, ...(status === 'FAILED' ? { failureCode: 'INVALID_DESTINATION' } : {}) })
    t.equal((await gateway.getPayout(made.id))?.status, means, status)
  }
  t.equal((await gateway.getPayout(made.id))?.failureCode, 'INVALID_DESTINATION')
  t.equal(simulators.control.calls('xendit.payout-create'), 3)
})

t.test('a refusal has its code, and whatever else fails its reason; nothing that is secret is logged', async (t) => {
  const { gateway, hasty, xendit, fail, said } = await start(t)
  xendit.setPayoutRule({ refuse: { status: 400, code: 'INVALID_DESTINATION' } })
  t.match(await failure(gateway.createPayout(wanted('p'))), { reason: 'refused', status: 400, providerCode: 'INVALID_DESTINATION', isUncertain: false })
  xendit.setPayoutRule({ refuse: null })
  for (const [error, reason, isUncertain] of [['hang', 'timeout', true], ['reset', 'unreachable', true], ['html502', 'unreachable', true], [500, 'unreachable', true], [429, 'limited', false], ['garbage', 'unreadable', true]] as const) {
    fail({ error, operations: ['payout-create'] })
    const thrown = await failure((error === 'hang' ? hasty : gateway).createPayout(wanted(`p-${error}`)))
    t.ok(thrown instanceof GatewayError)
    t.match(thrown, { reason, isUncertain }, `${error}`)
  }
  fail({ error: 'reset', afterEffect: true, operations: ['payout-create'] })
  t.match(await failure(gateway.createPayout(wanted('late'))), { isUncertain: true })
  t.match(await gateway.findPayout('late'), { status: 'waiting' }, 'what took effect is found')
  t.notMatch(said.join(''), /9081726354|Kuningwati/)
})

t.test('a script plays the banks over HTTP, and is told what it may not do', async (t) => {
  const { gateway, simulators } = await start(t)
  const { id } = await gateway.createPayout(wanted('payout-1'))
  const post = async (path: string, body: unknown, method = 'POST') => {
    const answer = await fetch(`${simulators.xenditBaseUrl}${path}`, { method, body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() as Record<string, unknown> }
  }
  t.match(await post(`/payouts/${id}/move`, { status: 'SUCCEEDED' }), { status: 200, body: { status: 'SUCCEEDED' } })
  t.match(await post('/payouts/disb-none/move', { status: 'SUCCEEDED' }), { status: 404 })
  t.match(await post(`/payouts/${id}/move`, { status: 'done' }), { status: 400, body: { error_code: 'INVALID_BODY' } })
  t.match(simulators.control.xendit.webhooks(id), [{ kind: 'payout', body: { event: 'payout.succeeded', data: { reference_id: 'payout-1', status: 'SUCCEEDED' } } }])
  t.match(await post('/payout-rules', { refuse: { status: 403, code: 'REQUEST_FORBIDDEN_ERROR' } }, 'PUT'), { status: 200 })
  t.match(await failure(gateway.createPayout(wanted('payout-2'))), { status: 403 })
})
