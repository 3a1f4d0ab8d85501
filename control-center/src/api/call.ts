import { asProblem, Problem } from './problem.ts'
import { noteServerTime } from './server-time.ts'

const TIMEOUT_MS = 30_000
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type CallOptions = { query?: Query; body?: unknown; key?: string; signal?: AbortSignal }

let csrfToken: string | undefined
/** Every changing call carries it. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token
}

type Listener = (problem: Problem) => void
const listeners = new Set<Listener>()
/** Is told of every call that was refused because nobody is signed in any more, or something must be done first. Answers how to stop. */
export function onSignedOut(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function pathWith(path: string, query: Query = {}): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]])))
  return `/internal/v1${path}${search.size > 0 ? `?${search.toString()}` : ''}`
}

/** Calls a staff route (`path` begins after `/internal/v1`). Throws Problem. A 202 is an answer: look at `status`. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<{ status: number; body: T }> {
  const response = await request(method, path, options)
  const date = Date.parse(response.headers.get('date') ?? '')
  noteServerTime(date + 500)
  const body = await readBody(response)
  if (response.ok) return { status: response.status, body: body as T } // the shape is the route's own contract
  const problem = new Problem(response.status, body ?? {}, Number(response.headers.get('retry-after') ?? Number.NaN) || undefined)
  if (response.status === 401 || problem.errors.some((error) => error.path === 'required')) for (const listener of listeners) listener(problem)
  throw problem
}

async function request(method: Method, path: string, { query, body, key, signal }: CallOptions): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrfToken !== undefined) headers['x-csrf-token'] = csrfToken
  if (key !== undefined) headers['idempotency-key'] = key
  try {
    return await fetch(pathWith(path, query), {
      method, headers, credentials: 'same-origin', redirect: 'error', signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw timeout.aborted ? new Problem(0, { code: 'network', detail: `no answer for ${TIMEOUT_MS / 1000} s` }) : asProblem(error)
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => '')
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}
