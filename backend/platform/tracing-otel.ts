import { context, propagation, ROOT_CONTEXT, SpanKind as Kind, SpanStatusCode, trace, TraceFlags, type Context, type Span } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, SamplingDecision, TraceIdRatioBasedSampler, TracerProvider, type Sampler } from '@opentelemetry/sdk-trace'
import { BullMQOtel } from 'bullmq-otel'
import type { Env } from './env.ts'
import type { OpenSpan, SpanKind, Tracing } from './tracing.ts'
import { within } from './within.ts'

const EXPORT_WITHIN_MS = 10_000
const EXPORT_EVERY_MS = 2000
/** Spans that wait to be sent; while a collector is away the rest is dropped. */
const QUEUE_MOST = 2048
const STOP_WITHIN_MS = 1000
const TOLD_EVERY_MS = 60_000
const KINDS: Record<SpanKind, Kind> = { server: Kind.SERVER, client: Kind.CLIENT, consumer: Kind.CONSUMER }

// The API of OpenTelemetry is one a process: replicas of one process (tests) share what stands behind it.
let shared: { provider: TracerProvider; users: number } | undefined

/** Traces by OpenTelemetry, sent in batches over OTLP/HTTP. A collector that hangs or refuses costs nothing but its spans. */
export function createTracing(env: Env, failed: (reason: string) => void): Tracing {
  const { provider } = (shared ??= { provider: register(env, failed), users: 0 })
  shared.users++
  const tracer = provider.getTracer('halobestie', env.version)
  const begin: Tracing['begin'] = (name, kind, attributes = {}, continues) => openSpan(tracer.startSpan(name, { kind: KINDS[kind], attributes }, parentOf(continues)))
  const recording = () => {
    const span = trace.getActiveSpan()
    return span?.isRecording() === true ? span : undefined
  }
  return {
    isOn: true, begin,
    async run(name, kind, work, attributes, continues) {
      const span = begin(name, kind, attributes, continues)
      try {
        return await span.within(work)
      } catch (error) {
        span.fail(error)
        throw error
      } finally {
        span.end()
      }
    },
    isRecording: () => recording() !== undefined,
    traceparent() {
      if (recording() === undefined) return undefined
      const carrier: { traceparent?: string } = {}
      propagation.inject(context.active(), carrier)
      return carrier.traceparent
    },
    traceId: () => recording()?.spanContext().traceId,
    jobs: new BullMQOtel({ tracerName: 'bullmq' }),
    async stop() {
      if (shared === undefined || --shared.users > 0) return
      shared = undefined
      await within(STOP_WITHIN_MS, provider.shutdown().catch(() => {}))
      trace.disable()
      context.disable()
      propagation.disable()
    },
  }
}

function register(env: Env, failed: (reason: string) => void): TracerProvider {
  let toldAtMs = Number.NEGATIVE_INFINITY
  setGlobalErrorHandler((error) => {
    if (performance.now() - toldAtMs < TOLD_EVERY_MS) return
    toldAtMs = performance.now()
    failed(error instanceof Error ? error.name : 'unknown')
  })
  const exporter = new OTLPTraceExporter({ url: `${env.OTEL_EXPORTER_OTLP_ENDPOINT!.replace(/\/+$/, '')}/v1/traces`, headers: headersOf(env), timeoutMillis: EXPORT_WITHIN_MS })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME, 'service.version': env.version, 'deployment.environment.name': env.APP_ENV }),
    sampler: createSampler(env.OTEL_TRACES_SAMPLER_ARG),
    spanLimits: { attributeValueLengthLimit: 200 },
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: QUEUE_MOST, scheduledDelayMillis: EXPORT_EVERY_MS, exportTimeoutMillis: EXPORT_WITHIN_MS })],
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return provider
}

function headersOf(env: Env): Record<string, string> {
  return Object.fromEntries((env.OTEL_EXPORTER_OTLP_HEADERS ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), decodeURIComponent(pair.slice(pair.indexOf('=') + 1).trim())]))
}

// A trace begins with a request, a frame or a piece of work: a statement of a sweep, or BullMQ looking for jobs, begins none.
function createSampler(ratio: number): Sampler {
  const roots = new TraceIdRatioBasedSampler(ratio)
  return {
    shouldSample(parent, traceId, _name, kind) {
      const before = trace.getSpanContext(parent)
      if (before !== undefined && trace.isSpanContextValid(before)) return { decision: (before.traceFlags & TraceFlags.SAMPLED) === 0 ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED }
      return kind === Kind.SERVER || kind === Kind.CONSUMER ? roots.shouldSample(parent, traceId) : { decision: SamplingDecision.NOT_RECORD }
    },
    toString: () => `requests, frames and work at ${ratio}`,
  }
}

function parentOf(continues: string | null | undefined): Context {
  const active = context.active()
  if (continues === undefined || continues === null) return active
  const kept = propagation.extract(ROOT_CONTEXT, { traceparent: continues })
  // A job that was set by the same trace stands between: it is the nearer parent.
  return trace.getSpanContext(active)?.traceId === trace.getSpanContext(kept)?.traceId ? active : kept
}

function openSpan(span: Span): OpenSpan {
  const own = trace.setSpan(context.active(), span)
  return {
    set: (attributes) => void span.setAttributes(attributes),
    fail(error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown')
    },
    within: (work) => context.with(own, work),
    end: () => span.end(),
  }
}
