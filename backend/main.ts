import { armCrashPoints } from './platform/crash-points.ts'
import { EnvError, readEnv, type Env } from './platform/env.ts'
import { whatIsOff } from './platform/what-is-off.ts'

/** Signals this close together are one: a terminal's Ctrl-C reaches a process and its npm parent, who passes it on. */
const SAME_SIGNAL_MS = 500

/** A process that has failed waits so long for its report to be taken. */
const LAST_WORD_MS = 3000

function fail(line: string): never {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}

function environment(): Env {
  try {
    return readEnv()
  } catch (error) {
    if (error instanceof EnvError) return fail(error.message)
    throw error
  }
}

async function exitAfter(last: Promise<void>): Promise<never> {
  await last.catch(() => {})
  process.exit(1)
}

const env = environment()
armCrashPoints(env.FAULT_AT ?? [])

let stopped = Number.NaN
let stop = async () => {}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (performance.now() - stopped < SAME_SIGNAL_MS) return
    if (!Number.isNaN(stopped)) process.exit(1)
    stopped = performance.now()
    void stop().then(() => process.exit(0))
  })
}

// What is wrong with the environment is told before anything else is even loaded.
const { startReplica } = await import('./replica.ts')

try {
  const replica = await startReplica(env)
  stop = () => replica.stop()
  if (!Number.isNaN(stopped)) await stop()
  const { log, reports } = replica.ctx
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a fault that nobody caught')
    // Its report is on its way; where none is made this is at once.
    void exitAfter(reports.stop(LAST_WORD_MS))
  })
  for (const { meaning, ...off } of whatIsOff(env)) log.warn({ event: 'not_configured', ...off }, `${off.off}: off; ${meaning}`)
  log.info({ version: env.version, public: replica.publicUrl, internal: replica.internalUrl }, 'listening')
} catch (error) {
  if (error instanceof EnvError) fail(error.message)
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') fail(`port ${'port' in error ? String(error.port) : ''} is taken: choose another PORT or INTERNAL_PORT`)
  if (error instanceof Error && 'code' in error && error.code === 'EACCES') fail(`port ${'port' in error ? String(error.port) : ''} may not be opened by this user`)
  throw error
}
