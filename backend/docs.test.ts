import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ENV_NAMES } from './platform/env.ts'
import { methodsOf, type RouteEntry } from './platform/route-guard.ts'
import { seedDemo } from './seed.ts'
import { call, startTestApp } from './testing/app.ts'
import { projectRoot } from './testing/servers/processes.ts'
import { eventually } from './testing/wait.ts'

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8')
const { scripts, dependencies } = JSON.parse(read('package.json')) as Record<'scripts' | 'dependencies', Record<string, string>>
const pages = ['README.md', 'DEPLOY.md'].map((file) => {
  const text = read(file)
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, code]) => ({ language: language!, code: code! }))
  const codes = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!)
  return { file, text, blocks, codes }
})
const readme = pages[0]!
// As a forge makes them: lower case, without punctuation, spaces as hyphens.
const anchorsOf = (text: string) => [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'))

t.test('every path that is named exists', async (t) => {
  for (const { file, text, blocks, codes } of pages) {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!).filter((target) => !target.startsWith('http'))
    const commands = [...text.matchAll(/node (?!_)([\w./-]+\.(?:ts|mjs))/g)].map((match) => match[1]!)
    const tree = blocks.filter(({ language }) => language === 'text').flatMap(({ code }) => code.trim().split('\n').map((line) => line.split(' ')[0]!))
    // Without a folder a name stands for a file of any module, such as routes.ts.
    const inline = codes.filter((code) => /^\.?\w[\w.-]*(\/[\w.-]*)+$/.test(code) && !/^(\.data|node_modules)\//.test(code))
    const names = codes.filter((code) => /^[\w-]+\.(ts|mjs|json|md)$/.test(code))
    for (const path of new Set([...links.map((target) => target.split('#')[0]!).filter((path) => path !== ''), ...commands, ...tree, ...inline.filter((path) => /^(backend|bench|docs|migrations|\.ci)\b/.test(path))])) t.ok(existsSync(join(projectRoot, path)), `${file}: ${path}`)
    for (const name of new Set(names)) t.ok(existsSync(join(projectRoot, name)) || globSync(`backend/**/${name}`, { cwd: projectRoot }).length > 0, `${file}: ${name}`)
  }
})

t.test('every anchor that is named is a heading', (t) => {
  for (const { file, text } of pages) {
    for (const [, target, anchor] of text.matchAll(/\]\(([\w./-]*)#([^)]+)\)/g)) t.ok(anchorsOf(read(target || file)).includes(anchor!), `${file}: ${target}#${anchor}`)
  }
  t.end()
})

t.test('the tree and the graph show every module, and the graph what may be used', async (t) => {
  const modules = readdirSync(join(projectRoot, 'backend/modules'))
  const tree = readme.blocks.find(({ language }) => language === 'text')!.code
  t.same([...tree.matchAll(/^backend\/modules\/(\w+)\//gm)].map((match) => match[1]), modules.toSorted())
  const drawn = readme.blocks.find(({ code }) => code.startsWith('flowchart TD'))!.code
  const edges = [...drawn.matchAll(/^ {2}(\w+) --> (.+)$/gm)].flatMap(([, user, used]) => used!.split(' & ').map((one) => `${user} → ${one}`))
  const graph = [...read('backend/boundaries.test.ts').matchAll(/^ {2}(\w+): \[(.*)\],$/gm)]
    .flatMap(([, user, used]) => [...used!.matchAll(/\w+/g)].filter(([one]) => modules.includes(user!) && modules.includes(one)).map(([one]) => `${user} → ${one}`))
  t.ok(graph.length > 10)
  t.same(edges.toSorted(), graph.toSorted())
})

t.test('every npm script that is named exists, every script is named, and starts a file', async (t) => {
  const named = pages.flatMap(({ text }) => [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)].map((match) => match[1] ?? match[2]!))
  t.same([...new Set(named)].toSorted(), Object.keys(scripts).toSorted())
  for (const [name, script] of Object.entries(scripts)) {
    const [, file] = /^exec node bootstrap\.mjs (\S+)/.exec(script) ?? []
    // Without exec the shell in between keeps the signals that npm passes on.
    t.ok(file !== undefined && existsSync(join(projectRoot, file)), `${name}: ${script}`)
  }
})

t.test('every variable that is named is one', async (t) => {
  // Those of Compose are what its files ask for.
  const composed = globSync('compose*.yaml', { cwd: projectRoot }).flatMap((file) => [...read(file).matchAll(/\$\{([A-Z0-9_]+)/g)].map((match) => match[1]!))
  // Those of scripts stand in their headers.
  const scripted = globSync('docker/*.sh', { cwd: projectRoot }).flatMap((file) => [...read(file).matchAll(/^#   ?((?:[A-Z][A-Z0-9_]+(?:\[_FILE\])?,? )+)/gm)].flatMap((match) => match[1]!.match(/[A-Z][A-Z0-9_]+/g) ?? []))
  const known = new Set([...ENV_NAMES, ...composed, ...scripted, 'MIGRATION_DATABASE_URL', 'GIT_SHA', 'NODE_ENV', 'NODE_OPTIONS', 'DOCKER_BUILDKIT', 'DOCKER_NPMRC', 'PATH', 'SEED'])
  for (const { file, codes } of pages) {
    const named = codes.flatMap((code) => [...code.matchAll(/^([A-Z][A-Z0-9]*_?[A-Z0-9_]+)(?:=.*)?$/g)].map((match) => match[1]!))
    t.ok(named.length > 5)
    t.same([...new Set(named)].filter((name) => !known.has(name)), [], file)
  }
})

t.test('every dependency has its reason, and every reason its dependency', async (t) => {
  const table = /\| package \| why \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(read('backend/DECISIONS.md'))![1]!
  const reasons = table.trim().split('\n').flatMap((row) => row.split('|')[1]!.split(',').map((name) => name.trim()))
  t.same(reasons.toSorted(), Object.keys(dependencies).toSorted())
})

t.test('against a running product', async (t) => {
  // The tour wants its invoice in the answer, however slow the machine is.
  const app = await startTestApp(t, { settings: { invoiceWaitMs: 20_000 } })
  const { publicApp, internalApp, ctx } = app.replicas[0]!

  t.test('every route that is named is registered', async (t) => {
    const isInternal = (path: string) => path.startsWith('/internal/') || path === '/metrics'
    const inventoryOf = (path: string): readonly RouteEntry[] => (isInternal(path) ? internalApp : publicApp).inventory
    // The documentation itself stands in no inventory.
    const answers = async (path: string) => (await call(isInternal(path) ? app.internalUrl : app.url, 'GET', path)).status === 200
    for (const { file, text, codes } of pages) {
      const named = codes.flatMap((code) => {
        const [, method, path] = /^(?:(GET|POST|PUT|PATCH|DELETE) )?(\/(?:api|internal|webhooks|payment)\/\S+|\/health|\/ready|\/metrics)$/.exec(code) ?? []
        return path === undefined ? [] : [{ method: method ?? 'GET', path }]
      })
      const variables: Record<string, string> = { $API: '/api/v1', $STAFF: '/internal/v1' }
      const curls = [...text.matchAll(/curl [^\n|;]*?"?(\$API|\$STAFF)(\/[\w/$-]+)([^\n|;]*)/g)].map(([line, base, path]) => {
        const method = / -X ([A-Z]+)/.exec(line)?.[1] ?? (/ -d ["']/.test(line) ? 'POST' : 'GET')
        return { method, path: `${variables[base!]}${path}` }
      })
      t.ok(named.length + curls.length > 5, file)
      for (const { method, path } of [...named, ...curls]) t.ok(methodsOf(inventoryOf(path), path).includes(method) || (method === 'GET' && await answers(path)), `${file}: ${method} ${path}`)
    }
  })

  t.test('npm run tour goes through the main job', async (t) => {
    await seedDemo(ctx)
    const args = ['docs/tour/tour.mjs', '--public', app.url, '--internal', app.internalUrl]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectRoot, timeout: 150_000 })
    t.match(stdout, /"state":"ended"/)
    t.match(stdout, /posting {2}settlement session_escrow -25000, mitra_payable 17500, platform_revenue 7500/)
    t.match(stdout, /"ok":true/)
  })

  t.test('npm run demo lives in a running product, and leaves nothing open behind', async (t) => {
    await seedDemo(ctx)
    const args = ['docs/demo/demo.mjs', '--public', app.url, '--internal', app.internalUrl, '--speed=60', '--customers=4', '--mitras=2']
    const demo = spawn(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => demo.kill('SIGKILL'))
    let told = ''
    demo.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
    const lived = () => /[1-9]\d* messages, [1-9]\d* sessions over, [1-9]\d* rated/.test(told)
    await eventually(lived, 'somebody has talked, ended and rated', { timeoutMs: 150_000 })
    demo.kill('SIGINT')
    const [code] = await once(demo, 'exit')
    t.equal(code, 0)
    t.match(told, /everybody leaves/)
    await eventually(async () => (await app.query('select 1 from chat_sessions where ended_at is null')).length === 0, 'no session is open')
    t.same(await app.query('select 1 from mitras where wants_online'), [], 'nobody is online')
  })
})
