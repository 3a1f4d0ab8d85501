import t from 'tap'
import { startStack } from './stack.ts'

t.test('one-off commands of the image', async (t) => {
  const stack = await startStack(t, { services: ['postgres', 'valkey'] })
  const run = (service: string, ...command: string[]) => stack.tryCompose(['run', '--rm', '--no-deps', '--no-TTY', service, ...command])
  const node = ['node', '--env-file=/keys/app/app.env', '--env-file=/keys/owner/owner.env']

  await t.test('a database that knows nothing yet: the service is alive, and not ready', async (t) => {
    const { code } = await stack.tryCompose(['up', '--detach', '--no-deps', '--no-build', 'api-1'])
    t.equal(code, 0)
    const ask = (path: string) => stack.tryCompose(['exec', '--no-TTY', 'api-1', 'node', 'docker/healthcheck.mjs', path])
    let alive = await ask('/health')
    for (let turn = 0; alive.code !== 0 && turn < 50; turn++) alive = await ask('/health')
    t.equal(alive.code, 0, 'alive')
    t.equal((await ask('/ready')).code, 1, 'not ready')
  })

  await t.test('two migrate at once: both end well, and each migration is applied once', async (t) => {
    const both = await Promise.all([run('migrate'), run('migrate')])
    t.same(both.map(({ code }) => code), [0, 0], both.map(({ output }) => output.slice(-500)).join('\n'))
    const [{ count, versions }] = await stack.query<{ count: number; versions: number }>('select count(*)::int as count, count(distinct version)::int as versions from schema_migrations') as [{ count: number; versions: number }]
    t.ok(count > 40)
    t.equal(versions, count)
    const again = await run('migrate')
    t.equal(again.code, 0, again.output)
  })

  await t.test('the replica that waited for them is ready by itself', async (t) => {
    const up = await stack.tryCompose(['up', '--detach', '--no-deps', '--no-build', '--no-recreate', '--wait', '--wait-timeout', '180', 'api-1'])
    t.equal(up.code, 0, up.output)
  })

  await t.test('seeding twice leaves one super_admin and the packages as they are', async (t) => {
    const packages = () => stack.query('select id, minutes, price_idr from packages order by id')
    t.match(await run('seed'), { code: 0, output: /the first super_admin is ADMIN_EMAIL/ })
    const before = await packages()
    t.equal(before.length, 3)
    t.match(await run('seed'), { code: 0, output: /seeded/ })
    t.same(await packages(), before)
    t.same(await stack.query(`select email, role, must_change_password as "mustChange" from staff`), [{ email: 'admin@halobestie.test', role: 'super_admin', mustChange: true }])
  })

  await t.test('status, dry-run, ledger-check, rebuild-reports and erase-again run', async (t) => {
    for (const command of [['backend/migrate.ts', 'status'], ['backend/migrate.ts', 'dry-run'], ['backend/ledger-check.ts'], ['backend/rebuild-reports.ts'], ['backend/erase-again.ts']]) {
      const { code, output } = await run('migrate', ...node, ...command)
      t.equal(code, 0, `${command.join(' ')}: ${output.slice(-300)}`)
    }
  })

  await t.test('production gets no keys made, and says which it lacks', async (t) => {
    const { code, output } = await stack.tryCompose(['run', '--rm', '--no-deps', '--no-TTY', 'keys'], { APP_ENV: 'production' })
    t.equal(code, 1)
    t.match(output, /APP_ENV=production: \.env must give AUTH_JWT_SECRET or AUTH_JWT_KEYS, DATA_ENCRYPTION_KEYS/)
  })
})
