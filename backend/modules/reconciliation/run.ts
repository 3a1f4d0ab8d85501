import { GatewayError } from '../../platform/gateways.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Reconciliation } from './tables.ts'

/** What a comparison is made of, in this order. `invoices`: the provider's list; `ours`: what we took for paid and it does not list. */
export type Part = 'invoices' | 'ours' | 'overdue' | 'payouts' | 'fees'

/** A comparison that is under way. What it healed and parked is counted by its differences. */
export type Run = {
  id: string
  startedAt: Date
  /** How long it waits for a call to the provider. */
  patienceMs: number
  counts: { listed: number; agreed: number; compared: number }
  /** Parts that were not finished, and why. */
  unfinished: Map<Part, string>
}

/** Nobody waits for the night's: it outlasts a minute whose calls are used up, and a provider that is closed. */
const PATIENCE_MS: Readonly<Record<Reconciliation['scope'], number>> = { recent: 5000, asked: 5000, nightly: 300_000 }

export const NO_CALLS = 'no_calls_left'
export const PAYMENTS_DISABLED = 'payments_disabled'
/** Why no part that follows would come further. */
const ENDS_ALL: readonly unknown[] = [NO_CALLS, 'provider_limited', PAYMENTS_DISABLED]

export function beginRun({ id, scope, startedAt }: Pick<Reconciliation, 'id' | 'scope' | 'startedAt'>, patienceMs = PATIENCE_MS[scope]): Run {
  return { id, startedAt, patienceMs, counts: { listed: 0, agreed: 0, compared: 0 }, unfinished: new Map() }
}

/** The reason that ended it early, or the first why a part was not finished; null: it was. */
export function errorOf(run: Run): string | null {
  const reasons = [...run.unfinished.values()]
  return reasons.find((reason) => ENDS_ALL.includes(reason)) ?? reasons[0] ?? null
}

/**
 * Does a part, which answers why it was not finished, if it was not. A provider that is away is no fault of ours: the
 * comparison says so, and what follows is tried all the same where it could succeed.
 */
export async function runPart(ctx: Ctx, run: Run, part: Part, act: () => Promise<string | undefined>): Promise<void> {
  const reason = [...run.unfinished.values()].find((one) => ENDS_ALL.includes(one)) ?? await act().catch((error: unknown) => reasonOf(error))
  if (reason === undefined) return
  run.unfinished.set(part, reason)
  ctx.metrics.reconciliationUnfinished.inc({ part, reason })
}

/** Counts what was compared, in the run and for all. */
export function countCompared(ctx: Ctx, run: Run, part: Part, count: number): void {
  run.counts.compared += count
  if (count > 0) ctx.metrics.reconciliationCompared.inc({ part }, count)
}

/** The provider's failure in a word; throws what is none of its. */
export function reasonOf(error: unknown): string {
  if (error instanceof GatewayError) return `provider_${error.reason}`
  throw error
}

/** What the provider answers; `unreadable` is for staff, and for no later try. */
export async function unlessUnreadable<T>(answer: Promise<T>): Promise<T | 'unreadable'> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof GatewayError && error.reason === 'unreadable') return 'unreadable'
    throw error
  }
}
