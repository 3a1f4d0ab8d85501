import http2, { type SecureClientSessionOptions } from 'node:http2'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { deleteApp, initializeApp } from 'firebase-admin/app'
import { getMessaging, type Message } from 'firebase-admin/messaging'
import { createFcmSimulatorAgent, startTestSimulators, type TokenFaultInput } from './index.ts'

let apps = 0

async function open(t: Test, options: Parameters<typeof startTestSimulators>[0] = {}) {
  const simulators = await startTestSimulators(options)
  const app = initializeApp(
    {
      projectId: 'my-project',
      credential: { getAccessToken: async () => ({ access_token: 'x', expires_in: 3_600 }) },
      httpAgent: createFcmSimulatorAgent(simulators.fcm),
    },
    `app-${(apps += 1)}`,
  )
  const messaging = getMessaging(app)
  messaging.enableLegacyHttpTransport()
  t.after(async () => {
    await simulators.stop()
    await deleteApp(app)
  })
  return { ...simulators, messaging }
}

const offer: Message = {
  token: 'device-1',
  notification: { title: 'An offer', body: 'Someone wants to talk' },
  data: { kind: 'offer', offerId: 'o-1' },
  android: { priority: 'high', ttl: 60_000, notification: { channelId: 'offers', tag: 'o-1' } },
  apns: { headers: { 'apns-priority': '10', 'apns-push-type': 'alert' }, payload: { aps: { sound: 'default' } } },
}

const arrivedAt = async (url: string, token?: string) => {
  const response = await fetch(`${url}/fcm/messages${token === undefined ? '' : `?token=${token}`}`)
  return ((await response.json()) as { items: unknown[] }).items
}

t.test('firebase-admin sends through the agent, and the message is kept as it came', async (t) => {
  const { messaging, url, fcm } = await open(t)
  t.match(await messaging.send(offer), /^projects\/my-project\/messages\/.+/)
  const batch = await messaging.sendEach([
    { ...offer, token: 'device-2' },
    { ...offer, token: 'device-1' },
  ])
  t.equal(batch.successCount, 2)
  t.same(await arrivedAt(url, 'device-2'), [
    {
      token: 'device-2',
      notification: { title: 'An offer', body: 'Someone wants to talk' },
      data: { kind: 'offer', offerId: 'o-1' },
      android: { priority: 'high', ttl: '60s', notification: { channel_id: 'offers', tag: 'o-1' } },
      apns: { headers: { 'apns-priority': '10', 'apns-push-type': 'alert' }, payload: { aps: { sound: 'default' } } },
    },
  ])
  t.equal((await arrivedAt(url)).length, 3)
  t.equal((await arrivedAt(url, 'device-1')).length, 2)
  t.same(await (await fetch(`${url}/fcm`)).json(), fcm)
  await messaging.send(offer, true)
  t.equal((await arrivedAt(url)).length, 3, 'a dry run arrives nowhere')
})

t.test('each behaviour of a token comes out of firebase-admin as the code it stands for', async (t) => {
  const { messaging, control } = await open(t)
  const codeOf = async (fault: TokenFaultInput) => {
    control.fcm.setToken('device-1', fault)
    const { responses } = await messaging.sendEach([offer])
    return responses[0]?.error
  }
  t.match(await codeOf('unregistered'), { code: 'messaging/registration-token-not-registered' })
  t.match(await codeOf('invalid-token'), {
    code: 'messaging/invalid-argument',
    message: 'The registration token is not a valid FCM registration token',
  })
  const badPayload = await codeOf('invalid-payload')
  t.equal(badPayload?.code, 'messaging/invalid-argument')
  t.notMatch(badPayload?.message, 'registration token')
  t.match(await codeOf('sender-id-mismatch'), { code: 'messaging/mismatched-credential' })
  t.match(await codeOf({ behaviour: 'quota-exceeded', retryAfterSeconds: 9 }), {
    code: 'messaging/message-rate-exceeded',
    httpResponse: { status: 429, headers: { 'retry-after': '9' } },
  })
  t.match(await codeOf('third-party-auth'), { code: 'messaging/third-party-auth-error' })
  t.match(await codeOf('internal'), { code: 'messaging/internal-error' })
  // Above a minute firebase-admin does not wait, and gives the 503 to us at once.
  t.match(await codeOf({ behaviour: 'unavailable', retryAfterSeconds: 61 }), { code: 'messaging/server-unavailable' })
  t.same(control.fcm.messages(), [])
  t.match(control.fcm.attempts('device-1').at(0), {
    outcome: 'unregistered',
    message: { android: { notification: { tag: 'o-1' } } },
  })
  t.equal(control.calls('fcm.send'), 8)
  control.fcm.setToken('device-1', null)
  await messaging.send(offer)
  t.equal(control.fcm.messages('device-1').length, 1)
})

t.test('firebase-admin retries a 503 and a cut connection by itself', async (t) => {
  const { messaging, control } = await open(t)
  control.fcm.setToken('device-1', { behaviour: 'unavailable', times: 1 })
  t.ok(await messaging.send(offer))
  control.fcm.setToken('device-1', { behaviour: 'reset', times: 1 })
  t.ok(await messaging.send(offer))
  t.same(
    control.fcm.attempts().map(({ outcome }) => outcome),
    ['unavailable', 'accepted', 'reset', 'accepted'],
  )
})

t.test('one batch meets a different fate for each token', async (t) => {
  const { messaging, url } = await open(t)
  await fetch(`${url}/faults`, {
    method: 'PUT',
    body: JSON.stringify({ fcm: { tokens: { dead: 'unregistered', slow: { behaviour: 'slow', delayMs: 100 } } } }),
  })
  const before = performance.now()
  const { responses } = await messaging.sendEach(['dead', 'slow', 'well'].map((token) => ({ ...offer, token })))
  t.ok(performance.now() - before >= 95)
  t.same(responses.map(({ success }) => success), [false, true, true])
})

t.test('faults of FCM as a whole', async (t) => {
  const { messaging, control } = await open(t)
  const codeOf = async () => (await messaging.sendEach([offer])).responses[0]?.error?.code
  control.setFaults({ fcm: { api: { error: 500 } } })
  t.equal(await codeOf(), 'messaging/internal-error')
  control.setFaults({ fcm: { api: { error: 429 } } })
  t.equal(await codeOf(), 'messaging/message-rate-exceeded')
  control.setFaults({ fcm: { api: { error: 503, retryAfterSeconds: 61 } } })
  t.equal(await codeOf(), 'messaging/server-unavailable')
  control.setFaults({ fcm: { api: { error: 'html502' } } })
  t.equal(await codeOf(), 'messaging/unknown-error')
  control.setFaults({ fcm: { api: { error: 'garbage' } } })
  await t.rejects(messaging.send(offer), 'a 200 that is no JSON is no success')
  control.reset()
  control.setFaults({ fcm: { messages: { duplicate: 1 } } })
  await messaging.send(offer)
  t.equal(control.fcm.messages().length, 2, 'one push arrived twice')
  control.setFaults({ fcm: { messages: { drop: 1 } } })
  t.ok(await messaging.send(offer), 'FCM says yes')
  t.equal(control.fcm.messages().length, 2, 'and it never arrives')

  control.reset()
  control.setFaults({ seed: 5, fcm: { messages: { reorder: true } } })
  await messaging.sendEach(['1', '2', '3', '4'].map((kind) => ({ ...offer, data: { kind } })))
  while (control.fcm.messages().length < 4) await new Promise(setImmediate)
  const sent = control.fcm.attempts().map(({ message }) => message)
  t.same(new Set(control.fcm.messages()), new Set(sent))
  t.notSame(control.fcm.messages(), sent)
})

t.test('what FCM itself refuses: a foreign project, no token, bad data', async (t) => {
  const { messaging, fcm } = await open(t, { fcm: { projectId: 'another-project' } })
  t.match((await messaging.sendEach([offer])).responses[0]?.error, { code: 'messaging/mismatched-credential' })

  const own = await open(t)
  const big = { ...offer, data: { text: 'x'.repeat(4_100) } }
  t.match((await own.messaging.sendEach([big])).responses[0]?.error, { code: 'messaging/invalid-argument' })
  t.match((await own.messaging.sendEach([{ ...offer, data: { from: 'x' } }])).responses[0]?.error, {
    code: 'messaging/invalid-argument',
  })
  t.match(own.control.fcm.attempts(), [{ outcome: 'refused' }, { outcome: 'refused' }])
  t.ok(fcm.ca.startsWith('-----BEGIN CERTIFICATE-----'))
})

t.test('HTTP/2 is spoken too, and a call without an access token is refused', async (t) => {
  const { fcm } = await open(t)
  const session = http2.connect(`https://localhost:${fcm.port}`, { ca: fcm.ca, servername: 'fcm.googleapis.com' })
  t.after(() => session.close())
  const call = async (headers: Record<string, string>) => {
    const stream = session.request({ ':method': 'POST', ':path': '/v1/projects/p/messages:send', ...headers })
    stream.end(JSON.stringify({ message: { token: 'device-9', data: { kind: 'offer' } } }))
    const [answered] = (await once(stream, 'response')) as [{ ':status': number }]
    stream.resume()
    await once(stream, 'end')
    return answered[':status']
  }
  t.equal(await call({ authorization: 'Bearer x', 'content-type': 'application/json' }), 200)
  t.equal(await call({ 'content-type': 'application/json' }), 401)
})

t.test('a call that hangs ends when the simulators stop', async (t) => {
  const { messaging, control, stop } = await open(t)
  control.fcm.setToken('device-1', 'hang')
  const sending = messaging.sendEach([offer])
  while (control.fcm.attempts().length === 0) await new Promise(setImmediate)
  await stop()
  await t.rejects(
    sending.then(({ responses }) => {
      throw responses[0]?.error ?? new Error('no error')
    }),
    { code: 'app/network-error' },
  )
})

t.test('firebase-admin speaks HTTP/2 to the simulator, as it does to Google, and makes the same of every answer', async (t) => {
  const { fcm, control, messaging: overHttp1 } = await open(t)
  const connect = http2.connect
  t.after(() => void (http2.connect = connect))
  // What an entry in /etc/hosts does on a bench: the SDK knows no other host than Google's, and this transport no agent.
  http2.connect = ((authority: string, options: SecureClientSessionOptions) =>
    connect(`https://${fcm.host}:${fcm.port}`, { ...options, ca: fcm.ca, servername: new URL(authority).hostname })) as typeof connect
  const app = initializeApp({ projectId: 'my-project', credential: { getAccessToken: async () => ({ access_token: 'x', expires_in: 3_600 }) } }, `app-${(apps += 1)}`)
  t.after(() => deleteApp(app))
  const overHttp2 = getMessaging(app)

  const many = Array.from({ length: 300 }, (_, index) => ({ ...offer, token: `device-${index}` }))
  t.equal((await overHttp2.sendEach(many)).successCount, 300)
  t.same(control.fcm.messages('device-7')[0], { ...control.fcm.messages('device-8')[0], token: 'device-7' })
  const behaviours = ['unregistered', 'invalid-token', 'invalid-payload', 'sender-id-mismatch', 'quota-exceeded', 'third-party-auth', 'internal', { behaviour: 'unavailable', retryAfterSeconds: 61 }] as const
  for (const [index, behaviour] of behaviours.entries()) control.fcm.setToken(`device-${index}`, behaviour)
  const seen = async (messaging: typeof overHttp2) => (await messaging.sendEach(many.slice(0, behaviours.length))).responses
    .map(({ error }) => ({ code: error?.code, message: error?.message, status: error?.httpResponse?.status, after: error?.httpResponse?.headers['retry-after'], data: error?.httpResponse?.data }))
  const answers = await seen(overHttp2)
  t.match(answers, [{ code: 'messaging/registration-token-not-registered', status: 404 }, { code: 'messaging/invalid-argument' }])
  t.same(answers, await seen(overHttp1))
})
