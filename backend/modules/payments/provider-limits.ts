import type { Env } from '../../platform/env.ts'

/** The provider counts each endpoint alone: what is called besides the one that is closed must not wait for a whole minute. */
const MOST_SECONDS = 10

/** Until when the provider has said that it answers no more calls, by the process's own clock. */
const closedUntilMs = new WeakMap<Env, number>()

/** The provider refused a call with 429. `headers` are its answer's. */
export function noteLimited(env: Env, headers: Headers): void {
  const said = Number(headers.get('rate-limit-reset') ?? headers.get('retry-after') ?? MOST_SECONDS)
  const seconds = Number.isFinite(said) ? Math.min(Math.max(said, 1), MOST_SECONDS) : MOST_SECONDS
  closedUntilMs.set(env, performance.now() + seconds * 1000)
}

/** How long no call is worth trying; 0: now is. */
export function limitedForMs(env: Env): number {
  return Math.max(0, (closedUntilMs.get(env) ?? 0) - performance.now())
}
