import type { Life } from './cluster.ts'
import { startCollector, type Mood } from './collector.ts'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
export type SeenSpan = { traceId: string; spanId: string; parentSpanId: string | undefined; name: string; kind: number; attributes: Record<string, unknown>; isError: boolean; service: unknown }
export type OtlpCollector = {
  url: string
  spans: SeenSpan[]
  /** Everything that was sent, as it came. */
  bodies: string[]
  headers: Record<string, unknown>[]
  answer: Mood
}

/** A collector of traces that speaks OTLP over HTTP (JSON), and can be unwell. */
export async function startOtlpCollector(t: Life): Promise<OtlpCollector> {
  const collector: OtlpCollector = { url: '', spans: [], bodies: [], headers: [], answer: 'ok' }
  const port = await startCollector(t, {
    knows: (request) => request.url === '/v1/traces',
    hears(body, request) {
      collector.headers.push(request.headers)
      collector.bodies.push(body)
    },
    mood: () => collector.answer,
    takes(body) {
      collector.spans.push(...readSpans(body))
      return '{"partialSuccess":{}}'
    },
  })
  collector.url = `http://127.0.0.1:${port}`
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
