import { Redis } from 'iovalkey'
import t from 'tap'
import { liveThroughMainJob } from '../testing/main-job.ts'

t.test('the main job while Valkey is flushed', (t) => liveThroughMainJob(t, async (cluster) => {
  const client = new Redis(cluster.valkey.url)
  await client.flushall()
  client.disconnect()
}))

t.test('the main job while Valkey stands still for 10 s', (t) => liveThroughMainJob(t, async (cluster) => {
  cluster.valkey.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  cluster.valkey.kill('SIGCONT')
}))
