import { randomUUID } from 'node:crypto'
import { createSmsGateway } from '../modules/channels/index.ts'
import type { Env } from '../platform/env.ts'
import { GatewayError } from '../platform/gateways.ts'
import type { Parts } from './probe-xendit.ts'

export type SmsOptions = {
  /** A person who agreed to get one SMS, E.164; undefined: nobody gets any. */
  phone: string | undefined
}

const SEND = 'POST /messages'
/** Nobody has this number. */
const NO_PHONE = '+62'
const SAID: Record<string, string> = { 'sms-timeout': 'the provider did not answer in time', 'sms-unreachable': 'the connection failed' }

/** Every call of our gateway to the provider of SMS. Only with `phone` is one sent, and paid for. */
export async function probeSms({ env, log, metrics, timeoutMs, recorder, with: open }: Parts, options: SmsOptions): Promise<void> {
  const send = async (account: Env, to: string, reference: string) => {
    const result = await createSmsGateway(account, log, metrics, { answerWithinMs: timeoutMs }).send({ to, text: 'Probe', reference })
    // Of what is accepted and of nothing else the recorder asks whether we could read it.
    if (result.outcome !== 'accepted') throw new GatewayError('unreadable', SAID[result.reason] ?? result.reason)
  }
  await recorder.call('wrong-key', SEND, () => send(open({ SMS_API_KEY: randomUUID() }), NO_PHONE, randomUUID()), { isMeant: true })
  await recorder.call('send-invalid', SEND, () => send(env, NO_PHONE, randomUUID()))
  const { phone } = options
  if (phone === undefined) return recorder.say('not asked without --send-sms and --phone: send, send-again')
  const reference = randomUUID()
  await recorder.call('send', SEND, () => send(env, phone, reference))
  await recorder.call('send-again', SEND, () => send(env, phone, reference))
}
