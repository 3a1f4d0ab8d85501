import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './servers/processes.ts'

type Entry = { version: string; license?: string; dev?: boolean; optional?: boolean; hasInstallScript?: boolean; dependencies?: Record<string, string>; optionalDependencies?: Record<string, string>; peerDependencies?: Record<string, string> }
export type Package = { name: string; version: string; licence: string }

/** What may be in what we run and give out: each asks for no more than its own words beside it. */
const SHIPPED = ['MIT', 'MIT-0', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense']
/** What may be in tools besides: nothing of them leaves a developer's machine. */
const TOOLS = [...SHIPPED, 'MPL-2.0', 'CC-BY-3.0']

/** Packages whose entry in the lock file names no licence, or not in one word, and where it stands instead. */
const STATED: Record<string, { licence: string; where: string }> = {
  limiter: { licence: 'MIT', where: 'its LICENSE.txt' },
  'jsonc-simple-parser': { licence: 'MIT', where: 'its file “license”' },
  'xendit-node': { licence: 'none stated', where: 'published by Xendit for the use of their service, with no licence in the package: to be confirmed with them in writing' },
}
// Builds of one package for each platform, whose entries leave out what the package itself says.
const BUILDS: [RegExp, string][] = [[/^@msgpackr-extract\//, 'msgpackr-extract'], [/^@oxlint\/binding-/, 'oxlint'], [/^@oxlint-tsgolint\//, 'oxlint-tsgolint']]

const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as { packages: Record<string, Entry> }
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

function licenceOf(path: string): string {
  const name = nameOf(path)
  const whole = BUILDS.find(([pattern]) => pattern.test(name))?.[1]
  return lock.packages[path]?.license ?? STATED[name]?.licence ?? (whole === undefined ? 'unknown' : licenceOf(`node_modules/${whole}`))
}

/** Whether an SPDX expression can be satisfied with these licences: of an OR one will do, of an AND all are needed. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const plain = expression.replaceAll(/[()]/g, '')
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((one) => allowed.includes(one.trim())))
}

// As Node finds it: beside the one who asks, then further up.
function resolve(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (path in lock.packages) return path
    if (folder === '') return undefined
  }
}

/** These packages and everything that they need, as paths of the lock file. */
function closureOf(names: readonly string[]): Set<string> {
  const found = new Set<string>()
  const queue = names.map((name) => resolve('', name)).filter((path) => path !== undefined)
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue
    found.add(path)
    const { dependencies = {}, peerDependencies = {} } = lock.packages[path]!
    for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies)]) {
      const next = resolve(path, name)
      if (next !== undefined) queue.push(next)
    }
  }
  return found
}

function packagesAt(paths: Iterable<string>): Package[] {
  const all = [...paths].map((path) => ({ name: nameOf(path), version: lock.packages[path]!.version, licence: licenceOf(path) }))
  const byKey = new Map(all.map((one) => [`${one.name} ${one.version}`, one]))
  return [...byKey.values()].toSorted((left, right) => left.name.localeCompare(right.name, 'en') || left.version.localeCompare(right.version, 'en'))
}

/** What the service needs at run time, what is built into the control center's pages, and the rest: tools. */
export function findPackages(): { service: Package[]; pages: Package[]; tools: Package[] } {
  const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  const sources = globSync('control-center/src/**/*.{ts,tsx}', { cwd: projectRoot }).map((file) => readFileSync(join(projectRoot, file), 'utf8'))
  const imported = new Set(sources.flatMap((text) => [...text.matchAll(/from '((?:@[\w.-]+\/)?[\w-][\w.-]*)/g)].map((match) => match[1]!)))
  const service = closureOf(Object.keys(dependencies))
  const pages = closureOf([...imported].filter((name) => !name.startsWith('node:')))
  const tools = Object.keys(lock.packages).filter((path) => path !== '' && !service.has(path) && !pages.has(path))
  return { service: packagesAt(service), pages: packagesAt(pages), tools: packagesAt(tools) }
}

/** Packages whose licence is not among those that we take. */
export function findUnlicensed(): string[] {
  const { service, pages, tools } = findPackages()
  const bad = (list: readonly Package[], allowed: readonly string[]) => list.filter(({ name, licence }) => !isAllowed(licence, allowed) && STATED[name]?.licence !== licence).map(({ name, licence }) => `${name}: ${licence}`)
  return [...bad([...service, ...pages], SHIPPED), ...bad(tools, TOOLS)]
}

/** Packages of the lock file that want to run a script when they are installed. */
export function findInstallScripts(): string[] {
  return [...new Set(Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript).map(([path]) => nameOf(path)))]
}

/** The page docs/licences.md. */
export function describeLicences(): string {
  const { service, pages, tools } = findPackages()
  const licences = [...new Set([...service, ...pages, ...tools].map(({ licence }) => licence))].toSorted((left, right) => left.localeCompare(right, 'en'))
  const count = (list: readonly Package[], licence: string) => list.filter((one) => one.licence === licence).length || ''
  const lines = (list: readonly Package[]) => list.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`)
  return [
    '# Licences of what we use',
    '',
    'Written by `npm run licences` from package-lock.json; a test fails when this page is not what it would write, and when a package comes with a licence that is not on the list of `backend/testing/licences.ts`. The words of each licence stand in its package, and stay in the image.',
    '',
    '| licence | in the service | in the control center’s pages | tools alone |',
    '|---|---|---|---|',
    ...licences.map((licence) => `| ${licence} | ${count(service, licence)} | ${count(pages, licence)} | ${count(tools, licence)} |`),
    '',
    'Where a package does not say it in its lock entry:',
    '',
    ...Object.entries(STATED).map(([name, { licence, where }]) => `- ${name}: ${licence}; ${where}`),
    '',
    '## In the service',
    '',
    ...lines(service),
    '',
    '## In the control center’s pages',
    '',
    ...lines(pages),
    '',
  ].join('\n')
}
