import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import pg from 'pg'
import { readEnv, type Env } from '../../platform/env.ts'
import type { Life } from '../cluster.ts'
import { freePort, projectRoot } from '../servers/processes.ts'
import { newName, testImage, tryDocker, type Answered } from './engine.ts'

/** The project's compose.yaml, brought up under a name and on a port of its own. */
export type Stack = {
  project: string
  /** The proxy. */
  url: string
  /** For `customer`, `startPairs` and the like: everybody calls the proxy. */
  replicas: readonly { url: string }[]
  /** The environment of the replicas, with the keys that the stack made for itself. */
  env: Env
  /** Any statement, as the superuser. */
  query<Row = Record<string, ReturnType<typeof JSON.parse>>>(text: string, values?: unknown[]): Promise<Row[]>
  /** `docker compose …` of this project; throws where it fails. */
  compose(...args: string[]): Promise<string>
  /** The same with other variables for the files (`HALOBESTIE_IMAGE`), or where failing is what is looked at. */
  tryCompose(args: readonly string[], variables?: Record<string, string>): Promise<Answered>
  /** A command in a running service. */
  exec(service: string, ...command: string[]): Promise<string>
  /** The id of a service's container, running or not. */
  containerOf(service: string): Promise<string>
  /** What a service's container printed. */
  logs(service: string): Promise<string>
  /** The subnet of the network `vpn`. */
  vpnSubnet: string
}

export type StackOptions = {
  /** What is started (with what it depends on): all without a profile, unless it says so. */
  services?: readonly string[]
  profiles?: readonly string[]
  /** What a file `.env` would hold: for the files and for the service. */
  env?: Record<string, string>
  /** Another Compose file over the project's, as an object. */
  over?: object
  image?: string
}

/** Published for tests alone, on loopback: the project publishes nothing but its proxy. */
const reachable = (port: number) => ({ services: { postgres: { ports: [`127.0.0.1:${port}:5432`], networks: ['data', 'tests'] } }, networks: { tests: {} } })

/** Brings the whole product up and waits until it is healthy; all of it, its volumes too, ends with the test. */
export async function startStack(t: Life, options: StackOptions = {}): Promise<Stack> {
  const project = newName()
  const folder = mkdtempSync(join(tmpdir(), `${project}-`))
  const [httpPort, sqlPort] = [await freePort(), await freePort()]
  // Networks of two stacks must not overlap; Docker takes its own ones from 172.17 to 172.31 and 192.168.
  const vpnSubnet = `10.${randomInt(64, 192)}.${randomInt(256)}.0/24`
  const files = { env: join(folder, '.env'), over: join(folder, 'over.json'), tests: join(folder, 'tests.json') }
  const own: Record<string, string> = { HTTP_PORT: `127.0.0.1:${httpPort}`, VPN_SUBNET: vpnSubnet, ENV_FILE: files.env, HALOBESTIE_IMAGE: options.image ?? testImage() }
  writeFileSync(files.env, Object.entries({ ...options.env }).map(([name, value]) => `${name}='${value}'\n`).join(''))
  writeFileSync(files.tests, JSON.stringify(reachable(sqlPort)))
  writeFileSync(files.over, JSON.stringify(options.over ?? {}))
  const base = ['compose', '--project-name', project, '--project-directory', projectRoot, '--env-file', files.env, ...(options.profiles ?? []).flatMap((name) => ['--profile', name]),
    '--file', join(projectRoot, 'compose.yaml'), '--file', files.tests, '--file', files.over]
  const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG } = process.env
  const machine = { PATH, ...(HOME ? { HOME } : {}), ...(DOCKER_HOST ? { DOCKER_HOST } : {}), ...(DOCKER_CONFIG ? { DOCKER_CONFIG } : {}) }
  const tryCompose: Stack['tryCompose'] = (args, variables = {}) => tryDocker([...base, ...args], { env: { ...machine, ...own, ...variables } })
  const compose: Stack['compose'] = async (...args) => {
    const { code, stdout, output } = await tryCompose(args)
    if (code !== 0) throw new Error(`docker compose ${args.join(' ')}: exit code ${code}\n${output.slice(-4000)}`)
    return stdout.trim()
  }
  let pool: pg.Pool | undefined
  t.after(async () => {
    await pool?.end()
    await tryCompose(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '1'])
    rmSync(folder, { recursive: true, force: true })
  })
  const started = await tryCompose(['up', '--detach', '--no-build', '--wait', '--wait-timeout', '300', ...(options.services ?? [])])
  if (started.code !== 0) throw new Error(`the stack did not come up\n${started.output.slice(-3000)}\n${(await tryCompose(['logs', '--no-color', '--tail', '30'])).output.slice(-6000)}`)
  const exec: Stack['exec'] = (service, ...command) => compose('exec', '--no-TTY', service, ...command)
  const connect = async () => {
    const made = new pg.Pool({ host: '127.0.0.1', port: sqlPort, user: 'postgres', database: 'halobestie', password: await exec('postgres', 'cat', '/keys/owner/postgres-password'), max: 2 })
    made.on('error', () => {}) // Postgres may be stopped while the pool rests
    return made
  }
  const url = `http://127.0.0.1:${httpPort}`
  const generated = parseEnv(await compose('run', '--rm', '--no-deps', '--no-TTY', 'keys', 'cat', '/keys/app/app.env'))
  return {
    project, url, replicas: [{ url }], compose, tryCompose, exec, vpnSubnet,
    env: readEnv({ APP_ENV: 'staging', VALKEY_URL: 'redis://valkey:6379', ...generated, ...options.env }),
    query: async (text, values) => (await (pool ??= await connect()).query(text, values)).rows,
    containerOf: (service) => compose('ps', '--all', '--quiet', service),
    logs: async (service) => (await tryDocker(['logs', await compose('ps', '--all', '--quiet', service)])).output,
  }
}
