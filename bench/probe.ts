import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../backend/testing/cluster.ts'
import type { Person } from '../backend/testing/people.ts'

const EVERY_MS = 250

/** Asks every replica for something that needs Postgres, all the time; `end` tells how it was answered, in a line. */
export function probeRequests(cluster: Cluster, person: Person): { end(): Promise<string> } {
  const statuses = new Map<string, number>()
  const asked: Promise<void>[] = []
  let longestMs = 0
  const over = new AbortController()
  const ask = async (replica: number) => {
    const startedAt = performance.now()
    const status = await person.on(replica).call('GET', '/api/v1/sessions').then((answer) => String(answer.status), () => 'no answer')
    longestMs = Math.max(longestMs, performance.now() - startedAt)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  const loop = async () => {
    while (!over.signal.aborted) {
      for (let replica = 0; replica < cluster.replicas.length; replica++) asked.push(ask(replica))
      await pause(EVERY_MS)
    }
  }
  const running = loop()
  return {
    async end() {
      over.abort()
      await running
      await Promise.all(asked)
      return `requests ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}, the longest ${Math.round(longestMs)} ms`
    },
  }
}
