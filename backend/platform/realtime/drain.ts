import { setTimeout as pause } from 'node:timers/promises'
import { CLOSE, type Connection } from './connection.ts'
import { reconnectAfterMs } from './reconnect.ts'

const STEP_MS = 100
/** What a socket is still doing gets this long to end before it is closed. */
const WORK_MS = 1500
/** And a client this long to answer the close. */
const ANSWER_MS = 1000

const reasonOf = {
  restart: (sockets: number) => `the server restarts; reconnectAfterMs=${reconnectAfterMs(sockets)}`,
  // Nobody is let in before it is over, which takes minutes: an upgrade is answered with how many.
  maintenance: () => `maintenance; reconnectAfterMs=${Math.round(20_000 * (1 + Math.random()))}`,
}

/** Closes sockets in random order, spread over `withinMs`, so that they don't come back all at once: 1012 where the process goes away, 4503 for a maintenance. */
export async function closeInBatches(connections: Connection[], withinMs: number, why: 'restart' | 'maintenance' = 'restart'): Promise<void> {
  const shuffled = connections.map((connection) => ({ connection, order: Math.random() })).toSorted((a, b) => a.order - b.order)
  const steps = Math.max(1, Math.floor(withinMs / STEP_MS))
  const size = Math.ceil(shuffled.length / steps)
  const closing: Promise<void>[] = []
  for (let from = 0; from < shuffled.length; from += size) {
    if (from > 0) await pause(STEP_MS * (0.5 + Math.random()))
    for (const { connection } of shuffled.slice(from, from + size)) closing.push(closeOne(connection, CLOSE[why], reasonOf[why](connections.length)))
  }
  await Promise.all(closing)
}

async function closeOne(connection: Connection, code: number, reason: string): Promise<void> {
  for (let waited = 0; connection.working > 0 && waited < WORK_MS; waited += 20) await pause(20)
  connection.close(code, reason)
  for (let waited = 0; !connection.isGone && waited < ANSWER_MS; waited += 20) await pause(20)
  if (!connection.isGone) connection.socket.terminate()
}
