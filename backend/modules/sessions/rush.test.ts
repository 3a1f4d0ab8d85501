import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import type { Answer } from '../../testing/app.ts'
import { newKey, packageOf, STAGE_SETTINGS } from '../../testing/stage.ts'

/** As an app does it: whoever is told that a replica is busy for a moment asks again, a write with its key. */
async function patiently(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask()
    if (answer.status !== 503 || tries === 30) return answer
  }
}

t.test('200 customers at once for 20 slots on two replicas: 20 hold, 180 queue in order', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, sweepMs: 1000, invoiceWaitMs: 0 } })
  await crowd(app, { kind: 'mitra', count: 20, online: true })
  // Nobody of them makes a sound while a busy machine answers everybody.
  await app.query(`update mitras set last_seen_at = app_now() + interval '1 hour'`)
  const customers = await crowd(app, { kind: 'customer', count: 200 })
  const { id: packageId } = await packageOf(app, 15)
  const answers = await Promise.all(customers.map((one) => {
    const headers = { 'idempotency-key': newKey() }
    return patiently(() => one.call('POST', '/api/v1/sessions', { body: { packageId }, headers }))
  }))
  t.same([...new Set(answers.map((answer) => answer.status))], [201], 'everybody is answered')

  const rows = await app.query<{ id: string; state: string; queue_number: string; slot_mitra_id: string | null }>('select id, state, queue_number, slot_mitra_id from chat_sessions order by queue_number')
  t.same(rows.map((row) => row.state), [...Array(20).fill('held'), ...Array(180).fill('queued')], 'the first 20 hold, nobody overtakes')
  t.equal(new Set(rows.slice(0, 20).map((row) => row.slot_mitra_id)).size, 20, 'each on a mitra of their own')
  t.equal(rows.slice(20).filter((row) => row.slot_mitra_id !== null).length, 0)

  const positions = new Map<string, number>()
  const last = await patiently(() => customers.at(-1)!.call('GET', '/api/v1/sessions'))
  t.equal(last.status, 200)
  const replies = await Promise.all(customers.map((one) => patiently(() => one.call('GET', '/api/v1/sessions'))))
  for (const { body } of replies) for (const session of body.items) if (session.queue) positions.set(session.id, session.queue.position)
  t.same(rows.slice(20).map((row) => positions.get(row.id)), Array.from({ length: 180 }, (_, index) => index + 1), 'everybody is told their place')
  const beacon = await customers[0]!.call('GET', '/api/v1/availability')
  t.equal(beacon.body.queueLength, 180, 'the beacon counts them')
  const [slots] = await app.query<{ used: number }>('select sum(used)::int as used from mitra_slots')
  t.equal(slots!.used, 20)
})
