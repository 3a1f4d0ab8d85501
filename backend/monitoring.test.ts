import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Histogram } from '@prometheus-io/client'
import t from 'tap'
import { createMetrics } from './platform/metrics.ts'
import { MONITORING, readExpression, readRules, type Rule } from './testing/monitoring/expressions.ts'
import { FAULTS, TIMES, type Fault } from './testing/monitoring/faults.ts'
import { judgeStories, promtool, type Story } from './testing/monitoring/promtool.ts'
import { sumOf, stretch, upSeries, type Scrape, type Series } from './testing/monitoring/scrapes.ts'
import { INSTANCES, startStand, type Stand } from './testing/monitoring/stand.ts'
import { projectRoot } from './testing/servers/processes.ts'
import { eventually } from './testing/wait.ts'

const alerts = readRules('alerts.yml')
const names = new Set([...alerts, ...readRules('recording.yml')].flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => metric)))
/** Longer than any of these alerts waits until it fires. */
const minutesOf = (names: readonly string[]) => Math.max(12, ...alerts.filter(({ alert }) => names.includes(alert!)).map((rule) => waitOf(rule) + 12))
const waitOf = (rule: Rule) => parseInt(rule.for ?? '0') * (rule.for?.endsWith('h') === true ? 60 : 1)
const everything = alerts.map(({ alert }) => alert!)

t.test('what is shipped is what Prometheus can read', async (t) => {
  for (const args of [['check', 'config', 'prometheus.yml'], ['check', 'rules', 'recording.yml', 'alerts.yml']]) {
    const { ok, output } = await promtool(...args)
    t.ok(ok, output)
  }
})

t.test('every metric and label that is asked for is there, and every one of ours is described', (t) => {
  const { registry } = createMetrics()
  const labels = new Map<string, readonly string[]>(registry.getMetricsAsArray().flatMap((metric) => {
    const own = 'labelNames' in metric ? metric.labelNames as string[] : [] // the types leave out what every metric has
    const parts = metric instanceof Histogram ? ['_bucket', '_sum', '_count'] : ['']
    return parts.map((part) => [`${metric.name}${part}`, [...own, ...(part === '_bucket' ? ['le'] : [])]] as const)
  }))
  const page = readFileSync(join(projectRoot, 'docs/metrics.md'), 'utf8')
  const described = new Map([...page.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| \S/gm)].map(([, name, , list]) => [name!, [...list!.matchAll(/`(\w+)`/g)].map((match) => match[1]!)]))
  const ofOthers = new Set([...page.slice(page.indexOf('## Of others')).matchAll(/^\| (`.*?) \|/gm)].flatMap(([, list]) => [...list!.matchAll(/`(\w+)`/g)].map((match) => match[1]!)))
  const recorded = new Set(readRules('recording.yml').map(({ record }) => record!))
  const scraped = [...labels.keys()].filter((name) => !/^(nodejs|process)_/.test(name)).map((name) => name.replace(/_(bucket|sum)$/, '').replace(/_seconds_count$|_size_count$|_bytes_count$/, (end) => end.replace('_count', '')))
  t.same([...described.keys()].toSorted(), [...new Set(scraped)].toSorted(), 'the table of docs/metrics.md has each of ours once')
  for (const [name, list] of described) t.same(list, (labels.get(name) ?? labels.get(`${name}_sum`))!, `its labels: ${name}`)
  for (const { where, expr } of [...askedByRules(), ...askedByDashboards()]) {
    const { selectors, grouped } = readExpression(expr)
    t.ok(selectors.length > 0, where)
    const known = selectors.flatMap(({ metric }) => labels.get(metric) ?? [])
    for (const { metric, labels: asked } of selectors) {
      if (ofOthers.has(metric) || recorded.has(metric)) continue
      t.ok(labels.has(metric), `${where}: ${metric}`)
      t.same(asked.filter((label) => ![...labels.get(metric) ?? [], 'job', 'instance'].includes(label)), [], `${where}: labels of ${metric}`)
    }
    if (known.length > 0) t.same(grouped.filter((label) => ![...known, 'job', 'instance'].includes(label)), [], `${where}: grouped by`)
  }
  t.end()
})

t.test('every alert says what it is and what to do, and its paragraph is there', (t) => {
  const headings = [...readFileSync(join(projectRoot, 'DEPLOY.md'), 'utf8').matchAll(/^### (Alert: .+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'))
  for (const { alert, labels, annotations } of alerts) {
    t.match(labels, { severity: /^(critical|warning)$/ }, alert!)
    t.match(annotations, { summary: /\w/, description: /[.?]$/, runbook: /^DEPLOY\.md#alert-/ }, alert!)
    t.ok(headings.includes(annotations!['runbook']!.split('#')[1]!), `${alert}: ${annotations!['runbook']}`)
  }
  t.same([...new Set(alerts.map(({ annotations }) => annotations!['runbook']!.split('#')[1]!))].toSorted(), headings.toSorted(), 'and no paragraph is about nothing')
  t.end()
})

function askedByRules() {
  return [...alerts, ...readRules('recording.yml')].map(({ alert, record, expr }) => ({ where: alert ?? record!, expr }))
}

type Dashboard = { title: string; panels: { title: string; targets: { expr: string }[] }[]; annotations: { list: { name: string; expr: string }[] } }

function askedByDashboards() {
  return globSync('grafana/dashboards/*.json', { cwd: MONITORING }).flatMap((file) => {
    const { title, panels, annotations } = JSON.parse(readFileSync(join(MONITORING, file), 'utf8')) as Dashboard
    return [...panels.flatMap((panel) => panel.targets.map(({ expr }) => ({ where: `${title}, ${panel.title}`, expr }))), ...annotations.list.map(({ name, expr }) => ({ where: `${title}, ${name}`, expr }))]
  })
}

// What is scraped by others: as those would tell it, with its fault and without. The time begins at 0 there.
const OTHERS = [
  { fires: 'ProbeFails', series: 'probe_success{job="probe"}', bad: 0, good: 1 },
  { fires: 'CertificateEnds', series: 'probe_ssl_earliest_cert_expiry{job="probe"}', bad: 13 * 86_400, good: 60 * 86_400 },
  { fires: 'DiskFull', series: 'node_filesystem_avail_bytes{fstype="ext4", mountpoint="/"}', bad: 10, good: 40 },
  { fires: 'ReplicationLag', series: 'pg_replication_lag_seconds', bad: 31, good: 1 },
  { fires: 'BackupOld', series: 'halobestie_backup_last_success_timestamp_seconds{job="node", kind="dump"}', bad: -27 * 3600, good: -20 * 3600 },
  { fires: 'BackupLogOld', series: 'halobestie_backup_last_success_timestamp_seconds{job="node", kind="wal"}', bad: 0, good: '0+60' },
]
const minutesOfOthers = minutesOf([...OTHERS.map(({ fires }) => fires), 'BackupUnknown'])
const ofOthers = (fires: readonly string[], value: (one: (typeof OTHERS)[number]) => number | string | undefined): Story => ({
  name: `others: ${fires.join(', ') || 'all well'}`, minutes: minutesOfOthers, fires,
  series: [
    ...INSTANCES.map((instance) => upSeries(instance, true, minutesOfOthers)),
    ...[{ series: 'service_ready{job="halobestie"}', is: 1 }, { series: 'up{job="node"}', is: 1 }, { series: 'node_filesystem_size_bytes{fstype="ext4", mountpoint="/"}', is: 100 }, ...OTHERS.map((one) => ({ series: one.series, is: value(one) }))]
      .flatMap(({ series, is }) => (is === undefined ? [] : [{ series, values: `${is}x${minutesOfOthers}` }])),
  ],
})
const STORIES_OF_OTHERS = [
  ofOthers([], ({ good }) => good),
  ofOthers(OTHERS.map(({ fires }) => fires), ({ bad }) => bad),
  ofOthers(['BackupUnknown'], ({ fires, good }) => (fires.startsWith('Backup') ? undefined : good)),
]

t.test('every rule has a fault, and every fault a rule', (t) => {
  const proven = new Set([...FAULTS, ...STORIES_OF_OTHERS].flatMap(({ fires }) => fires))
  t.same([...proven].toSorted(), alerts.map(({ alert }) => alert!).toSorted())
  t.end()
})

t.test('each alert fires on its own fault, scraped from the running product, and none without', async (t) => {
  const stand = await startStand(t)
  const stories: Story[] = [...STORIES_OF_OTHERS]
  const tell = (name: string, before: Scrape, after: Scrape | undefined, fires: readonly string[], may: readonly string[] = [], grows = false) => {
    const minutes = minutesOf(fires.length > 0 ? fires : everything)
    const scraped: Series[] = after === undefined ? [] : stretch(before, after, { minutes, names, grows })
    stories.push({ name, minutes, fires, may: may.filter((alert) => !fires.includes(alert)), series: [...INSTANCES.map((instance) => upSeries(instance, after !== undefined, minutes)), ...scraped] })
  }
  const quiet = await liveWell(stand)
  const wasQuick = isQuick(...quiet)
  if (!wasQuick) t.comment('this machine is so busy that answers come late: alerts that say so are not judged')
  tell('a healthy run', ...quiet, [], wasQuick ? [] : TIMES)
  for (const fault of FAULTS) {
    const { what, fires, may = [], grows } = fault
    const [before, after] = await meet(stand, fault)
    tell(what, before, after, fires, [...may, ...TIMES], grows)
  }
  const { ok, output } = await judgeStories(stories)
  t.ok(ok, output)
})

type Met = [before: Scrape, after: Scrape | undefined]

/** A fault from before it until it is shown; again where something else failed beside it, which one that is its own would do each time. */
async function meet(stand: Stand, fault: Fault): Promise<Met> {
  for (let round = 1; ; round++) {
    const met = await meetOnce(stand, fault)
    if (round === ROUNDS || !hasFailedBeside(met, fault)) return met
  }
}

async function meetOnce(stand: Stand, { what, fires, may = [], inject, shows, counts, mend }: Fault): Promise<Met> {
  const whole = async () => {
    const now = await stand.scrape()
    return now !== undefined && isSteady(now, []) ? now : undefined
  }
  const before = await eventually(whole, `before ${what}`, PATIENCE)
  await inject(stand)
  let after: Scrape | undefined
  await eventually(async () => {
    after = await stand.scrape()
    return (shows?.(after) ?? true) && (counts?.(after, before) ?? true) && (after === undefined || isSteady(after, [...fires, ...may]))
  }, what, PATIENCE)
  await mend?.(stand)
  // What is measured is well again before the next one begins: a gauge that is measured later would tell of two faults there.
  await eventually(async () => {
    const now = await whole()
    return now !== undefined && (mend === undefined || shows?.(now) !== true)
  }, `${what}: mended`, PATIENCE)
  return [before, after]
}

/** On a busy machine a statement or a command may come too late, and a sweep fails: what is counted here is stretched to one every minute. */
function hasFailedBeside([before, after]: Met, { fires, may = [] }: Fault): boolean {
  const failures = { SweepsFailing: 'sweep_errors_total', JobErrors: 'job_errors_total' }
  return after !== undefined && Object.entries(failures).some(([alert, counter]) => ![...fires, ...may].includes(alert) && sumOf(after, counter) > sumOf(before, counter))
}

/** On a busy machine an answer of Postgres or Valkey may come too late: that is not what was broken. */
function isSteady(now: Scrape, mayFire: readonly string[]): boolean {
  const gauges = { ValkeyAway: 'valkey_up', PostgresAway: 'postgres_up', ReplicaNotReady: 'service_ready' }
  return Object.entries(gauges).every(([alert, gauge]) => mayFire.includes(alert) || sumOf(now, gauge) === INSTANCES.length)
}

/** A machine that stands still again and again is taken as it is. */
const ROUNDS = 4
const PATIENCE = { timeoutMs: 60_000 }

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
    }, 'the push was sent', PATIENCE)
    told = [before, after!]
    return (isQuick(before, after!) || round >= ROUNDS) && isSteady(after!, [])
  }, 'a run in which nothing is away', PATIENCE)
  return told!
}

function isQuick(before: Scrape, after: Scrape): boolean {
  const more = (name: string, labels = {}) => sumOf(after, name, labels) - sumOf(before, name, labels)
  const within = (name: string, le: string) => more(`${name}_bucket`, { le }) === more(`${name}_count`)
  return within('http_request_duration_seconds', '0.2') && within('message_ack_seconds', '0.5') && within('provider_call_seconds', '1') && within('postgres_pool_wait_seconds', '0.1')
    && sumOf(after, 'nodejs_eventloop_lag_p99_seconds') < 0.25 && more('sweep_rescues_total') < 20
}
