import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { sealed, type Place } from './backups.ts'
import { open } from './envelope.ts'
import { NotInStore } from './store.ts'
import { libpqEnv, output, start } from './tools.ts'

const SEGMENT = /^[0-9A-F]{24}$/
const PARTIAL = /^[0-9A-F]{24}\.partial$/
const HISTORY = /^[0-9A-F]{8}\.history$/
const SHIP_EVERY_MS = 2000

export type WalOptions = {
  url: string
  /** Where what arrives lies until it is shipped. */
  spool: string
  /** How old the segment that is still being written may be in the store. */
  partialSeconds: number
  /** The timeline that the server is on: eight digits. */
  timeline: string
  stopping: AbortSignal
  onShipped: (at: Date) => Promise<void>
}

/**
 * Receives the write-ahead log as it is written, through a slot (what was not received stays with the server), and ships
 * it: whole segments at once, the one that is being written every `partialSeconds`. Runs until it is stopped; throws when
 * the receiver ends by itself.
 */
export async function streamWal(place: Place, options: WalOptions): Promise<void> {
  const slot = ['--slot=halobestie_backup', '--no-password']
  const env = libpqEnv(options.url)
  await mkdir(options.spool, { recursive: true, mode: 0o700 })
  const shipper = createShipper(place, options)
  await shipper.clearOther()
  await output('pg_receivewal', [...slot, '--create-slot', '--if-not-exists'], env)
  const receiver = start('pg_receivewal', [...slot, '--directory', options.spool, '--synchronous', '--status-interval=5'], { env })
  let failed: unknown
  receiver.done.catch((error: unknown) => (failed = error))
  try {
    while (!options.stopping.aborted) {
      if (receiver.child.exitCode !== null || receiver.child.signalCode !== null) throw failed ?? new Error('pg_receivewal ended')
      await shipper.ship()
      await sleep(SHIP_EVERY_MS, undefined, { signal: options.stopping }).catch(() => {}) // stopped: the loop sees it
    }
  } finally {
    receiver.child.kill('SIGINT')
    await receiver.done.catch(() => {}) // ended by us
    await shipper.ship(true)
  }
}

function createShipper(place: Place, options: WalOptions) {
  let partial = { name: '', changedMs: 0, shippedMs: 0 }
  let isFailing = false
  const put = async (file: string, name: string) => {
    await place.store.put(`wal/${name}`, sealed(place, pipeline(createReadStream(file), createZstdCompress(), () => {}), `wal/${name}`))
  }
  /** Answers up to when all that had arrived is in the store. */
  const shipAll = async (withPartial: boolean): Promise<Date> => {
    let upTo = Date.now()
    for (const name of (await readdir(options.spool)).toSorted()) {
      const file = join(options.spool, name)
      if (SEGMENT.test(name) || HISTORY.test(name)) {
        await put(file, name)
        if (SEGMENT.test(name)) await place.store.remove(`wal/${name}.partial`)
        await rm(file)
      } else if (PARTIAL.test(name)) {
        const changedMs = (await stat(file)).mtimeMs
        const isNew = partial.name !== name || partial.changedMs !== changedMs
        if (!isNew) continue
        if (!withPartial && partial.name === name && Date.now() - partial.shippedMs < options.partialSeconds * 1000) {
          upTo = partial.shippedMs
          continue
        }
        const shippedMs = Date.now()
        await put(file, name)
        partial = { name, changedMs, shippedMs }
      }
    }
    return new Date(upTo)
  }
  return {
    /** What is left of another timeline is shipped and taken away: a server that was restored to before it would refuse to go on from there. */
    async clearOther() {
      const other = (await readdir(options.spool)).filter((name) => (SEGMENT.test(name) || PARTIAL.test(name)) && !name.startsWith(options.timeline))
      for (const name of other) {
        await put(join(options.spool, name), name)
        await rm(join(options.spool, name))
      }
    },
    /** A store that is away is told once and tried again: the spool keeps what it did not take. */
    async ship(withPartial = false) {
      try {
        const at = await shipAll(withPartial)
        if (isFailing) place.log({ event: 'wal_shipped_again' })
        isFailing = false
        await options.onShipped(at)
      } catch (error) {
        // The receiver gave a segment its name meanwhile: the next look finds it.
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
        if (!isFailing) place.log({ event: 'wal_not_shipped', level: 'error', problem: error instanceof Error ? error.message : String(error) })
        isFailing = true
      }
    },
  }
}

/** Fetches a file of the log for Postgres' `restore_command`. Answers false where the store has none: recovery ends there. */
export async function fetchWal(place: Place, name: string, destination: string): Promise<boolean> {
  for (const path of SEGMENT.test(name) ? [`wal/${name}`, `wal/${name}.partial`] : [`wal/${name}`]) {
    try {
      const stored = await place.store.get(path)
      const plain = place.keys.length > 0 ? open(stored, place.keys, path) : stored
      await writeFile(`${destination}.fetched`, pipeline(plain, createZstdDecompress(), () => {}))
      await rename(`${destination}.fetched`, destination)
      return true
    } catch (error) {
      if (!(error instanceof NotInStore)) throw error
    }
  }
  return false
}
