import t from 'tap'
import { readRules } from '../monitoring/expressions.ts'
import { freePort } from '../servers/processes.ts'
import { eventually } from '../wait.ts'
import { startStack } from './stack.ts'

type Sample = { metric: Record<string, string>; value: [number, string] }

t.test('the profile monitoring: Prometheus finds both replicas, and nothing is wrong with them', async (t) => {
  const port = await freePort()
  // Without Grafana, whose image is large and is not what is proved here.
  const stack = await startStack(t, { profiles: ['monitoring'], services: ['proxy', 'prometheus'], env: { PROMETHEUS_PORT: String(port) } })
  const ask = async (query: string): Promise<Sample[]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query }).toString()}`).catch(() => undefined)
    return answer?.ok === true ? ((await answer.json()) as { data: { result: Sample[] } }).data.result : []
  }
  const valuesOf = async (query: string) => Object.fromEntries((await ask(query)).map(({ metric, value }) => [metric['instance'], Number(value[1])]))

  await eventually(async () => Object.values(await valuesOf('up{job="halobestie"}')).filter((value) => value === 1).length === 2, 'both replicas are scraped', { timeoutMs: 120_000 })
  t.same(await valuesOf('service_ready'), { 'api-1:3001': 1, 'api-2:3001': 1 })
  t.ok(Object.values(await valuesOf('memory_limit_bytes')).every((bytes) => bytes === 512 * 1024 ** 2), 'they know what the container allows them')
  const rules = readRules('alerts.yml').length + readRules('recording.yml').length
  await eventually(async () => (await ask('sum(prometheus_rule_group_rules)'))[0]?.value[1] === String(rules), `${rules} rules are loaded`, { timeoutMs: 60_000 })
  await eventually(async () => (await ask('halobestie:available'))[0]?.value[1] === '1', 'they are evaluated', { timeoutMs: 120_000 })
  t.same((await ask('ALERTS{alertstate="firing"}')).map(({ metric }) => metric['alertname']), [])
  t.equal((await ask('sum(prometheus_rule_evaluation_failures_total)'))[0]?.value[1], '0', 'each can be evaluated')
  const { output } = await stack.tryCompose(['ps', '--format', '{{.Ports}}', 'prometheus'])
  t.match(output, new RegExp(`127\\.0\\.0\\.1:${port}->9090`), 'reached on this machine alone')
})
