import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const MAJOR = 17
/** Where Debian's packages put the programs of a server, which are not on the PATH. */
const DEBIAN_BIN = `/usr/lib/postgresql/${MAJOR}/bin`

/** A program of Postgres by its full path, where there is one of that version's folder; else by its name. */
export function programOf(name: string): string {
  const folders = [DEBIAN_BIN, ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name
}

/** Where a database is, as libpq's variables: a URL among the arguments could be read by everybody on the machine. */
export function libpqEnv(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  const all = {
    PGHOST: host, PGPORT: port, PGUSER: decodeURIComponent(username), PGPASSWORD: decodeURIComponent(password), PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? '', PGSSLROOTCERT: searchParams.get('sslrootcert') ?? '', PGAPPNAME: 'halobestie-backup',
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

/** What a program needs of our environment beside what is given. */
export function baseEnv(): Record<string, string> {
  return Object.fromEntries(['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}

export type Running = {
  child: ChildProcess
  /** Resolves when it ended well; throws with its last words when it did not. */
  done: Promise<void>
}

/** Starts a program; what it says on standard error is kept for the error. */
export function start(program: string, args: readonly string[], options: { env?: Record<string, string>; stdin?: 'pipe' | 'ignore'; stdout?: 'pipe' | 'inherit' | 'ignore' } = {}): Running {
  const child = spawn(programOf(program), args, { env: { ...baseEnv(), ...options.env }, stdio: [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'] })
  let words = ''
  child.stderr?.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-6000)))
  // What a server says last is that it ends: why stands before.
  const last = () => {
    const lines = words.trim().split('\n')
    const reasons = lines.filter((line) => /FATAL|ERROR|DETAIL/.test(line))
    return (reasons.length > 0 ? reasons : lines).slice(-3).join(' | ')
  }
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${program} could not be started: ${error.message}`)))
    child.once('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${signal ?? code}: ${last()}`))))
  })
  // Whoever waits hears of it; until then it must not end the process.
  done.catch(() => {})
  return { child, done }
}

/** Runs a program to its end and answers what it printed. */
export async function output(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { child, done } = start(program, args, { env, stdout: 'pipe' })
  let printed = ''
  child.stdout?.on('data', (data: Buffer) => (printed += data.toString()))
  await done
  return printed
}

/** Hands a stream to a program's standard input. A program that has read enough may close it: the rest is read and dropped. */
export async function feed(child: ChildProcess, source: AsyncIterable<Uint8Array>): Promise<void> {
  const stdin = child.stdin!
  let isOpen = true
  stdin.on('error', () => (isOpen = false))
  stdin.on('close', () => (isOpen = false))
  for await (const piece of source) {
    if (isOpen && !stdin.write(piece)) await new Promise<void>((resolve) => {
      const go = () => {
        for (const event of ['drain', 'close', 'error']) stdin.off(event, go)
        resolve()
      }
      for (const event of ['drain', 'close', 'error']) stdin.once(event, go)
    })
  }
  if (isOpen) stdin.end()
}
