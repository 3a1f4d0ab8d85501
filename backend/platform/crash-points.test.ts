import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testVariables } from '../testing/env.ts'
import { CRASH_POINTS, crashPoint, crashPointAfterCommit, watchCrashPoints } from './crash-points.ts'
import { EnvError, readEnv } from './env.ts'

const backend = join(import.meta.dirname, '..')
const variables = (more: Record<string, string>) => testVariables({ DATABASE_URL: 'postgres://app@127.0.0.1:1/x', VALKEY_URL: 'redis://127.0.0.1:1' }, more)

function problemsOf(more: Record<string, string>): string {
  try {
    readEnv(variables(more))
    return ''
  } catch (error) {
    if (error instanceof EnvError) return error.problems.join('\n')
    throw error
  }
}

t.test('every name of the list stands at exactly one place of the product, and no other name does', async (t) => {
  const sources = globSync('{platform,modules}/**/*.ts', { cwd: backend }).filter((file) => !file.endsWith('.test.ts') && !file.endsWith('crash-points.ts'))
  const used = sources.flatMap((file) => [...readFileSync(join(backend, file), 'utf8').matchAll(/\bcrashPoint(?:AfterCommit)?\((?:tx, )?([^)]*)\)/g)].map((match) => match[1]!.replaceAll("'", '')))
  t.same(used.toSorted(), CRASH_POINTS.toSorted())
})

t.test('FAULT_AT takes names of the list in development, and nothing anywhere else', async (t) => {
  t.same(readEnv(variables({ FAULT_AT: 'payment.applied, outbox.run' })).FAULT_AT, ['payment.applied', 'outbox.run'])
  t.equal(readEnv(variables({ FAULT_AT: '' })).FAULT_AT, undefined)
  t.match(problemsOf({ FAULT_AT: 'payment.applied,somewhere' }), /^FAULT_AT\b.*: must be one of .*payment\.applied/)
  for (const stage of ['staging', 'production']) t.match(problemsOf({ APP_ENV: stage, FAULT_AT: 'payment.applied' }), /^FAULT_AT: only in tests$/m, stage)
})

t.test('a process that is not in development does not even start with it', async (t) => {
  const child = spawn(process.execPath, [join(backend, 'main.ts')], { env: { PATH: process.env['PATH'], ...variables({ APP_ENV: 'staging', FAULT_AT: 'payment.applied' }) }, stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.on('data', (data: Buffer) => (told += data.toString()))
  const [code] = await once(child, 'close')
  t.equal(code, 1)
  t.match(told, /FAULT_AT: only in tests/)
})

t.test('an armed point kills the process there, and no other does', async (t) => {
  const script = `
    const { armCrashPoints, crashPoint } = await import(${JSON.stringify(join(backend, 'platform/crash-points.ts'))})
    armCrashPoints(['outbox.run'])
    crashPoint('outbox.claimed')
    process.stdout.write('passed', () => { crashPoint('outbox.run'); process.stdout.write('survived') })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data: Buffer) => (said += data.toString()))
  const [, signal] = await once(child, 'close')
  t.equal(signal, 'SIGKILL')
  t.equal(said, 'passed')
})

t.test('unarmed they do nothing; watched they tell, after the commit first of all effects', async (t) => {
  const effects: (() => void)[] = []
  const tx = { afterCommit: (effect: () => void) => void effects.push(effect) }
  crashPoint('offer.accepted')
  crashPointAfterCommit(tx, 'offer.accepted')
  t.equal(effects.length, 0)
  const reached: string[] = []
  const stop = watchCrashPoints((name) => void reached.push(name))
  crashPointAfterCommit(tx, 'offer.accepted')
  t.same(reached, [])
  for (const effect of effects) effect()
  stop()
  crashPoint('outbox.run')
  t.same(reached, ['offer.accepted'])
})
