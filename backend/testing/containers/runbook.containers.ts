import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { fencesOf } from '../runbook.ts'
import { freePort, projectRoot } from '../servers/processes.ts'
import { buildImage, newName, tryDocker } from './engine.ts'

const SCRIPT_WITHIN_MS = 600_000

/** Runs a script as a reader would type it, in a clone of the repository. */
async function runScript(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: SCRIPT_WITHIN_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

t.test('every command of DEPLOY.md that is marked as run does what it says, in the order of the page, in a fresh clone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-'))
  const clone = join(folder, 'halobestie')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const cloned = await runScript(`git clone --quiet --depth 1 "file://$FROM" "$TO"`, projectRoot, { ...process.env, FROM: projectRoot, TO: clone })
  t.equal(cloned.code, 0, cloned.output)

  // What the page lets its reader choose: names and ports of nobody else on this engine.
  const httpPort = await freePort()
  const project = newName()
  const env = {
    ...process.env,
    HALOBESTIE_IMAGE: await buildImage('runbook'), COMPOSE_PROJECT_NAME: project, HTTP_PORT: `127.0.0.1:${httpPort}`, BASE_URL: `http://127.0.0.1:${httpPort}`, VPN_SUBNET: `10.${randomInt(64, 192)}.${randomInt(256)}.0/24`,
  }
  t.teardown(() => tryDocker(['compose', '--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '1'], { cwd: clone, env }))

  const runs = fencesOf('DEPLOY.md').filter(({ isRun }) => isRun)
  const [variables, ...commands] = runs
  t.match(variables?.code, /^export HALOBESTIE_IMAGE=/, 'the first sets what the reader chooses')
  for (const { code, line, section } of commands) {
    const { code: exit, output } = await runScript(`${variables!.code}\n${code}`, clone, env)
    t.equal(exit, 0, `DEPLOY.md:${line} (${section})\n${exit === 0 ? '' : `${code}\n${output.slice(-4000)}`}`)
    // What comes after it would fail too, and say nothing more.
    if (exit !== 0) break
  }
  for (const section of ['Image', 'Compose', 'First deployment', 'Upgrade', 'Maintenance and kill switches']) t.ok(commands.some((fence) => fence.section === section), `something of “${section}” is run`)
})
