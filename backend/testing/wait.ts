import { setTimeout as sleep } from 'node:timers/promises'

/** As long as a busy machine may need: who waits for less than it takes proves nothing, and what comes costs nothing. */
export const PATIENCE_MS = 30_000

/** Waits until the condition holds and answers what it gave; throws, naming `what`, when it doesn't in time. */
export async function eventually<T>(condition: () => T | Promise<T>, what: string, options: { timeoutMs?: number } = {}): Promise<NonNullable<T>> {
  const deadline = performance.now() + (options.timeoutMs ?? PATIENCE_MS)
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > deadline) throw new Error(`did not happen in time: ${what}`)
    await sleep(20)
  }
}
