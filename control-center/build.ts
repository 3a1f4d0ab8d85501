// npm run build: the control center's files, into control-center/dist. Does nothing when they are those of the sources.
import { createHash } from 'node:crypto'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'

type Built = { hash: string; assets: string[] }

const root = import.meta.dirname
const dist = join(root, 'dist')
const STAMP = join(dist, '.built.json')
/** What is smaller fits into one packet as it is. */
const COMPRESS_FROM_BYTES = 1024
const COMPRESSIBLE = /\.(js|css|svg|json)$/

/** What the files are made from: our sources, and the versions of everything that is bundled with them. */
function sourcesHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, '../package-lock.json')))
  for (const file of globSync(['index.html', 'vite.config.ts', 'build.ts', 'src/**/*.*'], { cwd: root }).toSorted()) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function lastBuilt(): Built | undefined {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8')) as Built // written by the last build
  } catch {
    return undefined
  }
}

/** One build at a time: a name that the kernel gives to one process, and takes back however that one ends. */
async function alone(work: () => Promise<void>): Promise<void> {
  const name = `\0halobestie-build-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`
  let taken: Server | undefined
  while ((taken = await take(name)) === undefined) await sleep(100)
  try {
    await work()
  } finally {
    taken.close()
  }
}

async function take(name: string): Promise<Server | undefined> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>()
  server.once('error', (error) => ('code' in error && error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
  server.listen({ path: name }, () => resolve(server))
  return promise
}

async function build(hash: string): Promise<void> {
  const fresh = join(dist, `.new-${process.pid}`)
  for (const left of globSync('.new-*', { cwd: dist })) rmSync(join(dist, left), { recursive: true })
  try {
    process.env['NODE_ENV'] = 'production'
    const { build: bundle } = await import('vite')
    await bundle({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true, chunkSizeWarningLimit: 2000 } })
    compress(join(fresh, 'assets'))
    replaceBy(fresh, hash)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function compress(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => COMPRESSIBLE.test(name)).map((name) => join(folder, name))) {
    if (statSync(file).size < COMPRESS_FROM_BYTES) continue
    const text = readFileSync(file)
    writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }))
    writeFileSync(`${file}.br`, brotliCompressSync(text))
  }
}

// Who is served meanwhile gets one whole page: the new files come beside the old ones, then, in one step, the page that
// names them. The last build's files stay until the next one: a page that is open now still loads its parts.
function replaceBy(fresh: string, hash: string): void {
  const folder = join(dist, 'assets')
  const assets = readdirSync(join(fresh, 'assets'))
  const kept = new Set([...assets, ...(lastBuilt()?.assets ?? [])])
  cpSync(join(fresh, 'assets'), folder, { recursive: true })
  renameSync(join(fresh, 'index.html'), join(dist, 'index.html'))
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name))
  writeFileSync(STAMP, JSON.stringify({ hash, assets } satisfies Built))
}

// Taken before the build: sources that change meanwhile make the next one.
const hash = sourcesHash()
if (lastBuilt()?.hash !== hash) {
  await alone(async () => {
    if (lastBuilt()?.hash === hash) return
    const startedMs = performance.now()
    mkdirSync(dist, { recursive: true })
    await build(hash)
    console.log(`control center built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  })
}
