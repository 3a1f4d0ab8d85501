import { setTimeout as pause } from 'node:timers/promises'
import { CLOSE, type Connection } from './connection.ts'
import { reconnectAfterMs } from './reconnect.ts'

const STEP_MS = 100
/** What a socket is still doing gets this long to end before it is closed. */
const WORK_MS = 1500
/** And a client this long to answer the close. */
const ANSWER_MS = 1000

/** Closes sockets 1012 in random order, spread over `withinMs`, so that they don't come back all at once. */
export async function closeInBatches(connections: Connection[], withinMs: number): Promise<void> {
  const shuffled = connections.map((connection) => ({ connection, order: Math.random() })).toSorted((a, b) => a.order - b.order)
  const steps = Math.max(1, Math.floor(withinMs / STEP_MS))
  const size = Math.ceil(shuffled.length / steps)
  const closing: Promise<void>[] = []
  for (let from = 0; from < shuffled.length; from += size) {
    if (from > 0) await pause(STEP_MS * (0.5 + Math.random()))
    for (const { connection } of shuffled.slice(from, from + size)) closing.push(closeOne(connection, connections.length))
  }
  await Promise.all(closing)
}

async function closeOne(connection: Connection, sockets: number): Promise<void> {
  for (let waited = 0; connection.working > 0 && waited < WORK_MS; waited += 20) await pause(20)
  connection.close(CLOSE.restart, `the server restarts; reconnectAfterMs=${reconnectAfterMs(sockets)}`)
  for (let waited = 0; !connection.isGone && waited < ANSWER_MS; waited += 20) await pause(20)
  if (!connection.isGone) connection.socket.terminate()
}
