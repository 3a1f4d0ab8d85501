import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Parser, type Result } from 'tap-parser'
import { projectRoot } from './servers/processes.ts'

const DUMP_GRACE_MS = 3000
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

/** Runs one test file in a process and a process group of its own; a file that does not end in time has failed. */
export async function runTestFile(file: string, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<FileReport> {
  const startedMs = performance.now()
  const report: FileReport = { file, passed: 0, failed: 0, skipped: 0, failures: [], durationMs: 0, output: '' }
  const print = (text: string) => (report.output = (report.output + text).slice(-MAX_OUTPUT))
  const child = spawn(process.execPath, [join(projectRoot, file)], { cwd: projectRoot, env: { ...env, TAP: '1', TAP_TIMEOUT: String(Math.ceil(timeoutMs / 1000)) }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const parser = new Parser()
  parser.on('pass', () => report.passed++)
  parser.on('skip', () => report.skipped++)
  parser.on('todo', () => report.skipped++)
  parser.on('fail', (result) => {
    report.failed++
    report.failures.push(describe(result))
  })
  parser.on('extra', (text) => print(text))
  child.stderr.setEncoding('utf8').on('data', print)
  child.stdout.setEncoding('utf8').on('data', (text: string) => void parser.write(text))

  let expired = false
  const expiry = setTimeout(() => {
    expired = true
    // tap answers this signal with the tests that are unfinished.
    child.kill('SIGALRM')
    setTimeout(() => killGroup(child, 'SIGKILL'), DUMP_GRACE_MS).unref()
  }, timeoutMs)
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('error', (error) => resolve(error.message))
  child.once('exit', (code, signal) => {
    // What it left behind would keep the pipes open, and the machine busy.
    killGroup(child, 'SIGKILL')
    child.once('close', () => resolve(signal ? `ended by ${signal}` : code === 0 ? '' : `exit code ${code}`))
  })
  const ending = await promise
  clearTimeout(expiry)
  running.delete(child)
  parser.end()
  report.durationMs = performance.now() - startedMs

  const fail = (name: string) => {
    report.failed++
    report.failures.push({ name, detail: '' })
  }
  if (expired) fail(`not finished after ${Math.round(timeoutMs / 1000)} s (tests that wait, or handles left open)`)
  else if (ending !== '' && report.failed === 0) fail(`the file crashed: ${ending}`)
  else if (report.passed + report.failed === 0) fail('no assertion was made')
  return report
}
