import type { Ctx } from '../../platform/ctx.ts'
import { callBudget } from '../payments/index.ts'
import { countCompared, NO_CALLS, reasonOf, type Part, type Run } from './run.ts'

/** Calls that are taken from the budget at a time, and asks under way at once. */
const BATCH = 20
const LANES = 4
/** So many asks in a row that the provider did not answer: it is away, and the next comparison goes on. */
const FAILURES_MAX = 5

type Asks<T> = {
  part: Part
  /** Whom to ask about; a page is read when the one before is done. */
  pages: AsyncIterable<readonly T[]>
  /** For each of them that there is a call for, before it is made. */
  begin?: (items: readonly T[]) => Promise<void>
  ask: (item: T) => Promise<void>
}

/**
 * Asks the provider about each of these, a few at once and within the budget of calls. One that it does not answer ends
 * nothing but itself. Answers why some were not compared, if so.
 */
export async function askEach<T>(ctx: Ctx, run: Run, { part, pages, begin, ask }: Asks<T>): Promise<string | undefined> {
  let failure: string | undefined
  let failedInARow = 0
  const tryAsking = async (item: T) => {
    try {
      await ask(item)
      failedInARow = 0
      countCompared(ctx, run, part, 1)
    } catch (error) {
      failure = reasonOf(error)
      failedInARow++
    }
  }
  for await (const page of pages) {
    for (let at = 0; at < page.length;) {
      const budget = callBudget(ctx)
      const calls = await budget.takePatiently(Math.min(BATCH, page.length - at), run.patienceMs)
      if (calls === 0) return NO_CALLS
      const batch = page.slice(at, (at += calls))
      if (begin) await budget.keepFor(calls, begin(batch), () => calls)
      await inLanes(batch, tryAsking)
      if (failure === 'provider_limited' || failedInARow >= FAILURES_MAX) return failure
    }
  }
  return failure
}

/** Each of these, a few at once. Where some fail, the others are done all the same; then the first error is thrown. */
export async function inLanes<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, async () => {
    for (const item of left) await act(item)
  }))
  const failed = lanes.find((lane) => lane.status === 'rejected')
  if (failed) throw failed.reason
}
