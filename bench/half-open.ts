import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { Cluster } from '../backend/testing/cluster.ts'
import { crowd } from '../backend/testing/crowd.ts'
import { createFaultProxy } from '../backend/testing/fault-proxy.ts'
import { connect } from '../backend/testing/socket.ts'
import { eventually } from '../backend/testing/wait.ts'

const HEARTBEAT_MS = 30_000
/** Staleness is judged only after 90 s without a gap between two sweeps. */
const JUDGED_WITHIN_MS = 180_000

/** A mitra's network vanishes without a FIN, right after a heartbeat; all intervals are production's. */
export async function drillHalfOpen(cluster: Cluster): Promise<{ offlineMs: number; rows: [string, string][] }> {
  const customer = (await crowd(cluster, { kind: 'customer', count: 1 }))[0]!
  const mitra = (await crowd(cluster, { kind: 'mitra', count: 1, online: true, devices: true }))[0]!.on(1)
  const conversationId = v7()
  await cluster.query(`insert into conversations (id, writable_until) values ($1, app_now() + interval '1 day')`, [conversationId])
  await cluster.query('insert into conversation_members (conversation_id, user_id) values ($1, $2), ($1, $3)', [conversationId, customer.id, mitra.id])
  const network = await createFaultProxy(Number(new URL(mitra.url).port))
  const [a, b] = [await connect(customer), await connect({ ...mitra, url: `http://127.0.0.1:${network.port}` })]
  const beat = setInterval(() => {
    if (b.isOpen()) b.send({ type: 'heartbeat' })
  }, HEARTBEAT_MS)
  try {
    await eventually(async () => (await cluster.query(`select 1 from liveness_sweep where judges_from < app_now()`))[0], 'staleness is judged', { timeoutMs: JUDGED_WITHIN_MS })
    b.send({ type: 'heartbeat' })
    await b.next('heartbeat')
    network.blackhole()
    const startedAt = performance.now()
    const since = () => performance.now() - startedAt
    await pause(1000)
    const sentAt = performance.now()
    a.send({ type: 'message:send', conversationId, clientId: randomUUID(), body: 'are you there?' })
    await a.next('message:ack')
    await eventually(() => cluster.simulators.control.fcm.messages(`phone-${mitra.id}`)[0], 'the message is pushed', { timeoutMs: 30_000 })
    const pushedMs = performance.now() - sentAt
    const gone = a.next('presence:offline', { matches: (frame) => frame['userId'] === mitra.id, withinMs: 120_000 }).then(since)
    await eventually(async () => (await cluster.query('select 1 from mitras where user_id = $1 and stale', [mitra.id]))[0], 'the mitra is offline', { timeoutMs: 120_000 })
    const offlineMs = since()
    return {
      offlineMs,
      rows: [
        ['a mitra’s network vanished without a FIN: out of new matches after', `${(offlineMs / 1000).toFixed(1)} s`],
        ['… presence:offline after', `${((await gone) / 1000).toFixed(1)} s`],
        ['… a message without delivered was pushed after', `${(pushedMs / 1000).toFixed(1)} s`],
      ],
    }
  } finally {
    clearInterval(beat)
    a.terminate()
    b.terminate()
    network.stop()
  }
}
