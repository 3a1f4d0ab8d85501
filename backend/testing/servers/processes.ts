import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The folder that holds package.json. */
export const projectRoot = join(import.meta.dirname, '../../..')

/** A server can't be brought up on this machine; the message is one line for people. */
export class ServerUnavailable extends Error {
  override name = 'ServerUnavailable'
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The text of a file, or undefined where it can't be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** True when somebody goes on listening on this port of 127.0.0.1; a server that is just ending is waited for. */
export async function portTaken(port: number): Promise<boolean> {
  const deadline = performance.now() + 1500
  while (await isListenedOn(port)) {
    if (performance.now() > deadline) return true
    await sleep(20)
  }
  return false
}

async function isListenedOn(port: number): Promise<boolean> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  server.once('error', (error) => resolve(errorCode(error) === 'EADDRINUSE'))
  server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(false)))
  return promise
}

/** Test processes that run beside each other, and whoever else asks for ports. */
const SHARES = 32
const given = new Set<number>()

/**
 * A port on 127.0.0.1 that nobody listens on at this moment, another one each time. Below the system's own range: there
 * an outgoing connection could take the port of a server that a test has stopped for a while, or reach itself. Out of this
 * process' share: nor does a test beside this one take it meanwhile.
 */
export async function freePort(): Promise<number> {
  const lowest = Number.parseInt(readText('/proc/sys/net/ipv4/ip_local_port_range') ?? '32768', 10)
  const [from, to] = lowest > 20_000 ? [12_000, lowest] : [20_000, 32_000]
  const size = Math.floor((to - from) / SHARES)
  const share = Number(process.env['TAP_JOB_ID'] ?? SHARES - 1) % SHARES
  if (given.size > size / 2) given.clear()
  for (;;) {
    const port = from + share * size + randomInt(size)
    if (given.has(port)) continue
    // At once: whoever asks meanwhile gets another one.
    given.add(port)
    if (!(await isListenedOn(port))) return port
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
  // A zombie still answers to signal 0.
  const stat = readText(`/proc/${pid}/stat`)
  return stat === undefined || stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
}

/** Names one process for good: its id may be used again, its id and start time are not. */
export function identify(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined
  const stat = readText(`/proc/${pid}/stat`)
  return `${pid} ${stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] : '?'}`
}

/** True while the process that `identify` once named is running. */
export function isRunning(identity: string | undefined): boolean {
  return identity !== undefined && identity !== '' && identify(Number.parseInt(identity, 10)) === identity
}

/** True when the process runs the program of that name (where the system can tell). */
export function runsProgram(pid: number, name: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes(`/${name}`)
  } catch {
    return (readText(`/proc/${pid}/cmdline`) ?? '').includes(name)
  }
}

/** Polls until `condition` holds or the time is over; says whether it held. */
export async function until(condition: () => boolean, timeoutMs: number, stepMs = 10): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await sleep(stepMs)
  }
  return true
}

export type Guarded = {
  pid: number
  /** Resolves with what ended the process. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  running: () => boolean
  /** Sends `signal`, SIGKILL after `graceMs`, and resolves when the process is gone. */
  stop: (signal: NodeJS.Signals, graceMs: number) => Promise<void>
}

// The pipe ends when the parent ends, however it ends: then the watchdog stops the server.
const WATCHDOG = `read -r word; [ "$word" = done ] && exit 0
kill -"$2" "$1" 2>/dev/null; [ "$2" = KILL ] && exit 0
i=0; while [ $i -lt 100 ]; do kill -0 "$1" 2>/dev/null || exit 0; sleep 0.1; i=$((i+1)); done
kill -KILL "$1" 2>/dev/null`

/** Watches over a server that was spawned as a leader of its own group (so that Ctrl-C leaves it to us): it never outlives this process. */
export function guard(child: ChildProcess, orphanSignal: 'INT' | 'QUIT' | 'KILL' | 'TERM'): Guarded {
  const pid = child.pid
  if (pid === undefined) throw new ServerUnavailable(`could not start ${child.spawnfile}`)
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', String(pid), orphanSignal], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] })
  watchdog.unref()
  ;(watchdog.stdin as Socket).unref()
  watchdog.stdin.on('error', () => {})
  child.unref()
  const { promise: ended, resolve } = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>()
  child.once('exit', (code, signal) => {
    watchdog.stdin.end('done\n')
    resolve({ code, signal })
  })
  const running = () => child.exitCode === null && child.signalCode === null
  return {
    pid,
    ended,
    running,
    stop: async (signal, graceMs) => {
      if (!running()) return
      // Something has to keep the event loop alive until the server is gone.
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      child.ref()
      child.kill(signal)
      await ended
      clearTimeout(timer)
    },
  }
}
