// npm run sbom [-- <file>]: what the service needs and the image holds, as CycloneDX, from package-lock.json alone. Into .data/sbom.cdx.json,
// or the file that is named. Needs npm and no network.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { findPackages } from './licences.ts'
import { projectRoot } from './servers/processes.ts'

const file = resolve(process.argv[2] ?? join(projectRoot, '.data/sbom.cdx.json'))
// Not its --omit: a package that is needed by us and optional to somebody else (pg, ws) would be left out.
const { status, stdout, stderr, error } = spawnSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'], { cwd: projectRoot, encoding: 'utf8', maxBuffer: 1 << 28 })
if (status !== 0) {
  console.error(`npm sbom: ${error?.message ?? stderr}`)
  process.exit(1)
}
type Component = { 'bom-ref': string; name: string; version: string; scope?: string }
const bom = JSON.parse(stdout) as { metadata: { component: Component }; components: Component[]; dependencies: { ref: string; dependsOn: string[] }[] }
// npm names it after the folder.
bom.metadata.component.name = 'halobestie'
const needed = new Set(findPackages().service.map(({ name, version }) => `${name} ${version}`))
bom.components = bom.components.filter(({ name, version }) => needed.has(`${name} ${version}`)).map((component) => ({ ...component, scope: 'required' }))
const there = new Set([bom.metadata.component, ...bom.components].map((component) => component['bom-ref']))
bom.dependencies = bom.dependencies.filter(({ ref }) => there.has(ref)).map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => there.has(one)) }))
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`)
console.log(`${bom.components.length} components in ${file}`)
