import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { projectRoot, ServerUnavailable } from '../servers/processes.ts'

/** What a command answered; `output` is what it printed on both. */
export type Answered = { code: number; stdout: string; output: string }
export type EngineOptions = { env?: NodeJS.ProcessEnv; input?: string; cwd?: string }

const HOW_TO_GET_ONE = `npm run test:containers needs a Docker engine (20.10 or newer) with Compose (2.24 or newer) and buildx, and the right to use it.
  Debian, Ubuntu:  https://docs.docker.com/engine/install/debian/ brings all three:
                   apt-get install docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
  macOS, Windows:  Docker Desktop (https://docs.docker.com/desktop/)
  as another user: usermod -aG docker <user>, then sign in anew; an engine elsewhere: DOCKER_HOST
All other tests run without one: npm test.`

/** The image under test, built once for all files of a run, and the name that everything of the run begins with. */
const IMAGE_VARIABLE = 'TEST_CONTAINERS_IMAGE'
const RUN_VARIABLE = 'TEST_CONTAINERS_RUN'
const REPOSITORY = 'halobestie-test'
/** What `GIT_SHA` is in the image under test. */
export const TEST_SHA = '0123456789abcdef0123456789abcdef01234567'

/** Runs `docker …` and answers; never throws. */
export async function tryDocker(args: readonly string[], options: EngineOptions = {}): Promise<Answered> {
  const child = spawn('docker', args, { cwd: options.cwd ?? projectRoot, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, output] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.on('error', () => {}) // a command that reads nothing may be over by now
  child.stdin.end(options.input ?? '')
  const [code] = await once(child, 'close') as [number | null]
  return { code: code ?? 1, stdout, output }
}

/** Runs `docker …`; answers its standard output, trimmed, and throws with what it printed where it failed. */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, output } = await tryDocker(args)
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: exit code ${code}\n${output.slice(-4000)}`)
  return stdout.trim()
}

/** The image under test. */
export function testImage(): string {
  const image = process.env[IMAGE_VARIABLE]
  if (!image) throw new Error('this file runs by npm run test:containers')
  return image
}

let projects = 0
/** A Compose project (or the beginning of a name) of nobody else; what begins with it is removed with the run. */
export function newName(): string {
  projects += 1
  return `${process.env[RUN_VARIABLE] ?? ''}-${process.pid}-${projects}`
}

/** Builds the project's image (or another target of its Dockerfile) with these build arguments, under a tag that is removed with the run. Only what changed is built anew. */
export async function buildImage(tag: string, buildArguments: Record<string, string> = {}, target?: string): Promise<string> {
  const name = `${REPOSITORY}:${process.env[RUN_VARIABLE]}-${tag}`
  // A registry of one's own: a file as npm reads it, seen by the build alone.
  const npmrc = process.env['DOCKER_NPMRC'] ? ['--secret', `id=npmrc,src=${process.env['DOCKER_NPMRC']}`] : []
  const args = Object.entries(buildArguments).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
  await docker('build', '--quiet', ...npmrc, ...args, ...(target === undefined ? [] : ['--target', target]), '--tag', name, projectRoot)
  return name
}

/** For the runner: says how to get an engine where there is none; else builds the image. Answers the variables of the test files. */
export async function prepareContainers(): Promise<NodeJS.ProcessEnv> {
  for (const args of [['version', '--format', '{{.Server.Version}}'], ['compose', 'version'], ['buildx', 'version']]) {
    const { status, stderr, error } = spawnSync('docker', args, { encoding: 'utf8', timeout: 20_000 })
    if (status !== 0) throw new ServerUnavailable(`${HOW_TO_GET_ONE}\n\nHere: docker ${args[0]}: ${(error?.message ?? stderr ?? '').trim() || `exit code ${status}`}`)
  }
  process.env[RUN_VARIABLE] = `hbt-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const startedMs = performance.now()
  process.env[IMAGE_VARIABLE] = await buildImage('a', { GIT_SHA: TEST_SHA })
  console.log(`image built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return { [RUN_VARIABLE]: process.env[RUN_VARIABLE], [IMAGE_VARIABLE]: process.env[IMAGE_VARIABLE] }
}

/** For the runner: removes what carries the run's name: containers, volumes, networks, images. */
export function removeContainers(): void {
  const run = process.env[RUN_VARIABLE]
  if (!run) return
  const list = (...args: string[]) => spawnSync('docker', args, { encoding: 'utf8' }).stdout.split('\n').filter((name) => name.includes(run))
  const remove = (names: string[], ...args: string[]) => {
    if (names.length > 0) spawnSync('docker', [...args, ...names], { stdio: 'ignore' })
  }
  remove(list('ps', '--all', '--format', '{{.Names}}'), 'rm', '--force', '--volumes')
  remove(list('volume', 'ls', '--format', '{{.Name}}'), 'volume', 'rm', '--force')
  remove(list('network', 'ls', '--format', '{{.Name}}'), 'network', 'rm')
  remove(list('images', '--format', '{{.Repository}}:{{.Tag}}', REPOSITORY), 'image', 'rm', '--force')
}

/** A file of the project, by its path from the top. */
export const projectFile = (path: string): string => join(projectRoot, path)
