import t, { type Test } from 'tap'
import { startTestSimulators, testSecrets, type OtpMessage } from './index.ts'

async function open(t: Test, options: Parameters<typeof startTestSimulators>[0] = {}) {
  const simulators = await startTestSimulators(options)
  t.after(() => simulators.stop())
  return {
    ...simulators,
    async call(path: string, body: unknown, merchantKey = testSecrets.fazpassMerchantKey) {
      const response = await fetch(`${simulators.fazpassBaseUrl}/v1/otp/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${merchantKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      })
      const answer = (await response.json()) as { status: boolean; message: string; data?: { id: string; otp: string } }
      return { http: response.status, ...answer }
    },
    async inbox(phone?: string) {
      const query = phone === undefined ? '' : `?phone=${encodeURIComponent(phone)}`
      const response = await fetch(`${simulators.fazpassBaseUrl}/messages${query}`)
      return ((await response.json()) as { items: OtpMessage[] }).items
    },
  }
}

const gateway_key = testSecrets.fazpassGatewayKey
const phone = '6281234567890'

t.test('a requested code is 000000, arrives at the phone and is verified once', async (t) => {
  const fazpass = await open(t)
  const requested = await fazpass.call('request', { phone, gateway_key })
  t.match(requested, {
    http: 200,
    status: true,
    message: String,
    code: String,
    data: { id: String, otp: 'XXXXXX', otp_length: 6, channel: String, provider: String, purpose: String },
  })
  const otpId = requested.data!.id
  for (const written of [phone, `+${phone}`, '081234567890']) {
    t.match(await fazpass.inbox(written), [{ phone, otp: '000000', otpId, at: String }])
  }
  t.same(await fazpass.inbox('628999'), [])
  t.match(await fazpass.call('verify', { otp_id: otpId, otp: '111111' }), { http: 400, status: false, message: /invalid/ })
  t.match(await fazpass.call('verify', { otp_id: otpId, otp: '000000' }), { http: 200, status: true })
  t.match(await fazpass.call('verify', { otp_id: otpId, otp: '000000' }), {
    http: 400,
    status: false,
    message: /has been verified/,
  })
})

t.test('generate answers the code, send takes ours, and codes can be real', async (t) => {
  const fazpass = await open(t, { fazpass: { fixedCode: null } })
  const generated = await fazpass.call('generate', { phone, gateway_key })
  t.match(generated.data?.otp, /^\d{6}$/)
  t.equal((await fazpass.inbox(phone))[0]?.otp, generated.data?.otp)
  const sent = await fazpass.call('send', { phone, gateway_key, otp: '246810' })
  t.match(sent, { http: 200, data: { otp: 'XXXXXX' } })
  t.equal((await fazpass.inbox(phone))[1]?.otp, '246810')
  t.match(await fazpass.call('verify', { otp_id: sent.data!.id, otp: '246810' }), { http: 200, status: true })
  const codes = new Set<string | undefined>()
  for (let round = 0; round < 5; round += 1) codes.add((await fazpass.call('generate', { phone, gateway_key })).data?.otp)
  t.ok(codes.size > 1)
})

t.test('wrong keys, numbers and ids are refused, and nothing arrives', async (t) => {
  const fazpass = await open(t)
  t.match(await fazpass.call('request', { phone, gateway_key }, 'guessed'), { http: 401, status: false })
  t.match(await fazpass.call('request', { phone, gateway_key: 'guessed' }), { http: 404, status: false })
  t.match(await fazpass.call('request', { gateway_key }), { http: 400, status: false })
  t.match(await fazpass.call('request', { phone: '12', gateway_key }), { http: 400, status: false })
  t.match(await fazpass.call('send', { phone, gateway_key }), { http: 400, status: false })
  t.match(await fazpass.call('verify', { otp_id: 'unknown', otp: '000000' }), { http: 404, status: false })
  t.same(await fazpass.inbox(), [])
})

t.test('a code ends with its time and with its tries', async (t) => {
  let now = Date.now()
  const fazpass = await open(t, { clock: () => now })
  const first = await fazpass.call('request', { phone, gateway_key })
  now += 300_000
  t.match(await fazpass.call('verify', { otp_id: first.data!.id, otp: '000000' }), { http: 400, message: /expired/ })
  const second = await fazpass.call('request', { phone, gateway_key })
  for (let attempt = 0; attempt < 5; attempt += 1) {
    t.equal((await fazpass.call('verify', { otp_id: second.data!.id, otp: '999999' })).http, 400)
  }
  t.match(await fazpass.call('verify', { otp_id: second.data!.id, otp: '000000' }), { status: false })
})

t.test('faults: errors, garbage, hanging, lateness, and messages doubled or lost', async (t) => {
  const fazpass = await open(t)
  const request = () => fazpass.call('request', { phone, gateway_key })
  fazpass.control.setFaults({ fazpass: { api: { error: 503, retryAfterSeconds: 3 } } })
  t.match(await request(), { http: 503, status: false })
  fazpass.control.setFaults({ fazpass: { api: { error: 429 } } })
  t.match(await request(), { http: 429, status: false })
  fazpass.control.setFaults({ fazpass: { api: { error: 'garbage' } } })
  await t.rejects(request(), SyntaxError)
  fazpass.control.setFaults({ fazpass: { api: { error: 'html502' } } })
  await t.rejects(request(), SyntaxError)
  fazpass.control.setFaults({ fazpass: { api: { error: 'hang', operations: ['request'] } } })
  const hanging = request()
  hanging.catch(() => {})
  while (fazpass.control.calls('fazpass.request') < 5) await new Promise(setImmediate)

  fazpass.control.reset()
  fazpass.control.setFaults({ fazpass: { messages: { duplicate: 2 }, api: { delayMs: 50 } } })
  const before = performance.now()
  t.match(await request(), { http: 200 })
  t.ok(performance.now() - before >= 45)
  t.equal((await fazpass.inbox(phone)).length, 3)
  fazpass.control.setFaults({ fazpass: { messages: { drop: 1 } } })
  t.match(await request(), { http: 200 })
  t.equal((await fazpass.inbox(phone)).length, 3)
  await fazpass.stop()
  await t.rejects(hanging, 'a call that hangs ends with the simulators')
})
