import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { projectRoot } from '../testing/servers/processes.ts'
import { startS3 } from '../testing/simulators/s3.ts'
import { claimStore, contentOf, findBackups, metricsOf, one, prune, type Manifest, type Place } from './backups.ts'
import { open, readKeys, seal } from './envelope.ts'
import { isDue, keptOf, nameOf, outdatedWal } from './retention.ts'
import { signed } from './s3.ts'
import { NotInStore, openStore } from './store.ts'
import { libpqEnv } from './tools.ts'
import { fetchWal } from './wal.ts'

mkdirSync(join(projectRoot, '.data'), { recursive: true })
const folder = mkdtempSync(join(projectRoot, '.data/backup-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const ACCESS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' }
const KEYS = readKeys(`# of today\n${randomBytes(32).toString('base64')}\n${randomBytes(32).toString('base64')}\n`)
const MIB = 1024 * 1024

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

t.test('requests are signed as the documentation of AWS has it', async (t) => {
  const at = new Date('2013-05-24T00:00:00Z')
  const bucket = 'https://examplebucket.s3.amazonaws.com'
  const signatureOf = (path: string, headers = {}) => signed({ method: 'GET', url: new URL(path, bucket), at, headers }, ACCESS)['authorization']?.split('Signature=')[1]
  t.equal(signatureOf('/test.txt', { range: 'bytes=0-9' }), 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41')
  t.equal(signatureOf('/?lifecycle'), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543')
  t.equal(signatureOf('/?max-keys=2&prefix=J'), '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7')
})

t.test('what is sealed opens at its place alone, as a whole, with its key', async (t) => {
  const sealedOf = async (bytes: Uint8Array, piece: number) => buffer((async function* () {
    yield* seal(pieces(bytes, piece), KEYS[0]!, 'a/place')
  })())
  const openedOf = (bytes: Uint8Array, place = 'a/place', keys = KEYS, piece = 70_000) => buffer((async function* () {
    yield* open(pieces(bytes, piece), keys, place)
  })())
  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB]) {
    const bytes = randomBytes(size)
    const sealedBytes = await sealedOf(bytes, 99_991)
    t.ok(bytes.equals(await openedOf(sealedBytes)), `${size} bytes`)
    t.ok(bytes.equals(await openedOf(sealedBytes, 'a/place', KEYS, 5 * MIB)), `${size} bytes in one piece`)
  }
  const whole = await sealedOf(randomBytes(3 * MIB), 64 * 1024)
  const HEADER = 48
  const flipped = Buffer.from(whole)
  flipped[whole.length - 5]! ^= 1
  const [first, second] = [whole.subarray(HEADER, HEADER + MIB + 16), whole.subarray(HEADER + MIB + 16, HEADER + 2 * (MIB + 16))]
  const faults: Record<string, Promise<unknown>> = {
    'a bit': openedOf(flipped), 'cut off in a chunk': openedOf(whole.subarray(0, -1)), 'cut off between chunks': openedOf(whole.subarray(0, HEADER + MIB + 16)),
    'cut off in the header': openedOf(whole.subarray(0, 20)), 'chunks changed over': openedOf(Buffer.concat([whole.subarray(0, HEADER), second, first, whole.subarray(HEADER + 2 * (MIB + 16))])),
    'another place': openedOf(whole, 'another/place'), 'another key': openedOf(whole, 'a/place', [KEYS[1]!]), 'something appended': openedOf(Buffer.concat([whole, Buffer.alloc(1)])), plain: openedOf(randomBytes(100)),
  }
  for (const [what, opened] of Object.entries(faults)) await t.rejects(opened, { name: 'EnvelopeError' }, what)
  t.throws(() => readKeys('c2hvcnQ='), { message: /32 bytes/ })
  t.throws(() => readKeys('# none'), { message: /empty/ })
})

t.test('which backups stay', async (t) => {
  const now = new Date('2026-11-21T20:00:00Z')
  const ago = (days: number, hours = 0) => nameOf(new Date(now.getTime() - (days * 24 + hours) * 3_600_000))
  const every6h = Array.from({ length: 4 * 500 }, (_, index) => ago(0, 6 * index + 1))
  const kept = [...keptOf('dump', every6h, now)].toSorted()
  const within = (from: number, to: number) => kept.filter((name) => name <= ago(from) && name > ago(to))
  t.equal(within(0, 7).length, 28, 'all of seven days')
  t.equal(within(8, 30).length, 22, 'one a day for thirty')
  t.ok(Math.abs(within(30, 366).length - 48) <= 1, 'one a week for a year')
  t.equal(within(366, 500).length, 0)
  t.same([...keptOf('dump', kept, now)].toSorted(), kept, 'what stays today stays when it is asked again')
  for (const days of [1, 6, 20, 29, 100, 300]) {
    const later = new Date(now.getTime() + days * 86_400_000)
    t.same([...keptOf('dump', kept, later)].toSorted(), [...keptOf('dump', every6h, later)].toSorted(), `and ${days} days later nothing is missing that went today`)
  }
  t.same([...keptOf('dump', [ago(900), ago(800)], now)], [ago(800)], 'the newest, whatever its age')
  t.same([...keptOf('base', [ago(20), ago(9), ago(8), ago(6), ago(1)], now)].toSorted(), [ago(8), ago(6), ago(1)], 'base: seven days, and the one from which the oldest of them is reached')
  t.same([...keptOf('base', [], now)], [])
  t.same(outdatedWal(['000000010000000000000003', '000000010000000000000004', '000000010000000000000005.partial', '00000002.history', '000000020000000000000002'], '000000010000000000000004'), ['000000010000000000000003', '000000020000000000000002'])
  t.same(outdatedWal(['000000010000000000000003'], undefined), [], 'nothing without a base backup')
  const due: [last: string | undefined, hours: number, now: string, is: boolean][] = [
    [undefined, 24, '2026-11-21T00:00:00Z', true], ['20261120T190005Z', 24, '2026-11-21T18:59:00Z', false], ['20261120T190005Z', 24, '2026-11-21T19:00:00Z', true],
    ['20261121T070100Z', 6, '2026-11-21T12:59:00Z', false], ['20261121T070100Z', 6, '2026-11-21T13:00:00Z', true], ['20261119T070100Z', 6, '2026-11-21T08:00:00Z', true],
  ]
  for (const [last, hours, at, is] of due) t.equal(isDue(last, hours, new Date(at)), is, `${last} at ${at}`)
})

for (const kind of ['folder', 'bucket'] as const) {
  t.test(`a ${kind} has what was put into it as a whole, or not at all`, async (t) => {
    const bucket = await startS3(ACCESS)
    t.teardown(() => bucket.stop())
    const place = join(folder, 'store')
    const store = kind === 'folder' ? openStore(place, undefined) : openStore('s3://backups/of us', { ...ACCESS, endpoint: bucket.endpoint })
    const large = randomBytes(18 * MIB)
    const { sizeBytes } = await store.put('dump/one/large', pieces(large, 900_001))
    t.equal(sizeBytes, large.length)
    t.ok(large.equals(await buffer(await store.get('dump/one/large'))))
    for (const name of ['dump/one/manifest.json', 'dump/two/manifest.json', 'wal/000000010000000000000001', 'empty']) await store.put(name, one(Buffer.from(name === 'empty' ? '' : name)))
    t.same(await store.list('dump/'), ['dump/one/large', 'dump/one/manifest.json', 'dump/two/manifest.json'])
    await store.put('dump/one/manifest.json', one(Buffer.from('anew')))
    t.equal(await text(await store.get('dump/one/manifest.json')), 'anew')
    t.equal(await text(await store.get('empty')), '')
    await store.remove('dump/one/manifest.json')
    await t.rejects(store.get('dump/one/manifest.json'), NotInStore)
    const broken = (bytes: number) => (async function* () {
      yield* pieces(randomBytes(bytes), MIB)
      throw new Error('pg_dump ended with 1')
    })()
    for (const bytes of [MIB, 17 * MIB]) await t.rejects(store.put('dump/three/database.dump', broken(bytes)), { message: 'pg_dump ended with 1' })
    t.same(await store.list('dump/three'), [])
    t.equal(bucket.openUploads(), 0, 'no upload is left open')
    if (kind === 'folder') {
      t.same(readdirSync(join(place, 'dump/three')), [], 'nothing half is left')
      return
    }
    bucket.failNext(3)
    await store.put('retried', one(Buffer.from('it')))
    t.equal(await text(await store.get('retried')), 'it', 'a bucket that is unwell is asked again')
    const stranger = openStore('s3://backups', { ...ACCESS, secretAccessKey: 'wrong', endpoint: bucket.endpoint })
    await t.rejects(stranger.list(''), { name: 'S3Error', message: 'the bucket answered 403 SignatureDoesNotMatch to GET /backups' })
    t.notOk(JSON.stringify(bucket.asked).includes(ACCESS.secretAccessKey))
  })
}

t.test('a backup is read back by its manifest, and what has none is no backup', async (t) => {
  const said: Record<string, unknown>[] = []
  const place: Place = { store: openStore(join(folder, 'backups'), undefined), keys: KEYS, log: (event) => void said.push(event) }
  const put = async (name: string) => {
    const path = `dump/${name}/database.dump`
    const stored = await place.store.put(path, seal(one(Buffer.from('a dump')), KEYS[0]!, path))
    const manifest: Manifest = { kind: 'dump', name, startedAt: '2026-11-21T00:00:00Z', endedAt: '2026-11-21T00:00:02Z', durationSeconds: 2, path, ...stored, sealedWith: KEYS[0]!.id, schema: 47, walFrom: '000000010000000000000001' }
    await place.store.put(`dump/${name}/manifest.json`, one(Buffer.from(JSON.stringify(manifest))))
    return manifest
  }
  const manifest = await put('20261121T000000Z')
  await put('20240101T000000Z')
  await place.store.put('dump/20261120T120000Z/database.dump', one(Buffer.from('half')))
  t.same((await findBackups(place, 'dump')).map(({ name }) => name), ['20240101T000000Z', '20261121T000000Z'])
  t.equal((await buffer(contentOf(place, manifest))).toString(), 'a dump')
  await t.rejects(buffer(contentOf(place, { ...manifest, sha256: 'another' })), { message: /the checksum is not the one of the manifest/ })
  await claimStore(place, '1')
  await claimStore(place, '1')
  await t.rejects(claimStore(place, '2'), { message: /the backups of another cluster/ })
  t.match(metricsOf([manifest, undefined], new Date(5000)), /last_success_timestamp_seconds\{kind="dump"\} 1795219200\nhalobestie_backup_last_success_timestamp_seconds\{kind="wal"\} 5\n/)
  await prune(place, new Date('2026-11-21T10:00:00Z'))
  t.same(await place.store.list('dump/'), ['dump/20261120T120000Z/database.dump', 'dump/20261121T000000Z/database.dump', 'dump/20261121T000000Z/manifest.json'], 'what was left half done may still be under way')
  await prune(place, new Date('2026-11-22T13:00:00Z'))
  t.same(await place.store.list('dump/2026112'), ['dump/20261121T000000Z/database.dump', 'dump/20261121T000000Z/manifest.json'], 'a day later it is not')
})

t.test('a file of the log that is not there ends recovery; one that can not be read stops it', async (t) => {
  const place: Place = { store: openStore(join(folder, 'wal-store'), undefined), keys: KEYS, log: () => {} }
  mkdirSync(join(folder, 'wal-store'))
  const destination = join(folder, 'fetched')
  t.equal(await fetchWal(place, '000000010000000000000001', destination), false)
  await place.store.put('wal/000000010000000000000001', one(randomBytes(200)))
  await t.rejects(fetchWal(place, '000000010000000000000001', destination), { name: 'EnvelopeError' })
  t.notOk(existsSync(destination))
  const run = (...args: string[]) => spawnSync('bash', [join(projectRoot, 'docker/backup.sh'), ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'], BACKUP_STORE: join(folder, 'wal-store'), BACKUP_PLAIN: 'true', BACKUP_DATABASE_URL: 'postgres://u:very-secret@127.0.0.1:1/x' } })
  const get = (name: string) => spawnSync(process.execPath, [join(projectRoot, 'backend/backup.ts'), 'wal-get', name, destination], { env: { BACKUP_STORE: join(folder, 'wal-store'), BACKUP_PLAIN: 'true' } }).status
  t.equal(get('000000010000000000000009'), 1)
  t.equal(get('000000010000000000000001'), 200, 'sealed, and no key')
  const dump = run('dump')
  t.equal(dump.status, 1)
  t.match(JSON.parse(dump.stderr.trim()), { event: 'failed', command: 'dump', problem: /ECONNREFUSED/ })
  t.notMatch(dump.stderr, /very-secret/)
  t.equal(run('sideways').status, 2)
  t.equal(run('list').status, 0)
})

t.test('the scripts are what bash reads, and no URL stands among the arguments of a program', async (t) => {
  for (const name of ['backup.sh', 'restore.sh']) {
    execFileSync('bash', ['-n', join(projectRoot, 'docker', name)])
    const script = readFileSync(join(projectRoot, 'docker', name), 'utf8')
    for (const word of script.match(/^ {2}\S.*\b[a-z-]+\.ts ([a-z-]+)/gm) ?? []) t.ok(readFileSync(join(projectRoot, 'backend/backup.ts'), 'utf8').includes(`'${word.split(' ').at(-1)}'`), word)
  }
  t.same(libpqEnv('postgres://us%40er:p%2Fw@db.example:5433/halo?sslmode=verify-full'), { PGHOST: 'db.example', PGPORT: '5433', PGUSER: 'us@er', PGPASSWORD: 'p/w', PGDATABASE: 'halo', PGSSLMODE: 'verify-full', PGAPPNAME: 'halobestie-backup' })
  t.match(libpqEnv('postgres://u@%2Fvar%2Frun%2Fpostgresql/halo'), { PGHOST: '/var/run/postgresql' })
})
