import { Configuration, XenditSdkError } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { noteLimited } from './provider-limits.ts'

const TIMEOUT_MS = 10_000

/** What a client of the SDK is made of. */
export type XenditOptions = { secretKey: string; xenditURL: string }
type FetchLike = (url: string, init?: RequestInit) => Promise<Response>

/** The SDK has neither a time-out nor a way to see the answer itself: a client's configuration is replaced by one that has. */
export type MakeClient<C> = (options: XenditOptions, configuration: Configuration) => C

/**
 * Calls of any of the SDK's clients: answers the JSON that came, not the SDK's model of it. Every failure is a
 * `GatewayError`; nothing is tried twice here.
 */
export type XenditCall = <C>(name: string, make: MakeClient<C>, act: (client: C) => Promise<unknown>) => Promise<unknown>

export function createXenditCall(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): XenditCall {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const secretKey = env.XENDIT_SECRET_KEY ?? ''
  const xenditURL = env.XENDIT_BASE_URL.replace(/\/+$/, '')

  return async (name, make, act) => {
    let answered: { json: unknown } | undefined
    const took = metrics.providerSeconds.startTimer({ provider: 'xendit', call: name })
    const fetchApi: FetchLike = async (url, init) => {
      const { status, text, headers } = await send(url, init, timeoutMs)
      if (status === 429) noteLimited(env, headers)
      const json = parseAnswer(status, text)
      if (status >= 200 && status < 300) answered = { json }
      return new Response(text, { status, headers: { 'content-type': 'application/json' } })
    }
    // The SDK types this by the DOM's `fetch`; it only ever passes a string and an init.
    const client = make({ secretKey, xenditURL }, new Configuration({ basePath: xenditURL, fetchApi: fetchApi as typeof fetch }))
    try {
      await act(client)
      metrics.providerCalls.inc({ provider: 'xendit', call: name, outcome: 'ok' })
    } catch (error) {
      // The SDK's models drop what we need (paid_amount) and stumble over fields that are missing: the answer counts.
      const failure = answered ? undefined : failureOf(error)
      metrics.providerCalls.inc({ provider: 'xendit', call: name, outcome: failure?.reason ?? 'ok' })
      if (failure) {
        log.warn({ provider: 'xendit', call: name, reason: failure.reason, detail: failure.message }, 'a call to the payment provider failed')
        throw failure
      }
    } finally {
      took()
    }
    return answered?.json
  }
}

/** The fields of an answer that should be an object; none of another. */
export function recordOf(json: unknown): Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : {}
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

async function send(url: string, init: RequestInit | undefined, timeoutMs: number): Promise<{ status: number; text: string; headers: Headers }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    // Read here, so that an answer that stops halfway is the network's fault and under the same time-out.
    return { status: response.status, text: await response.text(), headers: response.headers }
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    throw new GatewayError(isTimeout ? 'timeout' : 'unreachable', isTimeout ? `no answer in ${timeoutMs} ms` : 'the connection failed', { cause: error })
  }
}

// The SDK loses the status of an error that is not JSON (an HTML page of a proxy): it never sees one.
function parseAnswer(status: number, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (status >= 200 && status < 300) throw new GatewayError('unreadable', `status ${status} without JSON`, { cause: error })
    throw new GatewayError(reasonOfStatus(status), `status ${status} without JSON`, { cause: error, status })
  }
}

function failureOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof XenditSdkError) {
    const status = Number(error.status)
    return new GatewayError(reasonOfStatus(status), `status ${error.status} ${error.errorCode ?? ''}`.trim(), { cause: error, status, ...(error.errorCode && { providerCode: error.errorCode }) })
  }
  return new GatewayError('unreadable', 'the answer could not be read', { cause: error })
}

function reasonOfStatus(status: number): GatewayError['reason'] {
  if (status === 429) return 'limited'
  return status >= 400 && status < 500 ? 'refused' : 'unreachable'
}
