import t from 'tap'
import { readExpression, readRules } from './testing/monitoring/expressions.ts'
import { FAULTS, TIMES } from './testing/monitoring/faults.ts'
import { judgeStories, promtool, type Story } from './testing/monitoring/promtool.ts'
import { sumOf, stretch, upSeries, type Scrape, type Series } from './testing/monitoring/scrapes.ts'
import { INSTANCES, startStand, type Stand } from './testing/monitoring/stand.ts'
import { eventually } from './testing/wait.ts'

const alerts = readRules('alerts.yml')
const names = new Set([...alerts, ...readRules('recording.yml')].flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => metric)))
/** Longer than any rule waits, save the one that gives people four hours. */
const MINUTES = 75
const MINUTES_FOR_STAFF = 270
const minutesOf = (fires: readonly string[]) => (fires.includes('MoneyNeedsStaff') ? MINUTES_FOR_STAFF : MINUTES)

t.test('what is shipped is what Prometheus can read', async (t) => {
  for (const args of [['check', 'config', 'prometheus.yml'], ['check', 'rules', 'recording.yml', 'alerts.yml']]) {
    const { ok, output } = await promtool(...args)
    t.ok(ok, output)
  }
})

// What is scraped by others: as those would tell it, with its fault and without. The time begins at 0 there.
const OTHERS: readonly Story[] = [
  ['ProbeFails', 'probe_success{job="probe"}', '0', '1'],
  ['CertificateEnds', 'probe_ssl_earliest_cert_expiry{job="probe"}', String(13 * 86_400), String(60 * 86_400)],
  ['DiskFull', 'node_filesystem_avail_bytes{fstype="ext4", mountpoint="/"}', '10', '40', 'node_filesystem_size_bytes{fstype="ext4", mountpoint="/"}', '100'],
  ['ReplicationLag', 'pg_replication_lag_seconds', '31', '1'],
  ['BackupOld', 'halobestie_backup_last_success_timestamp_seconds', String(-27 * 3600), String(-20 * 3600)],
  ['BackupUnknown', 'up{job="node"}', '1', '0'],
].flatMap(([alert, series, bad, good, beside, besides]) => [[bad!, [alert!]] as const, [good!, []] as const].map(([value, fires]) => ({
  name: `${alert}: ${fires.length === 0 ? 'well' : 'its fault'}`, minutes: MINUTES, fires,
  series: [upSeries(INSTANCES[0], true, MINUTES), { series: 'service_ready{job="halobestie"}', values: `1x${MINUTES}` }, { series: series!, values: `${value}x${MINUTES}` }, ...(beside === undefined ? [] : [{ series: beside, values: `${besides}x${MINUTES}` }])],
})))

t.test('every rule has a fault, and every fault a rule', (t) => {
  const proven = new Set([...FAULTS, ...OTHERS].flatMap(({ fires }) => fires))
  t.same([...proven].toSorted(), alerts.map(({ alert }) => alert!).toSorted())
  t.end()
})

t.test('each alert fires on its own fault, scraped from the running product, and none without', async (t) => {
  const stand = await startStand(t)
  const stories: Story[] = [...OTHERS]
  const tell = (name: string, before: Scrape, after: Scrape | undefined, fires: readonly string[], may: readonly string[] = [], grows = false) => {
    const minutes = minutesOf(fires)
    const scraped: Series[] = after === undefined ? [] : stretch(before, after, { minutes, names, grows })
    stories.push({ name, minutes, fires, may: may.filter((alert) => !fires.includes(alert)), series: [...INSTANCES.map((instance) => upSeries(instance, after !== undefined, minutes)), ...scraped] })
  }
  const quiet = await liveWell(stand)
  tell('a healthy run', ...quiet, [])
  for (const { what, fires, may = [], grows, inject, shows, mend } of FAULTS) {
    const startedAtMs = performance.now()
    const before = (await stand.scrape())!
    await inject(stand)
    let after: Scrape | undefined
    await eventually(async () => {
      after = await stand.scrape()
      return shows === undefined || shows(after, before)
    }, what)
    await mend?.(stand)
    // What is measured is well again before the next one begins.
    const isMended = async () => {
      const now = await stand.scrape()
      return now !== undefined && sumOf(now, 'service_ready') === INSTANCES.length && (mend === undefined || shows === undefined || !shows(now, now))
    }
    await eventually(isMended, `${what}: mended`)
    console.log(what, Math.round(performance.now() - startedAtMs))
    tell(what, before, after, fires, [...may, ...TIMES], grows)
  }
  const startedAtMs = performance.now()
  const { ok, output } = await judgeStories(stories)
  console.log('judged', Math.round(performance.now() - startedAtMs))
  t.ok(ok, output)
})

/** Everything that people do in a few moments of a good day; again where the machine itself stood still meanwhile. */
async function liveWell(stand: Stand): Promise<[Scrape, Scrape]> {
  const { app, scene, say, ask, owner } = stand
  let told: [Scrape, Scrape] | undefined
  let round = 0
  await eventually(async () => {
    const before = (await stand.scrape())!
    await Promise.all([...Array.from({ length: 30 }, () => ask('well')), scene.customer.call('GET', '/api/v1/me'), scene.mitra.call('GET', '/api/v1/me'), app.replicas[0]!.ctx.gateways.statements.balanceIdr()])
    for (let n = 0; n < 5; n++) await say(`word ${n}`)
    await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at) values (gen_random_uuid(), $1, 'session', 'tag', 'Title', 'Body', '{}', $2, app_now() + interval '1 hour')`, [owner.id, `well:${round++}`])
    let after: Scrape | undefined
    await eventually(async () => {
      after = (await stand.scrape())!
      return sumOf(after, 'pushes_total', { result: 'sent' }) > sumOf(before, 'pushes_total', { result: 'sent' })
    }, 'the push was sent')
    told = [before, after!]
    return isQuick(before, after!)
  }, 'a run in which the machine did not stand still', { timeoutMs: 90_000 })
  return told!
}

function isQuick(before: Scrape, after: Scrape): boolean {
  const more = (name: string, labels = {}) => sumOf(after, name, labels) - sumOf(before, name, labels)
  const within = (name: string, le: string) => more(`${name}_bucket`, { le }) >= 0.96 * more(`${name}_count`)
  return within('http_request_duration_seconds', '0.2') && within('message_ack_seconds', '0.5') && within('provider_call_seconds', '1') && within('postgres_pool_wait_seconds', '0.1')
    && sumOf(after, 'nodejs_eventloop_lag_p99_seconds') < 0.25 && more('sweep_rescues_total') < 20
}
