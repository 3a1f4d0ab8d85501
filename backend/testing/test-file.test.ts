import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { isAlive, projectRoot, until } from './servers/processes.ts'
import { runTestFile, startTestProcess } from './test-file.ts'

mkdirSync(join(projectRoot, '.data'), { recursive: true })
const folder = mkdtempSync(join(projectRoot, '.data/test-files-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

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

t.test('a test that hangs is ended in time, and named', async (t) => {
  const report = await run('hangs', `import t from 'tap'\nt.test('for ever', async () => { setInterval(() => {}, 1000); await new Promise(() => {}) })`, 4000)
  t.equal(report.failures.at(-1)?.name, 'not finished after 4 s (tests that wait, or handles left open)')
})

t.test('several files share a process, each with its own results; the one that ends it is the only one to fail', async (t) => {
  const files = ['first', 'leaves'].map((name) => {
    const path = join(folder, `${name}.test.ts`)
    const body = name === 'leaves' ? 'process.exit(3)' : `t.ok(1, '${name}'); console.log('printed by ${name}')`
    writeFileSync(path, `import t from 'tap'\nt.test('${name}', async (t) => { ${body} })`)
    return relative(projectRoot, path)
  })
  const own = startTestProcess(process.env)
  const first = await own.run(files[0]!, 60_000)
  t.match(first, { file: files[0], passed: 1, failed: 0, skipped: 0, output: /printed by first/ })
  t.equal(own.isUsable(), true)
  t.match(await own.run(files[1]!, 60_000), { file: files[1], passed: 0, failed: 1, failures: [{ name: 'leaves > test unfinished' }] })
  t.equal(own.isUsable(), false)
  t.equal(await own.end(), undefined)
})

t.test('more results than fit on the way are all there, in their own file’s report', async (t) => {
  const files = ['many', 'few'].map((name) => {
    const path = join(folder, `${name}.test.ts`)
    const body = name === 'many' ? `for (let at = 0; at < 8000; at++) t.ok(true, 'one of a great many'); t.ok(false, 'the last one')` : 't.ok(true)'
    writeFileSync(path, `import t from 'tap'\nt.test('${name}', async (t) => { ${body} })`)
    return relative(projectRoot, path)
  })
  const own = startTestProcess(process.env)
  t.match(await own.run(files[0]!, 60_000), { passed: 8000, failed: 1, failures: [{ name: 'many > the last one' }] })
  t.match(await own.run(files[1]!, 60_000), { passed: 1, failed: 0 })
  t.equal(await own.end(), undefined)
})

t.test('a file that leaves a handle open is ended in time and has failed, with what it started', async (t) => {
  const report = await run('open', `import { spawn } from 'node:child_process'\nimport t from 'tap'
t.test('one', async (t) => { t.ok(1); const child = spawn('sleep', ['300']); console.log('pid ' + child.pid); setInterval(() => {}, 1000) })`)
  t.match(report, { passed: 1, failed: 1, failures: [{ name: /^one of these left handles open: .*open\.test\.ts$/ }] })
  const pid = Number(/pid (\d+)/.exec(report.output)?.[1])
  t.ok(pid > 0 && (await until(() => !isAlive(pid), 20_000)))
})

t.test('what fails when a file is over is held against those that ran', async (t) => {
  const file = (name: string, then: string) => run(name, `import t from 'tap'\nt.test('one', async (t) => { t.ok(1) })\nprocess.on('message', () => { ${then} })`)
  t.match(await file('fails', `t.fail('a leftover')`), { passed: 1, failed: 1, failures: [{ name: /^one of these failed after its end: .*fails/, detail: /a leftover/ }] })
  t.match(await file('throws', `throw new Error('a leftover')`), { passed: 1, failed: 1, failures: [{ name: /^one of these ended the process \(exit code 1\): .*throws/, detail: /a leftover/ }] })
  t.match(await file('rejects', `void Promise.reject(new Error('a leftover'))`), { passed: 1, failed: 1, failures: [{ name: /^one of these ended the process \(exit code 1\): .*rejects/ }] })
  t.match(await file('exits', 'process.exit(3)'), { passed: 1, failed: 1, failures: [{ name: /^one of these ended the process \(exit code 3\): .*exits/ }] })
  t.match(await file('dies', `process.kill(process.pid, 'SIGSEGV')`), { passed: 1, failed: 1, failures: [{ name: /^one of these ended the process \(ended by SIGSEGV\): .*dies/ }] })
})

t.test('no file leaves what it starts to the end of its process, which it shares', async (t) => {
  const files = globSync('backend/**/*.test.ts', { cwd: projectRoot })
  const atTheRoot = files.filter((file) => /^(?:const|let) .*= await \w+\(t\b|^(?:await \w+\(t\b|t\.(?:after|teardown|before|beforeEach|afterEach)\()/m.test(readFileSync(join(projectRoot, file), 'utf8')))
  t.same(atTheRoot, [])
})
