// npm test [-- <path or part of a path> …]: brings a Postgres and a Valkey of its own and runs the test files on them.
// npm run test:containers (--containers): the image and compose.yaml on a Docker engine; needs neither of the two.
// npm run test:browser (--browser): the same with a browser and the built control center; --screenshots takes the pictures of its documentation.
// The totals are single assertions; a file that crashed, hung or asserted nothing counts as one that failed.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, lstatSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareContainers, removeContainers } from './containers/engine.ts'
import { prepareTemplate } from './template.ts'
import { discardPostgres, startPostgres, type Postgres } from './servers/postgres.ts'
import { errorCode, identify, isAlive, isRunning, projectRoot, readText, ServerUnavailable } from './servers/processes.ts'
import { CHROMIUM_VARIABLE, findChromium } from './servers/chromium-program.ts'
import { findValkey, PROGRAM_VARIABLE } from './servers/valkey-program.ts'
import { killTestFiles, startTestProcess, type FileReport } from './test-file.ts'

type Kind = {
  files: string
  /** For what hangs: some files start a replica five times, which a busy machine takes half a minute for. */
  fileTimeoutMs: number
  processes: number
  /** Loading the product costs as much as a small file; a process that lives for ever would hide what leaks between files. */
  filesAProcess: number
  /** What its files leave running for each other is ended when the last one is done. */
  endWithinMs?: number
  /** Brings what only these files need; answers their variables. */
  prepare?: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>
  /** Takes away what `prepare` and the files brought. */
  clear?: () => void
  /** False: without a Postgres and a Valkey of the runner. */
  servers?: boolean
}
/** Most of a test's time is waiting for Postgres, Valkey and sockets: one more than there are cores. */
const TESTS: Kind = { files: 'backend/**/*.test.ts', fileTimeoutMs: 480_000, processes: availableParallelism() + 1, filesAProcess: 12 }
/** Each process has one browser and one running product for all its files. */
const BROWSER: Kind = { files: 'control-center/tests/**/*.browser.ts', fileTimeoutMs: 600_000, processes: 2, filesAProcess: Infinity, endWithinMs: 60_000, prepare: prepareBrowser }
/** One after the other: each brings up the whole product. */
const CONTAINERS: Kind = { files: 'backend/testing/containers/*.containers.ts', fileTimeoutMs: 1_500_000, processes: 1, filesAProcess: 1, endWithinMs: 60_000, prepare: prepareContainers, clear: removeContainers, servers: false }
const SCREENSHOTS: Kind = { ...BROWSER, files: 'control-center/tests/screenshots.ts' }
const DATA = join(projectRoot, '.data')
const TIMES = join(DATA, 'test-times.json')
/** The data of test databases, which are made and dropped all the time: in memory where there is room for it. */
const MEMORY = join('/dev/shm', `halobestie-tests-${process.getuid?.() ?? 0}`)
const MEMORY_LEAST_BYTES = 2 * 1024 ** 3
const TMPFS = 0x0102_1994
let interrupted = false

function prepareBrowser(): NodeJS.ProcessEnv {
  const chromium = findChromium()
  const build = spawnSync(process.execPath, [join(projectRoot, 'control-center/build.ts')], { cwd: projectRoot, stdio: 'inherit' })
  if (build.status !== 0) throw new ServerUnavailable('the control center could not be built')
  return { [CHROMIUM_VARIABLE]: JSON.stringify(chromium) }
}

function chooseFiles(kind: Kind, filters: string[]): string[] {
  const all = globSync(kind.files, { cwd: projectRoot }).toSorted()
  const wanted = filters.map((filter) => filter.replace(`${projectRoot}/`, '').replace(/^\.\//, ''))
  const unknown = wanted.filter((filter) => !all.some((file) => file.includes(filter)))
  if (unknown.length > 0) throw new ServerUnavailable(`no test file matches ${unknown.join(', ')}`)
  return wanted.length === 0 ? all : all.filter((file) => wanted.some((filter) => file.includes(filter)))
}

/** Longest first, by the last run: the tail of a run is then short. */
function inOrder(files: string[], times: Record<string, number>): string[] {
  return files.toSorted((left, right) => (times[right] ?? Infinity) - (times[left] ?? Infinity) || left.localeCompare(right))
}

function hasMemory(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync('/dev/shm')
    if (type !== TMPFS || bavail * bsize < MEMORY_LEAST_BYTES) return false
    mkdirSync(MEMORY, { recursive: true, mode: 0o755 })
    // Everybody may write to /dev/shm.
    return lstatSync(MEMORY).isDirectory() && lstatSync(MEMORY).uid === process.getuid?.()
  } catch {
    return false
  }
}

async function removeLeftovers(base: string): Promise<void> {
  for (const name of existsSync(base) ? readdirSync(base) : []) {
    const pid = Number(/^test-(\d+)$/.exec(name)?.[1])
    const runner = readText(join(base, name, 'runner'))
    // A runner that has just begun has a folder before it has signed it.
    if (!pid || (runner ? isRunning(runner) : isAlive(pid))) continue
    await discardPostgres(join(base, name, 'postgres'))
    rmSync(join(base, name), { recursive: true, force: true })
  }
}

function printReport(report: FileReport, withOutput: boolean): void {
  const time = `${(report.durationMs / 1000).toFixed(1)} s`
  const skipped = report.skipped > 0 ? `, ${report.skipped} skipped` : ''
  console.log(`${report.failed === 0 ? 'ok  ' : 'FAIL'} ${report.file}  ${report.passed + report.failed} assertions${skipped}, ${time}`)
  for (const { name, detail } of report.failures) console.log(`       ✗ ${name}${detail ? `\n${detail.replaceAll(/^/gm, '           ')}` : ''}`)
  if ((report.failed > 0 || withOutput) && report.output.trim()) console.log(`       printed:\n${report.output.trimEnd().replaceAll(/^/gm, '       | ')}`)
}

function readTimes(): Record<string, number> {
  try {
    return JSON.parse(readText(TIMES) ?? '{}') as Record<string, number>
  } catch {
    // Two runs wrote it at once: it only orders the files.
    return {}
  }
}

async function runAll(kind: Kind, files: string[], env: NodeJS.ProcessEnv): Promise<FileReport[]> {
  const queue = [...files]
  const reports: FileReport[] = []
  const add = (report: FileReport) => {
    reports.push(report)
    printReport(report, files.length === 1)
  }
  const worker = async (_: unknown, job: number) => {
    while (queue.length > 0) {
      const own = startTestProcess({ ...env, TAP_JOB_ID: String(job) })
      for (let run = 0; run < kind.filesAProcess && own.isUsable() && queue.length > 0; run++) {
        const report = await own.run(queue.shift()!, kind.fileTimeoutMs)
        if (interrupted) return
        add(report)
      }
      const left = await own.end(kind.endWithinMs)
      if (interrupted) return
      if (left) add({ file: 'backend/testing/test-process.ts', passed: 0, failed: 1, skipped: 0, failures: [left], durationMs: 0, output: '' })
    }
  }
  await Promise.all(Array.from({ length: kind.processes }, worker))
  return reports
}

function printTotals(reports: FileReport[], startedMs: number): void {
  const failedFiles = reports.filter((report) => report.failed > 0)
  if (failedFiles.length > 0 && reports.length > 1) {
    console.log('\nfailed:')
    for (const { file, failures } of failedFiles) for (const { name } of failures) console.log(`  ${file}: ${name}`)
  }
  const sum = (pick: (report: FileReport) => number) => reports.reduce((total, report) => total + pick(report), 0)
  const skipped = sum((report) => report.skipped)
  console.log(`\n${reports.length} files in ${((performance.now() - startedMs) / 1000).toFixed(1)} s${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  console.log(`${sum((report) => report.passed)} passed, ${sum((report) => report.failed)} failed`)
  if (failedFiles.length > 0 || reports.length === 0) process.exitCode = 1
}

async function main(): Promise<void> {
  const startedMs = performance.now()
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { browser: { type: 'boolean' }, containers: { type: 'boolean' }, screenshots: { type: 'boolean' } } })
  const kind = values.screenshots ? SCREENSHOTS : values.browser ? BROWSER : values.containers ? CONTAINERS : TESTS
  const files = chooseFiles(kind, positionals)
  if (files.length === 0) throw new ServerUnavailable('there are no test files')
  const own = join(hasMemory() ? MEMORY : DATA, `test-${process.pid}`)
  try {
    mkdirSync(DATA, { recursive: true })
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'runner'), identify(process.pid) ?? '')
  } catch (error) {
    throw new ServerUnavailable(`cannot write to ${DATA} (${errorCode(error)})`)
  }
  for (const base of [DATA, MEMORY]) await removeLeftovers(base)
  let postgres: Postgres | undefined
  const end = async () => {
    killTestFiles()
    kind.clear?.()
    if (kind.servers !== false) {
      await postgres?.stop()
      await discardPostgres(join(own, 'postgres'))
    }
    rmSync(own, { recursive: true, force: true })
  }
  // npm, the bootstrap and the terminal may each deliver the same signal.
  const interrupt = (signal: NodeJS.Signals) => {
    if (interrupted) return
    interrupted = true
    void end().finally(() => process.exit(128 + constants.signals[signal]))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  try {
    const servers = kind.servers === false ? {} : { [PROGRAM_VARIABLE]: JSON.stringify(findValkey()) }
    const prepared = await kind.prepare?.()
    if (interrupted) return
    if (kind.servers !== false) {
      postgres = await startPostgres({ dataDir: join(own, 'postgres'), durable: false })
      await prepareTemplate(postgres)
    }
    // Most of a file's time is loading the product: what V8 has compiled once is kept for the next file and the next run.
    const env = { ...process.env, ...prepared, ...servers, NODE_COMPILE_CACHE: join(DATA, 'compile-cache'), ...(postgres && { TEST_DATABASE_URL: postgres.url() }) }
    const times = readTimes()
    const reports = await runAll(kind, inOrder(files, times), env)
    if (interrupted) return
    for (const report of reports) times[report.file] = Math.round(report.durationMs)
    writeFileSync(TIMES, JSON.stringify(times))
    printTotals(reports, startedMs)
  } finally {
    if (!interrupted) await end()
  }
}

try {
  await main()
} catch (error) {
  if (!interrupted) {
    console.error(error instanceof ServerUnavailable ? error.message : error)
    process.exitCode = 1
  }
}
