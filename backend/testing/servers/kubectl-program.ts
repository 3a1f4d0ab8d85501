import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fetchedBefore, fetchProgram, onPath, type Program } from './distribution.ts'
import { projectRoot } from './processes.ts'

const TRIES = [
  { packages: ['kubectl'], program: 'usr/bin/kubectl' },
  { packages: ['kubernetes-client'], program: 'usr/bin/kubectl' },
]

// Debian 12 has one of 2020, whose kustomize knows no components: the next release's, from where this machine takes its own.
function laterTries() {
  const { stdout, error } = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8', timeout: 20_000 })
  const archive = error ? undefined : stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri))
  return archive === undefined ? [] : [{ packages: ['kubectl'], program: 'usr/bin/kubectl', source: `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive} trixie main` }]
}

/** Finds a kubectl that renders our manifests: on PATH, fetched before, else fetched now. Throws ServerUnavailable. */
export function findKubectl(): Program {
  const path = onPath(['kubectl'])
  if (path && renders({ path, libraryPath: '' })) return { path, libraryPath: '' }
  const before = fetchedBefore('kubectl')
  if (before && renders(before)) return before
  return fetchProgram('kubectl', 'no kubectl that can render docker/kubernetes is installed', [...TRIES, ...laterTries()], renders)
}

/** What `kubectl kustomize` makes of a folder; throws with what it says where it can't. Needs no cluster. */
export function kustomize(program: Program, folder: string): string {
  const run = spawnSync(program.path, ['kustomize', folder], {
    encoding: 'utf8', timeout: 60_000, env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...(program.libraryPath ? { LD_LIBRARY_PATH: program.libraryPath } : {}) },
  })
  if (run.status !== 0) throw new Error(`kubectl kustomize ${folder}: ${run.stderr || String(run.error)}`)
  return run.stdout
}

function renders(program: Program): boolean {
  try {
    return kustomize(program, join(projectRoot, 'docker/kubernetes/staging/migrate')).includes('kind: Job')
  } catch {
    return false
  }
}
