import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { isAlive, projectRoot, until } from './servers/processes.ts'
import { runTestFile } from './test-file.ts'

mkdirSync(join(projectRoot, '.data'), { recursive: true })
const folder = mkdtempSync(join(projectRoot, '.data/test-files-'))
t.after(() => rmSync(folder, { recursive: true, force: true }))

async function run(name: string, source: string, timeoutMs = 60_000) {
  const path = join(folder, `${name}.test.ts`)
  writeFileSync(path, source)
  return runTestFile(relative(projectRoot, path), process.env, timeoutMs)
}

t.test('assertions are counted one by one, and a failure says where and why', async (t) => {
  const report = await run('mixed', `import t from 'tap'
t.test('outer', async (t) => { t.ok(1); await t.test('inner', async (t) => { t.equal(1, 2, 'one is two') }) })
console.log('printed by the file')`)
  t.match(report, { passed: 1, failed: 1, failures: [{ name: 'outer > inner > one is two', detail: /mixed\.test\.ts:2[\s\S]*-2[\s\S]*\+1/ }], output: /printed by the file/ })
})

t.test('a file that crashes, asserts nothing or leaves early has failed', async (t) => {
  t.match(await run('crash', `throw new Error('at load')`), { passed: 0, failed: 1, failures: [{ name: 'the file crashed: exit code 1' }], output: /at load/ })
  t.match(await run('empty', `console.log('nothing')`), { passed: 0, failed: 1, failures: [{ name: 'no assertion was made' }] })
  t.match(await run('early', `import t from 'tap'\nt.test('one', async (t) => { t.ok(1); process.exit(0) })`), { passed: 1, failed: 1 })
})

t.test('a file that leaves a handle open is ended in time and has failed, with what it started', async (t) => {
  const report = await run('open', `import { spawn } from 'node:child_process'\nimport t from 'tap'
t.test('one', async (t) => { t.ok(1); const child = spawn('sleep', ['300']); console.log('pid ' + child.pid); setInterval(() => {}, 1000) })`, 4000)
  t.match(report, { passed: 1, failures: [{}, {}] })
  t.equal(report.failures.at(-1)?.name, 'not finished after 4 s (tests that wait, or handles left open)')
  const pid = Number(/pid (\d+)/.exec(report.output)?.[1])
  t.ok(pid > 0 && (await until(() => !isAlive(pid), 5000)))
})
