import { eventually } from './wait.ts'

/** What a test sends besides method and path. `body` goes out as JSON; a string goes out as it is. */
export type CallOptions = { token?: string | undefined; body?: unknown; headers?: Record<string, string> }
/** `body` is the parsed JSON (or undefined): its shape is what a test finds out. */
export type Answer = { status: number; body: ReturnType<typeof JSON.parse>; text: string; headers: Record<string, string> }

/** One HTTP call to a replica: `await call(url, 'POST', '/api/v1/sessions', { token, body })`. */
export async function call(url: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { token, body, headers } = options
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : undefined, text, headers: Object.fromEntries(response.headers) }
}

/** As an app does it: told that the service has no moment for it, it asks again. Throws where that goes on. */
export function patiently(ask: () => Promise<Answer>): Promise<Answer> {
  return eventually(async () => {
    const answer = await ask()
    // A probe says so of itself.
    return answer.status === 503 && [answer.body?.code, answer.body?.status].includes('not_ready') ? undefined : answer
  }, 'the service has a moment')
}
