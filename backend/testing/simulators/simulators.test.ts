import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { spawnSimulators } from './spawn.ts'
import { startSimulators, startTestSimulators, testSecrets } from './index.ts'

const put = (url: string, body: unknown) => fetch(`${url}/faults`, { method: 'PUT', body: JSON.stringify(body) })

t.test('faults are put, read and reset over HTTP, and a shape that is not theirs is refused', async (t) => {
  const { url, stop } = await startTestSimulators()
  t.after(stop)
  const well = await (await fetch(`${url}/faults`)).json()
  t.match(well, {
    xendit: { api: { delayMs: 0, error: null }, webhooks: { duplicate: 0, reorder: false, drop: 0, forge: null } },
    fazpass: { api: {}, messages: {} },
    fcm: { api: {}, messages: {}, tokens: {} },
  })
  const response = await put(url, { xendit: { api: { delayMs: 5 }, webhooks: { drop: 0.1 } } })
  t.equal(response.status, 200)
  t.match(await response.json(), { xendit: { api: { delayMs: 5 }, webhooks: { drop: 0.1 } } })
  await put(url, { fcm: { api: { error: 'hang' } } })
  t.match(await (await fetch(`${url}/faults`)).json(), { xendit: { api: { delayMs: 0 } }, fcm: { api: { error: 'hang' } } })

  for (const body of [{ xendti: {} }, { xendit: { api: { error: 418 } } }, { fcm: { tokens: { a: 'sad' } } }, undefined]) {
    const refused = await put(url, body)
    t.equal(refused.status, 400)
    t.match(await refused.json(), { error_code: 'INVALID_BODY', message: String })
  }
  t.same(await (await fetch(`${url}/faults`, { method: 'DELETE' })).json(), well)
})

t.test('the front page shows what can be paid and what was sent', async (t) => {
  const simulators = await startTestSimulators()
  t.after(() => simulators.stop())
  t.same(await (await fetch(`${simulators.url}/health`)).json(), { status: 'ok' })
  t.match(await (await fetch(simulators.url)).text(), /Invoices to pay.*None/s)
  const invoice = (await (
    await fetch(`${simulators.xenditBaseUrl}/v2/invoices/`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${testSecrets.xenditSecretKey}:`)}` },
      body: JSON.stringify({ external_id: 'payment-<b>', amount: 1_500_000 }),
    })
  ).json()) as { id: string }
  await fetch(`${simulators.fazpassBaseUrl}/v1/otp/request`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testSecrets.fazpassMerchantKey}` },
    body: JSON.stringify({ phone: '6281234567890', gateway_key: testSecrets.fazpassGatewayKey }),
  })
  const page = await (await fetch(simulators.url)).text()
  t.match(page, `<a href="/checkout/${invoice.id}">`)
  t.match(page, /Rp\s1\.500\.000/)
  t.match(page, '6281234567890')
  t.notMatch(page, '<b>')
  await simulators.control.xendit.pay(invoice.id)
  t.match(await (await fetch(simulators.url)).text(), /unaddressed/)
  t.equal((await fetch(`${simulators.url}/nothing`)).status, 404)
  t.match(await (await fetch(`${simulators.url}/calls`)).json(), { 'xendit.create': 1, 'fazpass.request': 1 })

  simulators.control.reset()
  t.match(await (await fetch(simulators.url)).text(), /Invoices to pay.*None/s)
})

t.test('a taken port is one clear error, and nothing stays behind', async (t) => {
  const first = await startTestSimulators()
  t.after(() => first.stop())
  const port = Number(new URL(first.url).port)
  await t.rejects(startTestSimulators({ port }), { message: `Simulators: port ${port} on 127.0.0.1 is taken.` })
  await t.rejects(startTestSimulators({ fcm: { port } }), {
    message: `FCM simulator: port ${port} on 127.0.0.1 is taken.`,
  })
  await t.rejects(startTestSimulators({ host: '0.0.0.0' }), { message: /loopback only/ })
})

t.test('stopping ends calls that hang, at once and twice if need be', async (t) => {
  const simulators = await startSimulators({
    port: 0,
    xendit: { secretKey: 'k', webhookToken: 't' },
    fazpass: { merchantKey: 'm', gatewayKey: 'g' },
  })
  simulators.control.setFaults({ xendit: { api: { error: 'hang' } }, fazpass: { api: { delayMs: 600_000 } } })
  const hanging = [
    fetch(`${simulators.xenditBaseUrl}/v2/invoices`),
    fetch(`${simulators.fazpassBaseUrl}/v1/otp/verify`, { method: 'POST' }),
  ]
  const ended = Promise.allSettled(hanging)
  const { calls } = simulators.control
  while (calls('xendit.list') + calls('fazpass.verify') < 2) await new Promise(setImmediate)
  await Promise.all([simulators.stop(), simulators.stop()])
  t.same((await ended).map(({ status }) => status), ['rejected', 'rejected'])
  await t.rejects(fetch(simulators.url))
})

t.test('they run as a process of their own, which ends when told and when it can not listen', async (t) => {
  const spawned = await spawnSimulators({ xendit: { secretKey: 'own-key' } })
  t.after(() => spawned.stop())
  t.equal((await fetch(`${spawned.url}/health`)).status, 200)
  t.match(spawned.fcm, { port: Number, ca: /BEGIN CERTIFICATE/ })
  const listed = await fetch(`${spawned.url}/xendit/v2/invoices`, {
    headers: { authorization: `Basic ${btoa('own-key:')}` },
  })
  t.same(await listed.json(), [])
  await t.rejects(spawnSimulators({ port: Number(new URL(spawned.url).port) }), { message: /is taken\.$/ })
  await spawned.stop()
  await t.rejects(fetch(spawned.url))
})

t.test('started by hand, the process says where it is in one line', async (t) => {
  const file = fileURLToPath(new URL('run.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  t.equal((await fetch(`${url}/health`)).status, 200)
  child.kill('SIGINT')
  t.same(await once(child, 'exit'), [0, null])
})
