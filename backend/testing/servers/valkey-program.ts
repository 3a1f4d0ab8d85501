import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { errorCode, projectRoot, readText, ServerUnavailable } from './processes.ts'

/** The server's program, and the folders of the libraries that came with it (empty: the system's own). */
export type ValkeyProgram = { path: string; libraryPath: string }

const PROGRAMS = ['valkey-server', 'redis-server']
const TOOLS = join(projectRoot, '.data/tools')
const CACHE = join(TOOLS, 'valkey')
/** How a test runner hands what it found to its test files. */
export const PROGRAM_VARIABLE = 'TEST_VALKEY_PROGRAM'

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  })
}

function works(program: ValkeyProgram): boolean {
  return spawnSync(program.path, ['--version'], { env: { LD_LIBRARY_PATH: program.libraryPath } }).status === 0
}

function cached(): ValkeyProgram | undefined {
  const text = readText(join(CACHE, 'program.json'))
  if (!text) return undefined
  const { path, folders } = JSON.parse(text) as { path: string; folders: string[] }
  return { path: join(CACHE, path), libraryPath: folders.map((folder) => join(CACHE, folder)).join(delimiter) }
}

function run(command: string, args: string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000, maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } })
}

function foldersWithLibraries(root: string, folder = root): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const own = entries.some((entry) => entry.name.includes('.so')) ? [folder] : []
  return [...own, ...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => foldersWithLibraries(root, join(folder, entry.name)))]
}

/** Downloads the server with apt into `work` and unpacks it there, so that nothing of the system is touched and nobody has to be root. */
function fetchInto(work: string): { path: string; folders: string[] } {
  const unpacked = join(work, 'root')
  for (const folder of ['apt/lists/partial', 'apt/cache/archives/partial', 'debs', 'root']) mkdirSync(join(work, folder), { recursive: true })
  const settings = Object.entries({
    'Dir::State::lists': join(work, 'apt/lists'),
    'Dir::Cache': join(work, 'apt/cache'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  // A source of somebody else's that fails must not keep us from the distribution's own: the next step tells whether it sufficed.
  const update = run('apt-get', [...settings, '-qq', 'update'], work)
  if (update.error) throw new ServerUnavailable(`no valkey-server or redis-server is installed, and it can't be fetched without apt-get: install one`)
  for (const name of PROGRAMS) {
    const plan = run('apt-get', [...settings, '-s', '--no-install-recommends', 'install', name], work)
    const missing = [...plan.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '')
    if (plan.status !== 0 || missing.length === 0) continue
    if (run('apt-get', [...settings, '-qq', 'download', ...missing], join(work, 'debs')).status !== 0) continue
    for (const deb of readdirSync(join(work, 'debs'))) run('dpkg', ['-x', join(work, 'debs', deb), unpacked], work)
    const path = join(unpacked, 'usr/bin', name)
    const folders = foldersWithLibraries(unpacked)
    if (existsSync(path) && works({ path, libraryPath: folders.join(delimiter) })) {
      return { path: relative(work, path), folders: folders.map((folder) => relative(work, folder)) }
    }
  }
  const reason = update.stderr.trim().split('\n').find((line) => /^[EW]:/.test(line)) ?? 'no package valkey-server or redis-server in the configured sources'
  throw new ServerUnavailable(`no valkey-server or redis-server is installed, and it could not be fetched (${reason}): install one`)
}

function fetchProgram(): ValkeyProgram {
  const work = `${CACHE}.${process.pid}`
  try {
    mkdirSync(work, { recursive: true })
  } catch (error) {
    throw new ServerUnavailable(`cannot write to ${TOOLS} (${errorCode(error)})`)
  }
  try {
    const found = fetchInto(work)
    writeFileSync(join(work, 'program.json'), JSON.stringify(found))
    for (const folder of ['apt', 'debs']) rmSync(join(work, folder), { recursive: true, force: true })
    rmSync(CACHE, { recursive: true, force: true })
    renameSync(work, CACHE)
  } catch (error) {
    // Another process may have been faster: what it fetched is as good.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  const program = cached()
  if (!program) throw new ServerUnavailable(`the fetched server disappeared from ${CACHE}: try again`)
  return program
}

/** Finds a Valkey (or Redis 7) server: handed over by a runner, on PATH, fetched before, else fetched now. Throws ServerUnavailable. */
export function findValkey(): ValkeyProgram {
  const handed = process.env[PROGRAM_VARIABLE]
  if (handed) return JSON.parse(handed) as ValkeyProgram
  for (const name of PROGRAMS) {
    const path = onPath(name)
    if (path) return { path, libraryPath: '' }
  }
  const before = cached()
  return before && works(before) ? before : fetchProgram()
}
