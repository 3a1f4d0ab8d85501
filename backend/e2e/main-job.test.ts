import t from 'tap'
import { liveThroughMainJob } from '../testing/main-job.ts'

t.test('the main job across two replicas', (t) => liveThroughMainJob(t, async () => {}))

t.test('the main job while one replica is killed', (t) => liveThroughMainJob(t, async (cluster) => {
  await new Promise((resolve) => setTimeout(resolve, 300)) // in the middle of the talk
  await cluster.replicas[0]!.kill('SIGKILL')
}))
