import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Life } from './cluster.ts'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
export type SeenSpan = { traceId: string; spanId: string; parentSpanId: string | undefined; name: string; kind: number; attributes: Record<string, unknown>; isError: boolean; service: unknown }
export type OtlpCollector = {
  url: string
  spans: SeenSpan[]
  /** Everything that was sent, as it came. */
  bodies: string[]
  headers: Record<string, unknown>[]
  answer: 'ok' | 'fault' | 'hang'
}

/** A collector of traces that speaks OTLP over HTTP (JSON), and can be unwell. */
export async function startOtlpCollector(t: Life): Promise<OtlpCollector> {
  const collector: OtlpCollector = { url: '', spans: [], bodies: [], headers: [], answer: 'ok' }
  const hanging = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method !== 'POST' || request.url !== '/v1/traces') {
        response.writeHead(404).end()
        return
      }
      const body = Buffer.concat(chunks).toString()
      collector.headers.push(request.headers)
      collector.bodies.push(body)
      if (collector.answer === 'hang') hanging.add(response)
      else if (collector.answer === 'fault') response.writeHead(500).end()
      else {
        collector.spans.push(...readSpans(body))
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const response of hanging) response.destroy()
    server.closeAllConnections()
    server.close()
  })
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
  return collector
}

type Attributes = { key: string; value: Value }[]
type Sent = { resourceSpans: { resource: { attributes: Attributes }; scopeSpans: { spans: { traceId: string; spanId: string; parentSpanId?: string; name: string; kind: number; attributes?: Attributes; status?: { code?: number } }[] }[] }[] }

function readSpans(body: string): SeenSpan[] {
  const { resourceSpans } = JSON.parse(body) as Sent
  return resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((span) => ({
    traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId === '' ? undefined : span.parentSpanId, name: span.name, kind: span.kind,
    attributes: valuesOf(span.attributes ?? []), isError: span.status?.code === 2, service: valuesOf(resource.attributes)['service.name'],
  }))))
}

function valuesOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
