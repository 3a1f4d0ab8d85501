import t from 'tap'
import { startCluster } from '../testing/cluster.ts'
import { CRASH_SETTINGS } from '../testing/crash-run.ts'
import { surviveTheEnd } from '../testing/session-end.ts'

t.test('sessions end on time and settle once although a replica is killed, the other stopped and Valkey wiped across their end', async (t) => {
  const cluster = await startCluster(t, { settings: CRASH_SETTINGS })
  const { lateSeconds, wrong } = await surviveTheEnd(cluster)
  t.same(wrong, [])
  t.comment(`the last ended ${lateSeconds.toFixed(2)} s after the recovery`)
})
