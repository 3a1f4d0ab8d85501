import type { Env } from '../../platform/env.ts'
import { GatewayError, type OtpGateway } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'

const ANSWER_WITHIN_MS = 10_000

type Answer = { httpStatus: number; isSuccess: boolean; message: string; id: string | undefined }

/**
 * Fazpass makes, sends and verifies the codes. Its failure is never a success: whatever is not a clear yes or no of
 * the provider throws `GatewayError`.
 */
export function createFazpassGateway(env: Env, log: Log, metrics: Metrics, answerWithinMs = ANSWER_WITHIN_MS): OtpGateway {
  const call = async (operation: 'request' | 'verify', body: Record<string, string>): Promise<Answer> => {
    const took = metrics.providerSeconds.startTimer({ provider: 'fazpass', call: operation })
    try {
      const answer = await ask(env, operation, body, answerWithinMs)
      metrics.providerCalls.inc({ provider: 'fazpass', call: operation, outcome: answer.isSuccess ? 'ok' : 'no' })
      return answer
    } catch (error) {
      const failure = error instanceof GatewayError ? error : failureOf(error)
      metrics.providerCalls.inc({ provider: 'fazpass', call: operation, outcome: failure.reason })
      log.warn({ provider: 'fazpass', call: operation, reason: failure.reason }, 'the OTP provider did not answer usefully')
      throw failure
    } finally {
      took()
    }
  }
  return {
    enabled: env.FAZPASS_ENABLED,
    async request(phone) {
      const answer = await call('request', { phone: phone.replace('+', ''), gateway_key: env.FAZPASS_GATEWAY_KEY ?? '' })
      if (!answer.isSuccess) throw new GatewayError('refused', `the OTP provider refused to send a code (HTTP ${answer.httpStatus})`)
      if (answer.id === undefined) throw new GatewayError('unreadable', 'the OTP provider named no code')
      return { reference: answer.id }
    },
    async verify(reference, code) {
      const answer = await call('verify', { otp_id: reference, otp: code })
      if (answer.isSuccess) return 'ok'
      // Verified before, and its answer lost on the way: whether by this very code is unknown, so a new one is needed.
      return /expired|kada?luarsa|kedaluwarsa|has been verified|already/i.test(answer.message) ? 'expired' : 'wrong'
    },
  }
}

async function ask(env: Env, operation: string, body: Record<string, string>, answerWithinMs: number): Promise<Answer> {
  const response = await fetch(`${env.FAZPASS_BASE_URL.replace(/\/$/, '')}/v1/otp/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${env.FAZPASS_MERCHANT_KEY ?? ''}`, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithinMs),
  })
  const text = await response.text()
  if (response.status === 429) throw new GatewayError('limited', 'the OTP provider limits us')
  if (response.status === 401 || response.status === 403) throw new GatewayError('refused', 'the OTP provider does not accept our keys')
  if (response.status >= 500) throw new GatewayError('unreachable', `the OTP provider answers HTTP ${response.status}`)
  return read(response.status, text)
}

// Clients of Fazpass have seen `status` as true, "true", 1 and 200; success also needs a 2xx.
const YES = new Set<unknown>([true, 'true', 1, 200])

function read(httpStatus: number, text: string): Answer {
  const body = parse(text)
  if (!('status' in body)) throw new GatewayError('unreadable', 'the OTP provider answers without a status')
  const data = typeof body['data'] === 'object' && body['data'] !== null ? (body['data'] as Record<string, unknown>) : {}
  const id = data['id']
  return {
    httpStatus,
    isSuccess: httpStatus >= 200 && httpStatus < 300 && YES.has(body['status']),
    message: typeof body['message'] === 'string' ? body['message'] : '',
    id: typeof id === 'string' && id !== '' ? id : typeof id === 'number' ? String(id) : undefined,
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const body = JSON.parse(text) as unknown
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // told below
  }
  throw new GatewayError('unreadable', 'the OTP provider answers something that is not JSON')
}

function failureOf(error: unknown): GatewayError {
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError' || name === 'AbortError') return new GatewayError('timeout', 'the OTP provider did not answer in time', { cause: error })
  return new GatewayError('unreachable', 'the OTP provider can’t be reached', { cause: error })
}
