import type { Messaging, SendResponse, TokenMessage } from 'firebase-admin/messaging'
import { fcmClient, fcmMessage } from '../modules/channels/index.ts'
import { ProbeStopped, type Exchange } from './recorder.ts'
import type { Parts } from './probe-xendit.ts'

export type FcmOptions = {
  /** Of the operator's own device; without it nothing that FCM accepts is asked. */
  token: string | undefined
  /** Of an app that was removed from its device. */
  deadToken: string | undefined
  /** The device is to show it; else FCM only checks the message. */
  push: boolean
}

const SEND = 'POST /v1/projects/:id/messages:send'
const OK = 200

/** What our gateway sends to FCM, one message a call, checked there and not delivered unless `push`. */
export async function probeFcm({ env, recorder, timeoutMs }: Parts, options: FcmOptions): Promise<void> {
  const open = fcmClient(env)
  const asStranger = fcmClient(env, { accessToken: 'not-an-access-token' })
  if (!open || !asStranger) throw new ProbeStopped('nothing is configured to push with')
  const [messaging, stranger] = await Promise.all([open(), asStranger()])
  const message = (token: string) => fcmMessage({
    token, title: 'Probe', body: 'Probe of the API', data: { kind: 'message', conversationId: 'probe' }, tag: 'probe', ttlSeconds: 60, priority: 'high', quiet: false,
  }, Date.now())
  const send = async (name: string, from: Messaging, what: TokenMessage, { isMeant = false, deliver = false } = {}) => {
    const response = await within(timeoutMs, from.sendEach([what], !deliver), name)
    recorder.store(name, SEND, exchangeOf(name, response.responses[0]), isMeant, undefined)
  }
  const token = options.token ?? 'not-a-token'
  await send('send-invalid-token', messaging, message('not-a-token'))
  await send('wrong-key', stranger, message('not-a-token'), { isMeant: true })
  await send('send-invalid-payload', messaging, { ...message(token), data: { from: 'a reserved word' } })
  if (options.deadToken !== undefined) await send('send-unregistered', messaging, message(options.deadToken))
  else recorder.say('not asked without --dead-token: send-unregistered')
  if (options.token !== undefined) await send('send', messaging, message(options.token), { deliver: options.push })
  else recorder.say('not asked without --token: send')
}

// Of what it accepts, the SDK shows the id alone; that stands in `name`.
function exchangeOf(name: string, response: SendResponse | undefined): Exchange {
  if (response?.success) return { status: OK, headers: { 'content-type': 'application/json' }, text: JSON.stringify({ name: response.messageId }) }
  const { error } = response ?? {}
  const answer = error?.httpResponse
  if (!answer) throw new ProbeStopped(`${name}: ${error?.code ?? 'no answer'}`)
  return { status: answer.status, headers: answer.headers, text: typeof answer.data === 'string' ? answer.data : JSON.stringify(answer.data) }
}

async function within<T>(ms: number, work: Promise<T>, name: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new ProbeStopped(`${name}: no answer in ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
