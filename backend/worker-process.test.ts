import { randomUUID } from 'node:crypto'
import t from 'tap'
import { personWithDevices } from './testing/background.ts'
import { startCluster, type Cluster } from './testing/cluster.ts'
import { eventually } from './testing/wait.ts'

type Row = { state: string; attempts: number }

/** Pushes as a commit leaves them whose jobs were lost: only sweeps can find them. */
async function leavePushes(cluster: Cluster, userId: string, count: number): Promise<string[]> {
  const tags = Array.from({ length: count }, () => randomUUID())
  await cluster.query(`
    insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at)
    select gen_random_uuid(), $1, 'session', tag, 'Judul', 'Isi', '{"kind": "session"}', tag, app_now() + interval '1 hour' from unnest($2::text[]) tag`, [userId, tags])
  return tags
}

t.test('workers that are killed, or stopped beyond their claim, in the middle of pushes', async (t) => {
  const cluster = await startCluster(t, { replicas: 1, settings: { sweepMs: 100 } })
  const { fcm } = cluster.simulators.control
  const userId = await personWithDevices(cluster, ['phone'])
  const pushes = () => cluster.query<Row>('select state, attempts from pushes')
  const allSent = (what: string) => eventually(async () => (await pushes()).every((row) => row.state === 'sent'), what, { timeoutMs: 90_000 })
  const tagsSent = () => fcm.messages('phone').map((message) => (message as { android: { notification: { tag: string } } }).android.notification.tag)
  const requests = () => cluster.simulators.control.calls('fcm.send')
  const isTrying = async () => (await pushes()).some((row) => row.state === 'queued' && row.attempts > 0)

  t.test('killed: others follow after its claims, and every push arrives', async (t) => {
    fcm.setToken('phone', { behaviour: 'slow', delayMs: 200 })
    const tags = await leavePushes(cluster, userId, 80)
    await eventually(() => requests() > 10, 'it is at it', { timeoutMs: 60_000 })
    await cluster.replicas[0]!.kill('SIGKILL')
    t.ok(await isTrying(), 'it held some when it died')
    // Before the others begin: their own claims would run out as well, and what they have in hand would be sent once more.
    await cluster.db.clock.advance(21)
    await cluster.startReplica(1)
    await allSent('the others follow')
    const arrived = tagsSent()
    t.same(new Set(arrived), new Set(tags))
    t.ok(tags.every((tag) => arrived.filter((one) => one === tag).length <= 2), 'what came twice came under the tag that replaces the first')
  })

  t.test('stopped: whoever goes on after its claims ran out does nothing late', async (t) => {
    const [before, requestsBefore] = [tagsSent().length, requests()]
    fcm.setToken('phone', { behaviour: 'slow', delayMs: 6000 })
    const tags = await leavePushes(cluster, userId, 60)
    // All of them are on their way: what it had still to write it would write when it goes on.
    await eventually(() => requests() >= requestsBefore + tags.length, 'it is at it', { timeoutMs: 60_000 })
    await cluster.replicas[1]!.kill('SIGSTOP')
    fcm.setToken('phone', null)
    t.ok(await isTrying(), 'it held some when it was stopped')
    await cluster.db.clock.advance(21)
    await cluster.startReplica(2)
    await allSent('another follows')
    t.same(new Set(tagsSent().slice(before)), new Set(tags))
    const askedBefore = requests()
    await cluster.replicas[2]!.kill('SIGKILL')
    await cluster.replicas[1]!.kill('SIGCONT')
    await leavePushes(cluster, userId, 1)
    await allSent('it works again')
    t.equal(requests(), askedBefore + 1, 'nothing but the new one')
  })
})
