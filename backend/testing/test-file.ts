import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { Parser, type Result } from 'tap-parser'
import { projectRoot } from './servers/processes.ts'

const DUMP_GRACE_MS = 3000
/** A process whose files are done has nothing left to do but close what keeps itself alive for a moment. */
const END_MS = 15_000
const MAX_OUTPUT = 200_000

export type Failure = { name: string; detail: string }
export type FileReport = {
  file: string
  /** Single assertions, not the subtests around them. */
  passed: number
  failed: number
  skipped: number
  failures: Failure[]
  durationMs: number
  /** What the file printed besides its results. */
  output: string
}

/** What a test process is told: a file, then another one, then that there are no more. */
export type FileToRun = { file: string; url: string }
export const NO_MORE = 'no more'
/** The name of the empty test that stands behind a file's own, and the comment behind that. */
export const endOfFile = (file: string): string => `end of ${file}`

/** A process that runs test files one after the other. */
export type TestProcess = {
  /** One at a time. A file that does not end in time, or ends the process, has failed. */
  run(file: string, timeoutMs: number): Promise<FileReport>
  /** False once a file has ended it. */
  isUsable(): boolean
  /** Lets it end by itself; answers what is to be said against the files that it ran: handles left open, what failed after a file's end. */
  end(withinMs?: number): Promise<Failure | undefined>
}

const running = new Set<ChildProcess>()

/** Ends every test file and whatever it started in its group. */
export function killTestFiles(): void {
  for (const child of running) killGroup(child, 'SIGKILL')
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The whole group is gone already.
  }
}

function describe(result: Result): Failure {
  const { diff, stack, at, source: _source, ...rest } = (result.diag ?? {}) as { diff?: string; stack?: string; at?: { fileName?: string; lineNumber?: number; columnNumber?: number }; source?: string }
  const place = at?.fileName ? [`at ${at.fileName}:${at.lineNumber}:${at.columnNumber}`] : []
  const extra = Object.keys(rest).length > 0 ? [JSON.stringify(rest, null, 2)] : []
  return { name: result.fullname, detail: [...place, diff, ...extra, stack].filter((part) => part !== undefined && part !== '').join('\n') }
}

/** Starts a process, and a process group of its own, for test files. */
export function startTestProcess(env: NodeJS.ProcessEnv): TestProcess {
  const args = [join(projectRoot, 'backend/testing/test-process.ts')]
  // The limit on time is the runner's: tap's would be one for all files together.
  const child = spawn(process.execPath, args, { cwd: projectRoot, env: { ...env, TAP: '1', TAP_TIMEOUT: '0' }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  running.add(child)
  const ran: string[] = []
  /** What no file's report holds: it came when that file was over. */
  const afterwards = emptyReport('')
  let report = afterwards
  let ending = ''
  let haveAllPassed = true
  let reportEnd: (problem: string) => void = () => {}
  let isUsable = true
  const print = (text: string) => (report.output = (report.output + text).slice(-MAX_OUTPUT))

  const parser = new Parser()
  const isMarker = (result: Result) => result.fullname.startsWith(endOfFile(''))
  parser.on('pass', (result) => {
    if (!isMarker(result)) report.passed++
  })
  parser.on('skip', (result) => {
    if (!isMarker(result)) report.skipped++
  })
  parser.on('todo', () => report.skipped++)
  parser.on('fail', (result) => {
    report.failed++
    report.failures.push(describe(result))
  })
  parser.on('extra', (text) => print(text))
  child.stderr!.setEncoding('utf8').on('data', print)
  // The parser holds back a comment until it knows what follows it.
  createInterface(child.stdout!).on('line', (line) => {
    parser.write(`${line}\n`)
    if (line === `# ${endOfFile(report.file)}`) reportEnd('')
  })

  const { promise: ended, resolve } = Promise.withResolvers<void>()
  child.once('error', (error) => {
    isUsable = false
    reportEnd(error.message)
    resolve()
  })
  child.once('exit', (code, signal) => {
    isUsable = false
    // What it left behind would keep the pipes open, and the machine busy.
    killGroup(child, 'SIGKILL')
    child.once('close', () => {
      running.delete(child)
      ending = signal ? `ended by ${signal}` : `exit code ${code}`
      reportEnd(ending)
      resolve()
    })
  })
  const endWithin = (timeoutMs: number) => {
    // tap answers this signal with the tests that are unfinished.
    const alarm = setTimeout(() => child.kill('SIGALRM'), timeoutMs)
    const kill = setTimeout(() => killGroup(child, 'SIGKILL'), timeoutMs + DUMP_GRACE_MS)
    return () => {
      clearTimeout(alarm)
      clearTimeout(kill)
    }
  }

  return {
    isUsable: () => isUsable,
    async run(file, timeoutMs) {
      const startedMs = performance.now()
      const own = emptyReport(file)
      report = own
      ran.push(file)
      const { promise, resolve: finish } = Promise.withResolvers<string>()
      reportEnd = finish
      const inTime = endWithin(timeoutMs)
      const expiry = setTimeout(() => (isUsable = false), timeoutMs)
      child.send({ file, url: pathToFileURL(join(projectRoot, file)).href } satisfies FileToRun)
      const problem = await promise
      clearTimeout(expiry)
      // One that was told to end still says how far it came.
      if (!isUsable) await ended
      inTime()
      own.durationMs = performance.now() - startedMs
      const fail = (name: string) => own.failures.push({ name, detail: '' }) && own.failed++
      if (own.durationMs >= timeoutMs) fail(`not finished after ${Math.round(timeoutMs / 1000)} s (tests that wait, or handles left open)`)
      else if (problem !== '' && own.failed === 0) fail(`the file crashed: ${problem}`)
      else if (own.passed + own.failed === 0) fail('no assertion was made')
      if (own.failed > 0) haveAllPassed = false
      report = afterwards
      return own
    },
    async end(withinMs = END_MS) {
      const inTime = endWithin(withinMs)
      let isLate = false
      const late = setTimeout(() => (isLate = true), withinMs)
      // A channel that this side closes is never told closed.
      if (isUsable) child.send(NO_MORE)
      await ended
      clearTimeout(late)
      inTime()
      const against = (what: string, detail = '') => ({ name: `one of these ${what}: ${ran.join(', ')}`, detail: `${detail}${afterwards.output}` })
      if (isLate) return against('left handles open')
      if (afterwards.failed > 0) return against('failed after its end', afterwards.failures.map(({ name, detail }) => `${name}\n${detail}\n`).join(''))
      // tap's own exit code says that something failed: where it is in no report, it is nobody else's either.
      return haveAllPassed && ending !== 'exit code 0' ? against(`ended the process (${ending})`) : undefined
    },
  }
}

function emptyReport(file: string): FileReport {
  return { file, passed: 0, failed: 0, skipped: 0, failures: [], durationMs: 0, output: '' }
}

/** Runs one test file in a process of its own. */
export async function runTestFile(file: string, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<FileReport> {
  const own = startTestProcess(env)
  const report = await own.run(file, timeoutMs)
  const left = await own.end(Math.min(END_MS, timeoutMs))
  if (!left) return report
  return { ...report, failed: report.failed + 1, failures: [...report.failures, left] }
}
