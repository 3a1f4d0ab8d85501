import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until the condition holds and answers what it gave; throws, naming `what`, when it doesn't in time. */
export async function eventually<T>(condition: () => T | Promise<T>, what: string, options: { timeoutMs?: number } = {}): Promise<NonNullable<T>> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000)
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > deadline) throw new Error(`did not happen in time: ${what}`)
    await sleep(20)
  }
}
