import type { Env } from './env.ts'

/** What is known of where something failed: names, codes and ids of ours. Nothing else of a request goes with it. */
export type ReportTags = { requestId?: string | undefined; route?: string | undefined; method?: string | undefined; code?: string | undefined; queue?: string | undefined; topic?: string | undefined; sweep?: string | undefined; work?: string | undefined; frame?: string | undefined; traceId?: string | undefined }

/** Tells a service of errors what nobody expected. */
export type Reports = {
  readonly isOn: boolean
  /** Never waits, never throws. Many in a short time are counted, and few are sent. */
  report(error: unknown, tags?: ReportTags): void
  /** Sends what is left, within a second unless told otherwise. */
  stop(withinMs?: number): Promise<void>
}

export const NO_REPORTS: Reports = { isOn: false, report: () => {}, stop: async () => {} }

/** Nothing of it is even loaded unless `SENTRY_DSN` is set. */
export async function startReports(env: Env, failed: (reason: string) => void): Promise<Reports> {
  if (env.SENTRY_DSN === undefined) return NO_REPORTS
  const { createReports } = await import('./reports-sentry.ts')
  return createReports(env, failed)
}

const TAGS = ['requestId', 'route', 'method', 'queue', 'topic', 'sweep', 'work', 'frame', 'traceId'] as const

/** Reports what was logged, with those of its fields that are names and ids of ours. */
export function reportLogged(reports: Reports, error: unknown, fields: Record<string, unknown>): void {
  if (!reports.isOn) return
  reports.report(error, Object.fromEntries(TAGS.flatMap((name) => (typeof fields[name] === 'string' ? [[name, fields[name]]] : []))))
}
