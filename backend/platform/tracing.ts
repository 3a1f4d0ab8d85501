import type { Telemetry } from 'bullmq'
import type { Env } from './env.ts'

export type SpanKind = 'server' | 'client' | 'consumer'
/** Names, codes and counts alone: never what a person is called, wrote, pays with or can be reached by. */
export type SpanAttributes = Record<string, string | number | boolean>

export type OpenSpan = {
  set(attributes: SpanAttributes): void
  /** Marks it as failed by the name of what was thrown; its message may hold anything, and stays here. */
  fail(error: unknown): void
  /** What is begun within is part of it. */
  within<T>(work: () => T): T
  end(): void
}

/** Traces of one process: what a request, a job or a frame caused, and how long each part took. */
export type Tracing = {
  readonly isOn: boolean
  /** `continues`: a `traceparent` of our own that was kept; the span belongs there unless it is part of that trace already. */
  begin(name: string, kind: SpanKind, attributes?: SpanAttributes, continues?: string | null): OpenSpan
  /** The same around some work, which it ends with. */
  run<T>(name: string, kind: SpanKind, work: () => Promise<T>, attributes?: SpanAttributes, continues?: string | null): Promise<T>
  /** Whether what runs now is part of a trace that is kept. */
  isRecording(): boolean
  /** What runs now, to be kept with what it causes; undefined where no trace is kept. */
  traceparent(): string | undefined
  traceId(): string | undefined
  readonly jobs: Telemetry | undefined
  /** Sends what is left, within a second. */
  stop(): Promise<void>
}

const NOTHING: OpenSpan = { set: () => {}, fail: () => {}, within: (work) => work(), end: () => {} }

export const NO_TRACING: Tracing = {
  isOn: false, begin: () => NOTHING, run: (_name, _kind, work) => work(), isRecording: () => false, traceparent: () => undefined, traceId: () => undefined, jobs: undefined,
  stop: async () => {},
}

/** Nothing of OpenTelemetry is even loaded unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set. */
export async function startTracing(env: Env, failed: (reason: string) => void): Promise<Tracing> {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return NO_TRACING
  const { createTracing } = await import('./tracing-otel.ts')
  return createTracing(env, failed)
}

/** `SELECT chat_sessions`: what a statement does and to which table, or its own name. Never its values. */
export function nameOfStatement(statement: unknown): string {
  const { name, text } = typeof statement === 'string' ? { name: undefined, text: statement } : (statement ?? {}) as { name?: unknown; text?: unknown }
  if (typeof name === 'string' && name !== '') return name.slice(0, 64)
  if (typeof text !== 'string') return 'statement'
  const [, act = 'statement'] = /^\s*([a-z]+)/i.exec(text) ?? []
  const [, table] = /\b(?:from|into|update|join)\s+"?([a-z_]+)"?/i.exec(text) ?? []
  return table === undefined ? act.toUpperCase() : `${act.toUpperCase()} ${table.toLowerCase()}`
}
