import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'

export type S3Simulator = {
  endpoint: string
  /** `bucket/key` → what lies there. */
  objects: Map<string, Buffer>
  /** Uploads in parts that were begun and neither finished nor given up. */
  openUploads: () => number
  /** The next so many requests are answered 503. */
  failNext: (count: number) => void
  /** What was asked, as `PUT /bucket/key`, with the answer's status. */
  asked: { what: string; status: number }[]
  stop: () => Promise<void>
}

const PAGE = 2
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

const hex = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

/** Says why a request's signature is refused, by the documentation of AWS Signature Version 4; undefined where it is good. */
function refusal(request: IncomingMessage, body: Buffer, access: { accessKeyId: string; secretAccessKey: string; region: string }): string | undefined {
  const [, id, day, region, names, signature] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? []
  if (!id || !day || !region || !names || !signature) return 'AccessDenied'
  if (id !== access.accessKeyId) return 'InvalidAccessKeyId'
  if (region !== access.region) return 'AuthorizationHeaderMalformed'
  const stamp = String(request.headers['x-amz-date'])
  if (Math.abs(Date.now() - Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))) > 900_000) return 'RequestTimeTooSkewed'
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.split(';').includes(name))) return 'AccessDenied'
  if (request.headers['x-amz-content-sha256'] !== hex(body)) return 'XAmzContentSHA256Mismatch'
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const canonicalQuery = query.split('&').filter(Boolean).map((pair) => (pair.includes('=') ? pair : `${pair}=`)).toSorted().join('&')
  const lines = [request.method, path, canonicalQuery, ...names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`), '', names, hex(body)]
  let key = createHmac('sha256', `AWS4${access.secretAccessKey}`).update(day).digest()
  for (const part of [region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
  const right = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', stamp, `${day}/${region}/s3/aws4_request`, hex(lines.join('\n'))].join('\n')).digest()
  return timingSafeEqual(right, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch'
}

/** A bucket that speaks S3 over HTTP as far as backups need it, and checks every signature. Lists are paged by two. */
export async function startS3(access: { accessKeyId: string; secretAccessKey: string; region: string }): Promise<S3Simulator> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  const asked: S3Simulator['asked'] = []
  let failures = 0

  const answer = (request: IncomingMessage, url: URL, body: Buffer, reply: ServerResponse): [status: number, body: string | Buffer] => {
    const refused = refusal(request, body, access)
    if (refused !== undefined) return [403, `<Error><Code>${refused}</Code></Error>`]
    const key = decodeURIComponent(url.pathname.slice(1))
    const uploadId = url.searchParams.get('uploadId')
    const parts = uploadId === null ? undefined : uploads.get(uploadId)
    if (uploadId !== null && !parts) return [404, '<Error><Code>NoSuchUpload</Code></Error>']
    if (request.method === 'GET' && !key.includes('/')) return [200, list(objects, key, url)]
    if (request.method === 'GET') return objects.has(key) ? [200, objects.get(key)!] : [404, '<Error><Code>NoSuchKey</Code></Error>']
    if (request.method === 'POST' && url.searchParams.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, new Map())
      return [200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`]
    }
    if (request.method === 'PUT' && parts) {
      parts.set(Number(url.searchParams.get('partNumber')), body)
      reply.setHeader('etag', `"${hex(body)}"`)
      return [200, '']
    }
    if (request.method === 'POST' && parts) return finish(objects, uploads, key, uploadId!, body.toString())
    if (request.method === 'DELETE' && parts) return uploads.delete(uploadId!) ? [204, ''] : [404, '']
    if (request.method === 'PUT') objects.set(key, body)
    if (request.method === 'DELETE') objects.delete(key)
    return [request.method === 'DELETE' ? 204 : 200, '']
  }

  const server = createServer((request, reply) => {
    void buffer(request).then((body) => {
      const url = new URL(request.url ?? '', 'http://localhost')
      const [status, text] = failures-- > 0 ? [503, '<Error><Code>SlowDown</Code></Error>'] as const : answer(request, url, body, reply)
      asked.push({ what: `${request.method} ${request.url}`, status })
      reply.writeHead(status).end(text)
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    objects, asked,
    openUploads: () => uploads.size,
    failNext: (count) => (failures = count),
    stop: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

function list(objects: Map<string, Buffer>, bucket: string, url: URL): string {
  const [prefix, after] = [url.searchParams.get('prefix') ?? '', url.searchParams.get('continuation-token') ?? '']
  const keys = [...objects.keys()].filter((key) => key.startsWith(`${bucket}/${prefix}`)).map((key) => key.slice(bucket.length + 1)).filter((key) => key > after).toSorted()
  const page = keys.slice(0, PAGE)
  const more = keys.length > PAGE ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
  return `<ListBucketResult>${page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('')}${more}</ListBucketResult>`
}

function finish(objects: Map<string, Buffer>, uploads: Map<string, Map<number, Buffer>>, key: string, uploadId: string, body: string): [number, string] {
  const parts = uploads.get(uploadId)!
  const named = [...body.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"([0-9a-f]+)"<\/ETag>/g)].map(([, number, tag]) => [Number(number), tag] as const)
  const isRight = named.length === parts.size && named.every(([number, tag], index) => number === index + 1 && hex(parts.get(number) ?? '') === tag)
  if (!isRight) return [400, '<Error><Code>InvalidPart</Code></Error>']
  objects.set(key, Buffer.concat(named.map(([number]) => parts.get(number)!)))
  uploads.delete(uploadId)
  return [200, '<CompleteMultipartUploadResult/>']
}
