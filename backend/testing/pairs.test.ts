import { Redis } from 'iovalkey'
import t from 'tap'
import { startTestApp } from './app.ts'
import { startPairs } from './pairs.ts'
import { createRandom } from './random.ts'
import { eventually } from './wait.ts'

t.test('a last word that nothing brings to a connected client is a fault, whatever a new client is told', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })
  const pairs = await startPairs(app, { count: 1, random: createRandom(1) })
  t.teardown(() => pairs.stop())
  const [one, other] = pairs.clients as [typeof pairs.clients[number], typeof pairs.clients[number]]
  one.send('heard')
  await eventually(() => other.list.length === 1, 'it is heard')
  t.same(await pairs.findFaults(), [])
  // No healer looks, and no publish reaches the other replica.
  await Promise.all(app.replicas.map((replica) => replica.realtime.stop()))
  const valkey = new Redis(app.valkey.url)
  t.teardown(() => valkey.disconnect())
  await valkey.call('ACL', 'SETUSER', 'default', '-publish')
  one.send('the last word')
  await eventually(() => one.outbox.size === 0, 'it is acked')
  t.equal(other.unrest, undefined, 'the other one knows nothing of it')
  const faults = await pairs.findFaults({ tailMs: 500 })
  t.match(faults, [/a connected client has 1 messages that are not the 2/])
  t.equal(faults.length, 1)
  await valkey.call('ACL', 'SETUSER', 'default', '+publish')
})
