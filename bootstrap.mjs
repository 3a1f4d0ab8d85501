// Runs a script of this project with the right Node and current dependencies: `node bootstrap.mjs <script> [args]`.
// Plain JavaScript without dependencies, because it is what the machine's own Node (20 or newer) starts.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const root = dirname(fileURLToPath(import.meta.url))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.bootstrap-stamp')

function fail(message) {
  console.error(message)
  process.exit(1)
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

// npm writes node_modules/.package-lock.json last; together with package-lock.json it says what was installed for what.
function stamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  return hash
    .update(readText(join(root, 'package-lock.json')) ?? '')
    .update(readText(join(modules, '.package-lock.json')) ?? '')
    .digest('hex')
}

/** True when somebody else (`npm install`, `npm ci`) already installed exactly what the lockfile names. */
function installedByHand() {
  const wanted = readText(join(root, 'package-lock.json'))
  const found = readText(join(modules, '.package-lock.json'))
  if (!wanted || !found) return false
  const have = JSON.parse(found).packages
  const packagedNode = `node_modules/node-${process.platform}-${process.arch}`
  return Object.entries(JSON.parse(wanted).packages).every(([path, entry]) => {
    // npm leaves out an optional package for its own reasons (platform, a failed fetch); only our Node has to be there.
    if (path === '' || (entry.optional && !have[path] && path !== packagedNode)) return true
    return have[path]?.version === entry.version && have[path]?.integrity === entry.integrity
  })
}

function isCurrent() {
  return existsSync(stampFile) && readText(stampFile) === stamp()
}

// A process id alone may be used again by somebody else: with its start time it names one process.
function identify(pid) {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat) return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  try {
    process.kill(pid, 0)
    return `${pid} ?`
  } catch (error) {
    return error.code === 'EPERM' ? `${pid} ?` : undefined
  }
}

/** Runs `work` while holding an exclusive lock file; a lock whose owner died is taken over. */
async function exclusively(lock, work) {
  const own = identify(process.pid)
  const ticket = `${lock}.${process.pid}.${randomUUID()}`
  writeFileSync(ticket, own)
  try {
    for (;;) {
      try {
        linkSync(ticket, lock)
        break
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
      const owner = readText(lock)
      if (owner !== undefined && identify(Number(owner.split(' ')[0])) !== owner) {
        // Two may see the same dead owner: whoever moves away a living lock puts it back.
        const moved = `${ticket}.stale`
        try {
          renameSync(lock, moved)
          if (readText(moved) !== owner) linkSync(moved, lock)
        } catch {}
        rmSync(moved, { force: true })
        continue
      }
      await sleep(200)
    }
    try {
      return await work()
    } finally {
      rmSync(lock, { force: true })
    }
  } finally {
    rmSync(ticket, { force: true })
  }
}

function npmCi() {
  const cli = process.env.npm_execpath
  const [command, first] = cli && basename(cli) === 'npm-cli.js' ? [process.execPath, [cli]] : ['npm', []]
  const args = [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    const stop = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, stop)
    const done = (code, reason) => {
      for (const signal of signals) process.off(signal, stop)
      resolve({ code, output: output + (reason ?? '') })
    }
    child.on('error', (error) => done(1, `npm could not be started: ${error.message}\n`))
    child.on('close', (code, signal) => done(signal ? 128 + constants.signals[signal] : code))
  })
}

async function ensureDependencies() {
  if (isCurrent()) return
  const data = join(root, '.data')
  try {
    mkdirSync(data, { recursive: true })
    mkdirSync(modules, { recursive: true })
    for (const folder of [data, modules, root]) {
      const probe = join(folder, `.write-${process.pid}`)
      writeFileSync(probe, '')
      rmSync(probe)
    }
  } catch (error) {
    fail(`cannot install the dependencies: ${root} is not writable (${error.code ?? error.message})`)
  }
  const failed = await exclusively(join(data, 'install.lock'), async () => {
    if (isCurrent()) return false
    if (!installedByHand()) {
      if (process.stderr.isTTY) console.error('installing dependencies …')
      const { code, output } = await npmCi()
      if (code !== 0) {
        process.stderr.write(output)
        return true
      }
    }
    writeFileSync(stampFile, stamp())
    return false
  })
  if (failed) fail('npm ci failed: the dependencies could not be installed')
}

function findNode() {
  const packaged = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  return fail(`Node ${NODE_MAJOR} or newer is needed (this is ${process.version}, and the npm package node-${process.platform}-${process.arch} is not installed)`)
}

function run(node, args) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH ?? ''].join(delimiter) }
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' })
  // A terminal's Ctrl-C reaches the child by itself as well, so a child may see the same signal twice.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

const args = process.argv.slice(2)
if (args.length === 0) fail('usage: node bootstrap.mjs <script> [arguments]')
await ensureDependencies()
run(findNode(), args)
