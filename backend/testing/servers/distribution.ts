import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { accessSync, constants, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { errorCode, projectRoot, readText, ServerUnavailable } from './processes.ts'

/** A program, and the folders of the libraries that came with it (empty: the system's own). */
export type Program = { path: string; libraryPath: string }

const TOOLS = join(projectRoot, '.data/tools')

/** The first of these programs that is on the PATH. */
export function onPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  })
}

/** Whether it can tell its version: a library that it lacks, or a stand-in for another installer, shows here. */
export function works(program: Program): boolean {
  return spawnSync(program.path, ['--version'], { env: { ...process.env, LD_LIBRARY_PATH: program.libraryPath } }).status === 0
}

/** Where what was fetched for `tool` lives. */
export function toolFolder(tool: string): string {
  return join(TOOLS, tool)
}

/** What was fetched for `tool` before. */
export function fetchedBefore(tool: string): Program | undefined {
  const text = readText(join(TOOLS, tool, 'program.json'))
  if (!text) return undefined
  const { path, folders } = JSON.parse(text) as { path: string; folders: string[] }
  return { path: join(TOOLS, tool, path), libraryPath: folders.map((folder) => join(TOOLS, tool, folder)).join(delimiter) }
}

/**
 * One try: packages of the distribution (with what they need, unless the program needs nothing and is fetched `alone`),
 * and the program that one of them brings. What it looks for beside itself is in `beside`: that is fetched even where the
 * system has it, elsewhere. With `source`, a line of apt's sources, they come from there instead, alone: for a program of
 * a later release that needs no more than a C library.
 */
export type Try = { packages: readonly string[]; program: string; beside?: readonly string[]; alone?: boolean; source?: string }

/**
 * Downloads packages with apt and unpacks them under `.data/tools`, so that nothing of the system is touched and nobody
 * has to be root. Tries one after the other until one does what it is for. Throws ServerUnavailable, with a line that
 * begins with `missing`.
 */
export function fetchProgram(tool: string, missing: string, tries: readonly Try[], isGood: (program: Program) => boolean = works): Program {
  const [cache, work] = [join(TOOLS, tool), join(TOOLS, `${tool}.${process.pid}`)]
  try {
    mkdirSync(work, { recursive: true })
  } catch (error) {
    throw new ServerUnavailable(`cannot write to ${TOOLS} (${errorCode(error)})`)
  }
  try {
    const found = fetchInto(work, missing, tries, isGood)
    writeFileSync(join(work, 'program.json'), JSON.stringify(found))
    for (const folder of ['apt', 'apt-other', 'debs']) rmSync(join(work, folder), { recursive: true, force: true })
    rmSync(cache, { recursive: true, force: true })
    renameSync(work, cache)
  } catch (error) {
    // Another process may have been faster: what it fetched is as good.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  const program = fetchedBefore(tool)
  if (!program) throw new ServerUnavailable(`what was fetched disappeared from ${cache}: try again`)
  return program
}

function fetchInto(work: string, missing: string, tries: readonly Try[], isGood: (program: Program) => boolean): { path: string; folders: string[] } {
  const unpacked = join(work, 'root')
  const settings = aptSettings(join(work, 'apt'))
  // A source of somebody else's that fails must not keep us from the distribution's own: the next step tells whether it sufficed.
  const update = run('apt-get', [...settings, '-qq', 'update'], work)
  if (update.error) throw new ServerUnavailable(`${missing}, and it can't be fetched without apt-get: install one`)
  for (const { packages, program, beside = [], source, alone = source !== undefined } of tries) {
    const own = source === undefined ? settings : aptSettings(join(work, 'apt-other'), source)
    if (source !== undefined) run('apt-get', [...own, '-qq', 'update'], work)
    const plan = run('apt-get', [...own, '-s', '--no-install-recommends', 'install', ...packages], work)
    const wanted = alone ? packages : [...new Set([...plan.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '').concat(beside))]
    if (plan.status !== 0 || wanted.length === 0) continue
    // What a try before left would lie over this one's.
    for (const folder of ['debs', 'root']) {
      rmSync(join(work, folder), { recursive: true, force: true })
      mkdirSync(join(work, folder))
    }
    if (run('apt-get', [...own, '-qq', 'download', ...wanted], join(work, 'debs')).status !== 0) continue
    for (const deb of readdirSync(join(work, 'debs'))) run('dpkg', ['-x', join(work, 'debs', deb), unpacked], work)
    const path = join(unpacked, program)
    const folders = foldersWithLibraries(unpacked)
    if (isGood({ path, libraryPath: folders.join(delimiter) })) return { path: relative(work, path), folders: folders.map((folder) => relative(work, folder)) }
  }
  const reason = update.stderr.trim().split('\n').find((line) => /^[EW]:/.test(line)) ?? `none of the packages ${tries.map(({ packages }) => packages[0]).join(', ')} of the configured sources works here`
  throw new ServerUnavailable(`${missing}, and it could not be fetched (${reason}): install one`)
}

/** Apt in a folder of its own; with `source`, as if nothing were installed and no other source configured. */
function aptSettings(folder: string, source?: string): string[] {
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true })
  const files = { list: join(folder, 'sources.list'), status: join(folder, 'status') }
  if (source !== undefined) {
    writeFileSync(files.list, `${source}\n`)
    writeFileSync(files.status, '')
  }
  return Object.entries({
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::State::status': source === undefined ? '/var/lib/dpkg/status' : files.status,
    ...(source === undefined ? {} : { 'Dir::Etc::sourcelist': files.list, 'Dir::Etc::sourceparts': '-' }),
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

function run(command: string, args: string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 600_000, maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } })
}

function foldersWithLibraries(root: string, folder = root): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const own = entries.some((entry) => entry.name.includes('.so')) ? [folder] : []
  return [...own, ...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => foldersWithLibraries(root, join(folder, entry.name)))]
}
