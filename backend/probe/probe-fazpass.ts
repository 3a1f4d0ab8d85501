import { randomUUID } from 'node:crypto'
import { createFazpassGateway } from '../modules/identity/index.ts'
import type { Env } from '../platform/env.ts'
import type { Parts } from './probe-xendit.ts'

export type FazpassOptions = {
  /** A person who agreed to get one code, E.164; undefined: nobody gets any. */
  phone: string | undefined
  /** Asks that person for the code; empty: they don't tell. */
  askCode: () => Promise<string>
}

/** Nobody has this number. */
const NO_PHONE = '+62'

/** Every call of our gateway to Fazpass. It has no test keys: only with `phone` is a code sent. */
export async function probeFazpass({ env, log, metrics, timeoutMs, recorder, with: open }: Parts, options: FazpassOptions): Promise<void> {
  const { call } = recorder
  const gatewayOf = (account: Env) => createFazpassGateway(account, log, metrics, timeoutMs)
  const otp = gatewayOf(env)
  await call('verify-unknown', 'POST /v1/otp/verify', () => otp.verify(randomUUID(), '000001'))
  await call('wrong-key', 'POST /v1/otp/verify', () => gatewayOf(open({ FAZPASS_MERCHANT_KEY: randomUUID() })).verify(randomUUID(), '000001'), { isMeant: true })
  await call('request-wrong-gateway', 'POST /v1/otp/request', () => gatewayOf(open({ FAZPASS_GATEWAY_KEY: randomUUID() })).request(NO_PHONE))
  await call('request-invalid', 'POST /v1/otp/request', () => otp.request(NO_PHONE))
  const { phone } = options
  if (phone === undefined) return recorder.say('not asked without --send-sms and --phone: what sends a code')

  const sent = await call('request', 'POST /v1/otp/request', () => otp.request(phone))
  if (!sent) return
  const code = await options.askCode()
  // One digit off: wrong whatever the right one is.
  const wrong = /^\d+$/.test(code) ? code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)) : '000001'
  await call('verify-wrong', 'POST /v1/otp/verify', () => otp.verify(sent.reference, wrong))
  if (code === '') return recorder.say('not asked without the code: verify, verify-again')
  await call('verify', 'POST /v1/otp/verify', () => otp.verify(sent.reference, code))
  await call('verify-again', 'POST /v1/otp/verify', () => otp.verify(sent.reference, code))
}
