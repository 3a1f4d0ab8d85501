import type { Pairs } from './pairs.ts'
import { eventually } from './wait.ts'

/** Keeps the pairs talking until `end`, whatever happens meanwhile. */
export function keepTalking(pairs: Pairs, perSecond: number): { end(): Promise<void> } {
  let isOver = false
  const talking = pairs.talk(perSecond, () => isOver)
  return {
    async end() {
      isOver = true
      await talking
    },
  }
}

/** Resolves once everybody is acked something that was sent after the call; answers the milliseconds. */
export async function untilAcked(pairs: Pairs, timeoutMs = 60_000): Promise<number> {
  const startedAt = performance.now()
  const marks = pairs.clients.map((client) => [client, client.send('is anybody there?')] as const)
  await eventually(() => marks.every(([client, clientId]) => client.acked.has(clientId)), 'everybody is acked', { timeoutMs })
  return Math.round(performance.now() - startedAt)
}
