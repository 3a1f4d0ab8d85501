import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { z } from 'zod'
import { open, seal, type BackupKey } from './envelope.ts'
import { keptOf, nameOf, outdatedWal, type BackupKind, type BackupName } from './retention.ts'
import { NotInStore, type Store, type Stored } from './store.ts'
import { feed, libpqEnv, start } from './tools.ts'

/** What every command works with. */
export type Place = { store: Store; keys: readonly BackupKey[]; log: (event: Record<string, unknown>) => void }

const Manifest = z.object({
  kind: z.enum(['dump', 'base']), name: z.string(), startedAt: z.string(), endedAt: z.string(), durationSeconds: z.number(),
  path: z.string(), sizeBytes: z.number(), sha256: z.string(),
  /** The id of the key, or null where nothing is encrypted. */
  sealedWith: z.string().nullable(),
  /** The newest migration in it; null on a database without. */
  schema: z.number().nullable(),
  /** The segment of the write-ahead log that was written when it began. */
  walFrom: z.string(),
})
export type Manifest = z.infer<typeof Manifest>

/** The moments and facts of the database that a backup begins with. */
export type Beginning = { schema: number | null; walFrom: string }

const manifestPath = (kind: BackupKind, name: BackupName) => `${kind}/${name}/manifest.json`

/**
 * Backs a database up: its dump in Postgres' custom format, or the whole cluster as a base backup. Streamed, sealed where
 * there is a key. It counts as a backup only from when its manifest is there, which comes last, after it was read back.
 */
export async function takeBackup(place: Place, kind: BackupKind, url: string, beginning: Beginning): Promise<Manifest> {
  let startedAt = new Date()
  // Names are of a second: of two in one second the later one waits.
  while ((await place.store.list(`${kind}/${nameOf(startedAt)}/`)).length > 0) {
    await sleep(100)
    startedAt = new Date()
  }
  const name = nameOf(startedAt)
  const path = `${kind}/${name}/${kind === 'dump' ? 'database.dump' : 'base.tar.zst'}`
  const tool = kind === 'dump'
    ? start('pg_dump', ['--format=custom', '--compress=zstd:3', '--no-password', '--lock-wait-timeout=60s'], { env: libpqEnv(url), stdout: 'pipe' })
    : start('pg_basebackup', ['--pgdata=-', '--format=tar', '--wal-method=fetch', '--checkpoint=fast', '--no-password', '--label=halobestie'], { env: libpqEnv(url), stdout: 'pipe' })
  // A tool that failed closes its output like one that is done: the stream must end with its error.
  const whole = (async function* () {
    yield* tool.child.stdout!
    await tool.done
  })()
  const packed = kind === 'dump' ? whole : pipeline(whole, createZstdCompress(), () => {})
  let stored: Stored
  try {
    stored = await place.store.put(path, sealed(place, packed, path))
  } catch (error) {
    tool.child.kill()
    throw error
  }
  const endedAt = new Date()
  const manifest: Manifest = {
    kind, name, startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString(), durationSeconds: (endedAt.getTime() - startedAt.getTime()) / 1000,
    path, ...stored, sealedWith: place.keys[0]?.id ?? null, ...beginning,
  }
  await verify(place, manifest)
  await place.store.put(manifestPath(kind, name), one(Buffer.from(JSON.stringify(manifest, undefined, 2))))
  place.log({ event: 'backup_taken', kind, name, sizeBytes: stored.sizeBytes, durationSeconds: manifest.durationSeconds })
  return manifest
}

/** A store holds the log of one cluster (and of what was restored from it): another one's would have the same names. Throws where it is another's. */
export async function claimStore(place: Place, systemId: string): Promise<void> {
  try {
    const owner = await text(await place.store.get('cluster'))
    if (owner !== systemId) throw new Error(`the store has the backups of another cluster (${owner}, this one is ${systemId}): give this one a store of its own`)
  } catch (error) {
    if (!(error instanceof NotInStore)) throw error
    await place.store.put('cluster', one(Buffer.from(systemId)))
  }
}

/** Encrypts, where there is a key. */
export function sealed(place: Place, source: AsyncIterable<Uint8Array>, path: string): AsyncIterable<Uint8Array> {
  return place.keys[0] ? seal(source, place.keys[0], path) : source
}

export async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What a backup is made of (the dump, or the tar of the cluster), opened; its checksum is checked at its end: use it only after that. */
export async function* contentOf(place: Place, manifest: Manifest): AsyncGenerator<Uint8Array> {
  const stored = await place.store.get(manifest.path)
  const hash = createHash('sha256')
  const counted = (async function* () {
    for await (const piece of stored) {
      hash.update(piece)
      yield piece
    }
  })()
  const plain = manifest.sealedWith === null ? counted : open(counted, place.keys, manifest.path)
  yield* manifest.kind === 'dump' ? plain : pipeline(plain, createZstdDecompress(), () => {})
  if (hash.digest('hex') !== manifest.sha256) throw new Error(`${manifest.path}: the checksum is not the one of the manifest`)
}

const NEEDED: Record<BackupKind, RegExp> = { dump: /; .*\bdumped from\b|Dumped from database version/i, base: /(^|\n)(\.\/)?backup_label\n/ }

/** Reads a whole backup back: its checksum, its seal, and that Postgres' own tool (or tar) can list what is in it. */
export async function verify(place: Place, manifest: Manifest): Promise<void> {
  const lister = manifest.kind === 'dump' ? start('pg_restore', ['--list'], { stdin: 'pipe', stdout: 'pipe' }) : start('tar', ['--list', '--file=-'], { stdin: 'pipe', stdout: 'pipe' })
  const listed = text(lister.child.stdout!)
  try {
    await feed(lister.child, contentOf(place, manifest))
    await lister.done
  } finally {
    lister.child.kill()
  }
  if (!NEEDED[manifest.kind].test(await listed)) throw new Error(`${manifest.path}: there is no backup in it`)
}

const manifestPaths = async (place: Place, kind: BackupKind) => (await place.store.list(`${kind}/`)).filter((path) => path.endsWith('/manifest.json'))
const readManifest = async (place: Place, path: string) => Manifest.parse(JSON.parse(await text(await place.store.get(path))))

/** The whole backups of a kind, oldest first. */
export async function findBackups(place: Place, kind: BackupKind): Promise<Manifest[]> {
  return Promise.all((await manifestPaths(place, kind)).map((path) => readManifest(place, path)))
}

/** The newest of them alone: what is looked at again and again need not read a year of manifests. */
export async function findNewest(place: Place, kind: BackupKind): Promise<Manifest | undefined> {
  const path = (await manifestPaths(place, kind)).at(-1)
  return path === undefined ? undefined : readManifest(place, path)
}

/** Removes what the table of retention does not keep, what was left half done a day ago, and the log that nobody needs. */
export async function prune(place: Place, now: Date): Promise<void> {
  const removed: string[] = []
  for (const kind of ['dump', 'base'] as const) {
    const paths = await place.store.list(`${kind}/`)
    const whole = new Set(paths.flatMap((path) => /^\w+\/([^/]+)\/manifest\.json$/.exec(path)?.[1] ?? []))
    const kept = keptOf(kind, [...whole], now)
    const isOld = (name: string) => nameOf(new Date(now.getTime() - 86_400_000)) > name
    const gone = paths.filter((path) => {
      const name = path.split('/')[1] ?? ''
      return whole.has(name) ? !kept.has(name) : isOld(name)
    })
    // The manifest first: what has none is no backup.
    for (const path of gone.toSorted((left, right) => Number(right.endsWith('.json')) - Number(left.endsWith('.json')))) await place.store.remove(path)
    removed.push(...gone)
  }
  const [oldest] = await findBackups(place, 'base')
  const wal = (await place.store.list('wal/')).map((path) => path.slice('wal/'.length))
  const outdated = outdatedWal(wal, oldest?.walFrom)
  for (const file of outdated) await place.store.remove(`wal/${file}`)
  place.log({ event: 'backups_pruned', files: removed.length, walFiles: outdated.length })
}

/** For Prometheus' textfile collector: of each kind the newest whole backup; of the log, when it was shipped last. */
export function metricsOf(newest: readonly (Manifest | undefined)[], walShippedAt: Date | undefined): string {
  const lines = (name: string, help: string, value: (manifest: Manifest) => number) => [
    `# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...newest.flatMap((manifest) => (manifest ? [`${name}{kind="${manifest.kind}"} ${value(manifest)}`] : [])),
  ]
  return [
    ...lines('halobestie_backup_last_success_timestamp_seconds', 'When the newest whole backup began.', (manifest) => Date.parse(manifest.startedAt) / 1000),
    ...(walShippedAt ? [`halobestie_backup_last_success_timestamp_seconds{kind="wal"} ${walShippedAt.getTime() / 1000}`] : []),
    ...lines('halobestie_backup_size_bytes', 'How large it is, as it is stored.', (manifest) => manifest.sizeBytes),
    ...lines('halobestie_backup_duration_seconds', 'How long it took.', (manifest) => manifest.durationSeconds),
    '',
  ].join('\n')
}
