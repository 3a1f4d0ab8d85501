import { createHash, createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export type S3Access = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined; region: string }
export type S3Request = { method: string; url: URL; headers?: Record<string, string>; body?: Uint8Array; at?: Date }

/** A bucket refused or could not be reached; the message has no secret in it. */
export class S3Error extends Error {
  override name = 'S3Error'
  status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

const ATTEMPTS = 5
const REQUEST_WITHIN_MS = 300_000
const TRANSIENT = new Set([0, 408, 429, 500, 502, 503, 504])

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Uint8Array, data: string) => createHmac('sha256', key).update(data).digest()
// encodeURIComponent leaves five signs alone that the signature wants encoded.
export const encode = (text: string) => encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.codePointAt(0)!.toString(16).toUpperCase()}`)

/** The headers of a request with its signature (AWS Signature Version 4, service s3, the payload signed as well). */
export function signed(request: S3Request, access: S3Access): Record<string, string> {
  const stamp = (request.at ?? new Date()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `${stamp.slice(0, 8)}/${access.region}/s3/aws4_request`
  const headers: Record<string, string> = {
    ...request.headers, host: request.url.host, 'x-amz-content-sha256': sha256(request.body ?? ''), 'x-amz-date': stamp,
    ...(access.sessionToken === undefined ? {} : { 'x-amz-security-token': access.sessionToken }),
  }
  const names = Object.keys(headers).toSorted()
  const query = [...request.url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted().join('&')
  const path = request.url.pathname.split('/').map((part) => encode(decodeURIComponent(part))).join('/')
  const canonical = [request.method, path, query, ...names.map((name) => `${name}:${headers[name]!.trim()}`), '', names.join(';'), headers['x-amz-content-sha256']].join('\n')
  const key = scope.split('/').reduce<string | Uint8Array>((secret, part) => hmac(secret, part), `AWS4${access.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')).toString('hex')
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${access.accessKeyId}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}` }
}

/** Sends a request, again where it failed in passing. Throws S3Error on any answer but 2xx. */
export async function send(request: S3Request, access: S3Access): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const problem = await once(request, access)
    if (problem instanceof Response) return problem
    if (attempt >= ATTEMPTS || !TRANSIENT.has(problem.status)) throw problem
    await sleep(200 * 2 ** attempt)
  }
}

async function once(request: S3Request, access: S3Access): Promise<Response | S3Error> {
  const what = `${request.method} ${request.url.pathname}`
  const { host: _, ...headers } = signed(request, access)
  try {
    const answer = await fetch(request.url, { method: request.method, headers, ...(request.body ? { body: Buffer.from(request.body) } : {}), signal: AbortSignal.timeout(REQUEST_WITHIN_MS), redirect: 'error' })
    if (answer.ok) return answer
    const code = /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]
    return new S3Error(`the bucket answered ${answer.status}${code === undefined ? '' : ` ${code}`} to ${what}`, answer.status)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return new S3Error(`the bucket could not be reached for ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, 0)
  }
}
