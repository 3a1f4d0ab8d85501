import t from 'tap'
import type { GatewayError } from '../../platform/gateways.ts'
import { createLog } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { testEnv } from '../../testing/env.ts'
import { startTestSimulators, testSecrets, type Simulators } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { createFazpassGateway } from './fazpass-gateway.ts'

const PHONE = '+6281234567890'
let simulators: Simulators
const lines: string[] = []
const log = createLog({ level: 'info', environment: 'test', destination: { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream }) // pino needs write() only
function gateway(overrides: Record<string, string> = {}, answerWithinMs?: number) {
  return createFazpassGateway(
    testEnv({ DATABASE_URL: 'postgres://nobody@127.0.0.1/none', VALKEY_URL: 'redis://127.0.0.1:1' }, {
      FAZPASS_ENABLED: 'true', FAZPASS_BASE_URL: simulators.fazpassBaseUrl,
      FAZPASS_MERCHANT_KEY: testSecrets.fazpassMerchantKey, FAZPASS_GATEWAY_KEY: testSecrets.fazpassGatewayKey, ...overrides,
    }),
    log, createMetrics({ processMetrics: false }), answerWithinMs,
  )
}
const sentCode = () => simulators.control.fazpass.messages(PHONE).at(-1)!.otp
const otherCode = (code: string) => (code === '111111' ? '222222' : '111111')
const reasonOf = (asked: Promise<unknown>) => asked.then((answer) => `answered ${JSON.stringify(answer)}`, (error: GatewayError) => error.reason)

t.test('the OTP provider', async (t) => {
  simulators = await startTestSimulators({ fazpass: { fixedCode: null } })
  t.after(() => simulators.stop())
  t.beforeEach(() => simulators.control.reset())

  t.test('sends a code and tells right from wrong', async (t) => {
    const otp = gateway()
    const { reference } = await otp.request(PHONE)
    t.equal(await otp.verify(reference, otherCode(sentCode())), 'wrong')
    t.equal(await otp.verify(reference, sentCode()), 'ok')
    t.equal(await otp.verify(reference, sentCode()), 'expired', 'a code that was verified before needs a new one')
    t.equal(await otp.verify('00000000-0000-4000-8000-000000000000', '000000'), 'wrong')
  })

  t.test('a failure of the provider is never a success', async (t) => {
    const otp = gateway()
    const { reference } = await otp.request(PHONE)
    const code = sentCode()
    const table = [[500, 'unreachable'], [502, 'unreachable'], [503, 'unreachable'], [429, 'limited'], ['html502', 'unreachable'], ['garbage', 'unreadable'], ['truncate', 'unreachable'], ['reset', 'unreachable']] as const
    for (const [error, reason] of table) {
      simulators.control.setFaults({ fazpass: { api: { error } } })
      t.equal(await reasonOf(otp.verify(reference, code)), reason, `verify: ${error}`)
      t.equal(await reasonOf(otp.request(PHONE)), reason, `request: ${error}`)
    }
  })

  t.test('an answer that never comes is waited for so long and no longer; the code it concerned is spent', async (t) => {
    const [patient, hasty] = [gateway(), gateway({}, 100)]
    const { reference } = await patient.request(PHONE)
    simulators.control.setFaults({ fazpass: { api: { error: 'hang', afterEffect: true } } })
    const right = sentCode()
    // On a machine that stands still the time may be over before the call has left.
    await eventually(async () => {
      t.equal(await reasonOf(hasty.verify(reference, right)), 'timeout')
      return simulators.control.calls('fazpass.verify') > 0
    }, 'a call has arrived, and is given up')
    t.equal(await reasonOf(hasty.request(PHONE)), 'timeout')
    simulators.control.resetFaults()
    t.equal(await patient.verify(reference, otherCode(sentCode())), 'expired', 'nobody can tell any more by which code it was verified')
  })

  t.test('keys that the provider refuses are not a wrong code', async (t) => {
    const { reference } = await gateway().request(PHONE)
    const stranger = gateway({ FAZPASS_MERCHANT_KEY: 'another' })
    t.equal(await reasonOf(stranger.verify(reference, sentCode())), 'refused')
    t.equal(await reasonOf(stranger.request(PHONE)), 'refused')
    t.equal(await reasonOf(gateway({ FAZPASS_GATEWAY_KEY: 'another' }).request(PHONE)), 'refused')
    t.equal(await reasonOf(gateway({ FAZPASS_BASE_URL: 'http://127.0.0.1:1' }).request(PHONE)), 'unreachable')
  })

  t.test('neither a number nor a code is logged', async (t) => {
    t.ok(lines.length > 0)
    t.notMatch(lines.join(''), /81234567890/)
  })
})
