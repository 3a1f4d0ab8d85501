import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2, { type SecureClientSessionOptions } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { EnvError } from '../../platform/env.ts'
import { createLog } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { testEnv } from '../../testing/env.ts'
import { startTestSimulators } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { fcmClient, sendEach } from './fcm-client.ts'
import { createFcmGateway } from './index.ts'

const log = createLog({ level: 'silent', environment: 'test' })
const metrics = createMetrics({ processMetrics: false })
const envOf = (variables: Record<string, string>) => testEnv({ DATABASE_URL: 'postgres://127.0.0.1/x', VALKEY_URL: 'redis://127.0.0.1' }, variables)
const open = (variables: Record<string, string>) => createFcmGateway(envOf(variables), log, metrics)

t.test('without a service account and a simulator nothing is pushed', async (t) => {
  const gateway = open({})
  t.notOk(gateway.enabled)
  await t.rejects(gateway.send([]))
})

t.test('a service account that can’t be used, or of another project, ends the boot and is not printed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'service-account-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'account.json')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const account = { project_id: 'ours', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), client_email: 'push@ours.example' }
  const problemOf = (content: string | object | undefined, projectId?: string) => {
    if (content === undefined) rmSync(path, { force: true })
    else writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    try {
      return open({ FIREBASE_SERVICE_ACCOUNT_PATH: path, ...(projectId === undefined ? {} : { FIREBASE_PROJECT_ID: projectId }) })
    } catch (error) {
      if (!(error instanceof EnvError)) throw error
      t.notMatch(error.message, /PRIVATE KEY|secret-part/)
      return error.problems
    }
  }
  t.match(problemOf(undefined), [/FIREBASE_SERVICE_ACCOUNT_PATH: the file can’t be read/])
  t.match(problemOf('{ secret-part'), [/can’t be read as JSON/])
  t.match(problemOf({ project_id: 'ours' }), [/lacks private_key, client_email/])
  t.match(problemOf('null'), [/lacks/])
  t.match(problemOf({ ...account, private_key: 'secret-part' }), [/private_key is not a key/])
  t.match(problemOf(account, 'theirs'), [/project_id is not FIREBASE_PROJECT_ID/])
  t.match(problemOf(account, 'ours'), { enabled: true })
  t.match(problemOf(account), { enabled: true })
})

t.test('each answer is heard when it comes, and not when the last of the call has come: over HTTP/1.1 and HTTP/2', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'service-account-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'account.json')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(path, JSON.stringify({ project_id: 'ours', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), client_email: 'push@ours.example' }))
  const { connect } = http2
  t.after(() => void (http2.connect = connect))
  const simulators = await startTestSimulators()
  t.after(() => simulators.stop())
  simulators.control.fcm.setToken('hangs', 'hang')
  simulators.control.fcm.setToken('dead', 'unregistered')
  // firebase-admin knows no other host than Google's.
  http2.connect = ((_: string, options: SecureClientSessionOptions) => connect(`https://${simulators.fcm.host}:${simulators.fcm.port}`, { ...options, ca: simulators.fcm.ca, servername: 'fcm.googleapis.com' })) as typeof connect
  const messages = ['hangs', 'well', 'dead'].map((token) => ({ token, data: { pushId: `push-${token}` } }))
  const transports: Record<string, Record<string, string>> = { 'HTTP/1.1': { FCM_SIMULATOR: simulators.url }, 'HTTP/2': { FIREBASE_SERVICE_ACCOUNT_PATH: path } }
  await Promise.all(Object.entries(transports).map(async ([transport, variables]) => {
    const client = fcmClient(envOf(variables), { accessToken: 'x', requestMs: 15_000 })
    const heard = new Map<string, boolean>()
    let isOver = false
    const sending = sendEach(await client!(), messages, ({ token, data }, { success }) => void heard.set(`${token} ${data?.['pushId']}`, success)).finally(() => (isOver = true))
    await eventually(() => heard.size === 2, `${transport}: two are heard of`)
    t.same(Object.fromEntries(heard), { 'dead push-dead': false, 'well push-well': true }, transport)
    t.notOk(isOver, `${transport}: before the third`)
    t.match(await sending, [{ success: false, error: { code: 'app/network-timeout' } }, { success: true }, { success: false, error: { code: 'messaging/registration-token-not-registered' } }], transport)
  }))
})
