import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, freePort, guard, portTaken, projectRoot, ServerUnavailable, type Guarded } from './processes.ts'
import { findValkey, type ValkeyProgram } from './valkey-program.ts'

const START_TIMEOUT_MS = 30_000

export type ValkeyOptions = {
  port?: number
  /** Where kept data lies; absolute. */
  dir?: string
  /** True writes an append-only file to `dir`; otherwise nothing survives the process. */
  persist?: boolean
}

export type Valkey = {
  url: string
  port: number
  pid: number
  stop: () => Promise<void>
  /** Sends any signal, such as SIGSTOP, SIGCONT or SIGKILL; does not wait. */
  kill: (signal: NodeJS.Signals) => void
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'))
  socket.setTimeout(1000, () => socket.destroy())
  socket.once('data', (data) => {
    resolve(data.toString().startsWith('+PONG'))
    socket.destroy()
  })
  socket.once('error', () => socket.destroy())
  socket.once('close', () => resolve(false))
  return promise
}

function launch(program: ValkeyProgram, port: number, dir: string, persist: boolean): { server: Guarded; output: () => string } {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', persist ? 'yes' : 'no', '--loglevel', 'warning', '--daemonize', 'no']
  const env = { PATH: '/usr/bin:/bin', ...(program.libraryPath ? { LD_LIBRARY_PATH: program.libraryPath } : {}) }
  const child = spawn(program.path, args, { cwd: dir, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  child.on('error', (error) => (output += error.message))
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)))
    ;(stream as Socket).unref()
  }
  return { server: guard(child, persist ? 'TERM' : 'KILL'), output: () => output }
}

async function untilReady(server: Guarded, port: number): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (server.running() && performance.now() < deadline) {
    if (await answers(port)) return server.running()
    await sleep(3)
  }
  return false
}

/** Starts a Valkey (or Redis 7) of its own on 127.0.0.1, without a password. Throws ServerUnavailable, one line for people. */
export async function startValkey(options: ValkeyOptions = {}): Promise<Valkey> {
  const program = findValkey()
  const dir = options.dir ?? join(projectRoot, '.data')
  const persist = options.persist ?? false
  try {
    mkdirSync(dir, { recursive: true })
  } catch (error) {
    throw new ServerUnavailable(`cannot write to ${dir} (${errorCode(error)})`)
  }
  if (options.port && (await portTaken(options.port))) throw new ServerUnavailable(`port ${options.port} for Valkey is already in use`)
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const { server, output } = launch(program, port, dir, persist)
    if (await untilReady(server, port)) {
      return {
        url: `redis://127.0.0.1:${port}`,
        port,
        pid: server.pid,
        kill: (signal) => void process.kill(server.pid, signal),
        stop: async () => {
          if (persist && server.running()) process.kill(server.pid, 'SIGCONT')
          await server.stop(persist ? 'SIGTERM' : 'SIGKILL', 5000)
        },
      }
    }
    await server.stop('SIGKILL', 1000)
    const taken = output().includes('Address already in use')
    if (options.port || !taken || attempt >= 10) throw new ServerUnavailable(taken ? `port ${port} for Valkey is already in use` : `Valkey did not start: ${output().trim().split('\n').at(-1) ?? ''}`)
  }
}
