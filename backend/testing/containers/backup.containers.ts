import { spawnSync } from 'node:child_process'
import t from 'tap'
import { eventually } from '../wait.ts'
import { buildImage, docker, newName, projectFile } from './engine.ts'
import { startStack } from './stack.ts'

t.test('the drill: destroyed and brought back, by dump, to a moment, to the end of the log', async (t) => {
  const drill = spawnSync(process.execPath, [projectFile('backend/testing/drill.ts'), '--megabytes=5'], { encoding: 'utf8' })
  t.equal(drill.status, 0, `${drill.stdout}\n${drill.stderr}`)
  t.match(drill.stdout, /\nRTO: .*\nRPO: .*\ndrill: everything came back\n/)
  for (const line of drill.stdout.match(/^(?:RTO|RPO): .*/gm) ?? []) t.comment(line)
})

t.test('the profile `backup`: taken by itself, and a moment is brought back into a volume of its own', async (t) => {
  const image = await buildImage('backup', {}, 'backup')
  const stack = await startStack(t, { services: ['postgres'], profiles: ['backup'], env: {}, over: { services: { backup: { image, environment: { BACKUP_PARTIAL_SECONDS: '1' } } } } })
  await stack.compose('run', '--rm', '--no-TTY', 'migrate')
  await stack.compose('up', '--detach', '--no-build', 'backup')
  const backup = (...command: string[]) => stack.compose('run', '--rm', '--no-TTY', 'backup', ...command)
  const dump = await eventually(async () => {
    const listed = await stack.exec('backup', 'docker/backup.sh', 'list')
    return /^base /m.test(listed) ? /^dump +(\S+) .*\bkey [0-9a-f]{16}$/m.exec(listed)?.[1] : undefined
  }, 'a dump and a base backup are there', { timeoutMs: 180_000 })
  t.match(await stack.exec('backup', 'cat', '/backups/halobestie_backup.prom'), /^halobestie_backup_last_success_timestamp_seconds\{kind="base"\} \d+/m)
  t.match(await stack.exec('backup', 'docker/backup.sh', 'verify', 'base'), /"event":"backup_verified"/)

  const write = (name: string) => stack.query(`insert into settings (key, value) values ($1, '1')`, [name])
  await write('before')
  // A moment has milliseconds, a commit microseconds: some of them lie between each two.
  await stack.query('select pg_sleep(0.01)')
  const [{ moment }] = await stack.query<{ moment: string }>(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as moment`) as [{ moment: string }]
  await stack.query('select pg_sleep(0.01)')
  await write('after')
  const [{ lsn }] = await stack.query<{ lsn: string }>('select pg_switch_wal()::text as lsn') as [{ lsn: string }]
  await eventually(async () => (await stack.query(`select 1 from pg_stat_replication where flush_lsn >= $1::pg_lsn`, [lsn])).length > 0, 'the log was received')
  await eventually(async () => (await stack.exec('backup', 'sh', '-c', 'ls /spool | grep -vc partial || true')).trim() === '0', 'and shipped')

  const volume = newName()
  const restored = await stack.compose('run', '--rm', '--no-TTY', '--volume', `${volume}:/restored`, 'backup', 'docker/restore.sh', 'point', moment, '--data', '/restored')
  t.match(restored, /ledger sound/)
  t.match(restored, /"event":"restored"/)
  const name = newName()
  await docker('run', '--detach', '--name', name, '--network', 'none', '--volume', `${volume}:/var/lib/postgresql/data`, 'postgres:17')
  const ask = (sql: string) => docker('exec', name, 'psql', '-U', 'postgres', '-d', 'halobestie', '-Atc', sql)
  await eventually(() => ask('select 1').then(() => true, () => false), 'Postgres runs on it', { timeoutMs: 60_000 })
  t.equal(await ask(`select string_agg(key, ',') from settings where key in ('before', 'after')`), 'before')

  const passwords = `at=postgres:5432/halobestie; RESTORE_DATABASE_URL="postgres://halobestie_owner:$(cat /keys/owner/owner-password)@$at" RESTORE_APP_DATABASE_URL="postgres://halobestie_app:$(cat /keys/owner/app-password)@$at"`
  t.match(await backup('sh', '-c', `${passwords} docker/restore.sh dump ${dump} --overwrite`), /ledger sound[\s\S]*"event":"restored"/)
  t.same(await stack.query(`select key from settings where key in ('before', 'after')`), [], 'the dump is from before both')
  t.same(await stack.query(`select has_table_privilege('halobestie_app', 'settings', 'select') as may, has_table_privilege('halobestie_app', 'ledger_entries', 'delete') as may_not`), [{ may: true, may_not: false }], 'rights are as they were')
})
