import { createStackParser, createTransport, Scope, type ErrorEvent, type Event } from '@sentry/core'
import { nodeStackLineParser, ServerRuntimeClient } from '@sentry/core/server'
import type { Env } from './env.ts'
import type { Reports, ReportTags } from './reports.ts'
import { within } from './within.ts'

const SEND_WITHIN_MS = 10_000
const STOP_WITHIN_MS = 1000
/** Reports of one fault in a minute, and of all together: a storm says the same thing over and over. */
const SAME_PER_MINUTE = 3
const ALL_PER_MINUTE = 30
const MINUTE_MS = 60_000
const TOLD_EVERY_MS = MINUTE_MS
/** Requests that are under way at once; what comes meanwhile is dropped. */
const SENDING_MOST = 8

/** Error reports as Sentry understands them. An endpoint that hangs or refuses costs nothing but the reports. */
export function createReports(env: Env, failed: (reason: string) => void): Reports {
  const limit = createLimit()
  let toldAtMs = Number.NEGATIVE_INFINITY
  const tell = (reason: string) => {
    if (performance.now() - toldAtMs < TOLD_EVERY_MS) return
    toldAtMs = performance.now()
    failed(reason)
  }
  let sending = 0
  const client = new ServerRuntimeClient({
    dsn: env.SENTRY_DSN!, release: env.version, environment: env.APP_ENV, platform: 'node', runtime: { name: 'node', version: process.version },
    integrations: [], sendClientReports: false, stackParser: createStackParser(nodeStackLineParser()), beforeSend: scrub,
    transport: (options) => createTransport(options, async ({ body }) => {
      if (sending >= SENDING_MOST) return {}
      sending++
      try {
        const answer = await fetch(options.url, { method: 'POST', body: body as string, headers: { 'content-type': 'application/x-sentry-envelope' }, signal: AbortSignal.timeout(SEND_WITHIN_MS), redirect: 'error' })
        await answer.body?.cancel()
        if (!answer.ok) tell(`answered ${answer.status}`)
        return { statusCode: answer.status, headers: { 'x-sentry-rate-limits': answer.headers.get('x-sentry-rate-limits'), 'retry-after': answer.headers.get('retry-after') } }
      } catch (error) {
        tell(error instanceof Error ? error.name : 'unknown')
        return {}
      } finally {
        sending--
      }
    }),
  })
  client.init()
  return {
    isOn: true,
    report(error, tags = {}) {
      try {
        const shown = causeOf(error)
        if (!limit(`${shown.name} ${tags.route ?? tags.topic ?? tags.sweep ?? tags.work ?? tags.queue ?? tags.frame ?? ''}`, performance.now())) return
        const scope = new Scope()
        for (const [name, value] of Object.entries(tagsOf(shown, tags))) scope.setTag(name, value)
        client.captureException(shown, {}, scope)
      } catch (fault) {
        tell(fault instanceof Error ? fault.name : 'unknown')
      }
    },
    async stop(withinMs = STOP_WITHIN_MS) {
      await within(withinMs, Promise.resolve(client.close(withinMs)))
    },
  }
}

function tagsOf(error: Error, tags: ReportTags): Record<string, string> {
  const code = tags.code ?? ('code' in error && typeof error.code === 'string' ? error.code : undefined)
  const constraint = 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : undefined
  return Object.fromEntries(Object.entries({ ...tags, code, constraint }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.slice(0, 200)]])))
}

// Below drizzle's error, whose message is the statement with its values, lies the one that says what happened.
function causeOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('something that is no error was thrown')
  return error.message.startsWith('Failed query') && error.cause instanceof Error ? error.cause : error
}

// An error's own words may hold what people wrote or are called by (a JSON parser quotes its input, Postgres a key), so only its name, its code and where it was thrown go out.
function scrub(event: ErrorEvent): ErrorEvent {
  const values = event.exception?.values?.slice(0, 1).map(({ type, stacktrace, mechanism }) => ({
    ...(type === undefined ? {} : { type }), value: event.tags?.['code'] === undefined ? '[kept back]' : `[kept back] ${String(event.tags['code'])}`,
    ...(mechanism ? { mechanism } : {}),
    ...(stacktrace?.frames ? { stacktrace: { frames: stacktrace.frames.map(({ filename, function: name, lineno, colno, in_app: inApp }) => ({ filename: placeOf(filename), function: name ?? '?', lineno, colno, in_app: inApp })) } } : {}),
  }))
  const kept: Event = {
    event_id: event.event_id, timestamp: event.timestamp, platform: event.platform, level: event.level, release: event.release, environment: event.environment, sdk: { name: 'halobestie', version: event.release },
    contexts: { runtime: event.contexts?.['runtime'] ?? {} }, tags: event.tags ?? {}, exception: { values: values ?? [] },
  } as Event // nothing of it may be undefined by its types
  return { ...kept, type: undefined }
}

/** From the project's own folders on: where a machine keeps them is nobody's business. */
function placeOf(filename: string | undefined): string {
  const [, place] = /((?:backend|node_modules)\/.*|node:.*)$/.exec(filename ?? '') ?? []
  return place ?? '?'
}

function createLimit(): (what: string, nowMs: number) => boolean {
  let begunMs = Number.NEGATIVE_INFINITY
  let all = 0
  const counts = new Map<string, number>()
  return (what, nowMs) => {
    if (nowMs - begunMs >= MINUTE_MS) {
      begunMs = nowMs
      all = 0
      counts.clear()
    }
    const count = (counts.get(what) ?? 0) + 1
    counts.set(what, count)
    if (count > SAME_PER_MINUTE || all >= ALL_PER_MINUTE) return false
    all++
    return true
  }
}
