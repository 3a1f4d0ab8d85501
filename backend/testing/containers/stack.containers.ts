import t from 'tap'
import { docker, testImage, TEST_SHA } from './engine.ts'
import { startStack } from './stack.ts'

type Inspected = { State: { Pid: number }; HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; SecurityOpt: string[]; Memory: number; LogConfig: { Config: Record<string, string> } }; NetworkSettings: { Networks: Record<string, { IPAddress: string }>; Ports: Record<string, unknown[] | null> }; Config: { StopTimeout?: number } }

t.test('compose.yaml with no .env at all', async (t) => {
  const stack = await startStack(t)
  const inspect = async (service: string) => (JSON.parse(await docker('inspect', await stack.containerOf(service))) as [Inspected])[0]
  const addressOf = async (service: string, network: string) => (await inspect(service)).NetworkSettings.Networks[`${stack.project}_${network}`]!.IPAddress

  await t.test('comes up as staging, and says what is not configured', async (t) => {
    const ready = await fetch(`${stack.url}/ready`)
    t.equal(ready.status, 200)
    t.match(await ready.json(), { status: 'ready' })
    t.match(await (await fetch(`${stack.url}/health`)).json(), { status: 'healthy', version: TEST_SHA })
    const lines = (await stack.logs('api-1')).split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>)
    t.same(lines.filter((line) => line['event'] === 'not_configured').map((line) => line['off']), ['payments', 'one-time codes', 'pushes', 'e-mail', 'SMS'])
    t.ok(lines.every((line) => line['environment'] === 'staging'))
    t.match(await stack.logs('keys'), /AUTH_JWT_SECRET, DATA_ENCRYPTION_KEYS, PHONE_HASH_KEY: not in \.env/)
  })

  await t.test('the replicas are nobody in particular, can write nothing and may do nothing', async (t) => {
    for (const service of ['api-1', 'api-2']) {
      const it = await inspect(service)
      t.match(it.HostConfig, { ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], LogConfig: { Config: { 'max-size': '10m', 'max-file': '5' } } }, service)
      t.ok(it.HostConfig.Memory > 0, 'its memory has a limit')
      t.equal(it.Config.StopTimeout, 30, 'it is given 30 s to stop')
      const status = await stack.exec(service, 'cat', '/proc/1/status')
      t.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m)
      t.match(status, /^CapEff:\s+0+$/m)
      t.match(status, /^NoNewPrivs:\s+1$/m)
      t.match(await stack.exec(service, 'cat', '/proc/1/cmdline'), /^node\0/, 'node is PID 1')
      for (const path of ['/app/x', '/tmp/x', '/home/node/x', '/keys/app/x']) t.match((await stack.tryCompose(['exec', '-T', service, 'touch', path])).output, /Read-only file system/, path)
      t.notMatch(await stack.exec(service, 'ls', '/keys/owner'), /password/, 'the owner’s password is not theirs')
    }
  })

  await t.test('two roles: the service can’t change the schema', async (t) => {
    const owners = await stack.query<{ owner: string }>(`select distinct tableowner as owner from pg_tables where schemaname = 'public'`)
    t.same(owners, [{ owner: 'halobestie_owner' }])
    const users = await stack.query<{ usename: string }>(`select distinct usename from pg_stat_activity where datname = 'halobestie' and client_addr is not null and application_name like 'halobestie%'`)
    t.same(users, [{ usename: 'halobestie_app' }])
  })

  await t.test('only the proxy is reached from outside, and it knows no internal route', async (t) => {
    const ports = await Promise.all(['api-1', 'api-2', 'valkey'].map(async (service) => Object.values((await inspect(service)).NetworkSettings.Ports).flatMap((port) => port ?? [])))
    t.same(ports, [[], [], []], 'nothing else is published')
    for (const path of ['/metrics', '/internal/v1/me', '/internal/v1/openapi.json', '/']) t.equal((await fetch(stack.url + path)).status, 404, path)
  })

  await t.test('3001 answers on the VPN’s side, and on no other', async (t) => {
    const script = 'fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then((answer) => console.log(answer.status), (error) => console.log(error.cause?.code ?? error.name))'
    const probe = (network: string, url: string) => docker('run', '--rm', '--network', `${stack.project}_${network}`, testImage(), 'node', '-e', script, url)
    for (const service of ['api-1', 'api-2']) {
      t.equal(await probe('vpn', `http://${service}:3001/metrics`), '200', `${service} on the VPN`)
      t.equal(await probe('app', `http://${service}:3000/health`), '200', `the proxy’s network reaches ${service}`)
      for (const network of ['app', 'data', 'out'] as const) t.equal(await probe(network, `http://${await addressOf(service, network)}:3001/metrics`), 'ECONNREFUSED', `${service} from ${network}`)
    }
    t.not(await probe('public', `http://${await addressOf('api-1', 'vpn')}:3001/metrics`), '200', 'nor from the proxy’s other network')
  })

  await t.test('databases have no way out', async (t) => {
    for (const name of ['app', 'data', 'vpn']) t.equal(await docker('network', 'inspect', '--format', '{{.Internal}}', `${stack.project}_${name}`), 'true', name)
    t.same(Object.keys((await inspect('valkey')).NetworkSettings.Networks), [`${stack.project}_data`])
  })

  await t.test('started again, it keeps its keys and its data', async (t) => {
    const keys = await stack.exec('api-1', 'cat', '/keys/app/app.env')
    await stack.compose('up', '--detach', '--no-build', '--wait', '--force-recreate')
    t.equal(await stack.exec('api-1', 'cat', '/keys/app/app.env'), keys)
    t.equal((await fetch(`${stack.url}/ready`)).status, 200)
  })
})
