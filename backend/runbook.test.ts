import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { ENV_NAMES } from './platform/env.ts'
import { startTestApp } from './testing/app.ts'
import { createTestDatabase } from './testing/database.ts'
import { renderManifests } from './testing/manifests.ts'
import { commandsOf, fencesOf, type Fence } from './testing/runbook.ts'
import { projectRoot } from './testing/servers/processes.ts'

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8')
const text = read('DEPLOY.md')
const fences = fencesOf('DEPLOY.md')
const shells = fences.filter(({ language }) => language === 'sh' || language === 'bash')
const at = (fence: Fence) => `DEPLOY.md:${fence.line}`
/** Variables of the tools that the document uses, each theirs and not ours. */
const OF_TOOLS = new Set(['HOME', 'PWD', 'PATH', 'USER', 'RANDOM', 'PGPASSWORD', 'PGHOST', 'PGUSER', 'PGDATABASE', 'PGOPTIONS', 'SMOKE_WITHIN', 'DOCKER_BUILDKIT', 'NODE_OPTIONS', 'COMPOSE_PROJECT_NAME', 'COMPOSE_FILE', 'COMPOSE_PROFILES'])
/** What .env.example and compose.yaml let an operator set besides. */
const composeText = existsSync(join(projectRoot, 'compose.yaml')) ? read('compose.yaml') : ''
const exampleNames = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1]!)
const composeNames = [...composeText.matchAll(/\$\{([A-Z][A-Z0-9_]+)/g)].map((match) => match[1]!)
const ours = new Set([...ENV_NAMES, ...exampleNames, ...composeNames, 'MIGRATION_DATABASE_URL', 'GIT_SHA'])
const isAsk = (command: string[], ...names: string[]) => names.every((name, index) => command[index] === name)

t.test('every fence is of a language that something here reads', (t) => {
  t.same(fences.filter(({ language }) => !['sh', 'bash', 'sql', 'yaml', 'ini', 'json', 'text', 'caddyfile'].includes(language)).map((fence) => `${at(fence)}: ${fence.language}`), [])
  t.same(fences.filter(({ language, isRun }) => isRun && language !== 'sh').map(at), [], 'what is run is sh')
  t.ok(shells.length > 10)
  t.end()
})

t.test('every script is one for bash', (t) => {
  for (const fence of shells) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: fence.code, encoding: 'utf8' })
    t.equal(status, 0, `${at(fence)} ${stderr}`)
    t.notMatch(fence.code, /<[a-z][\w -]*>/, `${at(fence)}: a placeholder is a variable, not <…>`)
  }
  t.end()
})

t.test('every yaml, json and ini is one', (t) => {
  for (const fence of fences) {
    if (fence.language === 'yaml') t.same(parseAllDocuments(fence.code).flatMap((document) => document.errors.map(String)), [], at(fence))
    if (fence.language === 'json') t.doesNotThrow(() => JSON.parse(fence.code) as unknown, at(fence))
    if (fence.language === 'ini') t.same(fence.code.split('\n').filter((line) => !/^(\s*|[#;].*|\[[\w.-]+\]|[\w.-]+\s*=.*)$/.test(line)), [], at(fence))
  }
  t.end()
})

t.test('every statement is one for our Postgres, and what it asks is there', async (t) => {
  const database = await createTestDatabase()
  t.teardown(() => database.drop())
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  t.teardown(() => client.end())
  for (const fence of fences.filter(({ language }) => language === 'sql')) {
    // PL/pgSQL reads the grammar of everything that it would run, also of what no transaction may contain.
    await t.resolves(client.query(`do $check$ begin if false then ${fence.code} end if; end $check$`), at(fence))
    for (const statement of fence.code.replaceAll(/--[^\n]*/g, '').split(/;\s*\n/).map((part) => part.trim()).filter((part) => /^(select|insert|update|delete|with)\b/i.test(part))) {
      await client.query('begin')
      try {
        await t.resolves(client.query(`prepare checked as ${statement.replace(/;$/, '')}`), `${at(fence)}: ${statement.slice(0, 60)}`)
      } finally {
        await client.query('rollback')
        await client.query('deallocate all')
      }
    }
  }
})

t.test('every file, script and npm command that a script names is there', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const isOurs = /^(?:\.\/)?((?:backend|bench|control-center|docker|docs|migrations|\.ci|\.github)\/[\w./*-]*|Dockerfile|compose\.yaml|bootstrap\.mjs|package(?:-lock)?\.json|\.env\.example)$/
  for (const fence of shells) {
    for (const command of commandsOf(fence.code)) {
      for (const [, path] of command.flatMap((word) => isOurs.exec(word.replace(/^--?[\w-]+=/, '').replaceAll('$ENVIRONMENT', 'staging').replace(/:[\w/,]+$/, '')) ? [isOurs.exec(word.replace(/^--?[\w-]+=/, '').replaceAll('$ENVIRONMENT', 'staging').replace(/:[\w/,]+$/, ''))!] : [])) {
        t.ok(globSync(path!, { cwd: projectRoot }).length > 0, `${at(fence)}: ${path}`)
      }
      if (isAsk(command, 'npm', 'run')) t.ok(Object.hasOwn(scripts, command.slice(2).find((word) => !word.startsWith('-')) ?? ''), `${at(fence)}: ${command.join(' ')}`)
      const node = command.indexOf('node')
      const file = node === -1 ? undefined : command.slice(node + 1).find((word) => !word.startsWith('-'))
      if (file && /\.(ts|mjs)$/.test(file)) t.ok(existsSync(join(projectRoot, file)), `${at(fence)}: node ${file}`)
    }
  }
  t.end()
})

t.test('every variable that a script reads or sets is known', (t) => {
  // What an earlier fence of the document sets: those at the top are the operator's own values.
  const set = new Set<string>()
  for (const fence of shells) {
    for (const [, name] of fence.code.matchAll(/(?:^|[\s;(])(?:export |local |read -r )?([A-Za-z_]\w*)=/gm)) set.add(name!)
    for (const [, name] of fence.code.matchAll(/\bfor (\w+) in\b/g)) set.add(name!)
    const code = fence.code.replaceAll(/'[^'\n]*'/g, '')
    const read = [...code.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map((match) => match[1]!)
    t.same(read.filter((name) => !set.has(name) && !OF_TOOLS.has(name) && !ours.has(name)), [], at(fence))
    for (const command of commandsOf(fence.code)) {
      // What is handed to a process of ours must be a variable of ours.
      const handed = command.flatMap((word, index) => ['-e', '--env'].includes(command[index - 1]!) || word.startsWith('--env=') ? [word.replace('--env=', '')] : [])
      const before = command.findIndex((word) => !/^[A-Z][A-Z0-9_]*=/.test(word))
      if (['node', 'npm', 'docker'].includes(command[before] ?? '')) handed.push(...command.slice(0, before))
      t.same(handed.map((word) => word.split('=')[0]!).filter((name) => !ours.has(name) && !OF_TOOLS.has(name)), [], `${at(fence)}: ${command.join(' ')}`)
    }
  }
  t.end()
})

t.test('every service that a script names is one of compose.yaml', (t) => {
  const services = composeText === '' ? {} : (parse(composeText, { logLevel: 'silent', merge: true }) as { services: Record<string, { profiles?: string[] }> }).services
  const profiles = new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles))
  const WITH_VALUE = new Set(['-f', '--file', '-p', '--project-name', '--profile', '--env-file', '-e', '--env', '-v', '--volume', '-u', '--user', '-w', '--workdir', '--entrypoint', '--name', '-t', '--timeout', '-n', '--tail', '--since', '--until', '--index', '--scale', '--format', '--wait-timeout', '--build-arg', '--pull', '-s', '--signal'])
  const ONE = new Set(['run', 'exec', 'port'])
  const MANY = new Set(['up', 'start', 'stop', 'restart', 'logs', 'ps', 'rm', 'pull', 'build', 'kill', 'create', 'pause', 'unpause', 'top'])
  for (const fence of shells) {
    for (const command of commandsOf(fence.code).map((words) => words.slice(words.indexOf('docker')))) {
      if (!isAsk(command, 'docker', 'compose')) continue
      const plain = command.slice(2).filter((word, index, all) => !word.startsWith('-') && !WITH_VALUE.has(all[index - 1] ?? '') && !/^[<>\d]/.test(word) && !['/dev/null'].includes(word))
      const [ask = '', ...rest] = plain
      const named = ONE.has(ask) ? rest.slice(0, 1) : MANY.has(ask) ? rest : []
      t.same(named.filter((name) => !name.startsWith('$') && !(name in services)), [], `${at(fence)}: ${command.join(' ')}`)
      const profile = command[command.indexOf('--profile') + 1]
      if (command.includes('--profile')) t.ok(profiles.has(profile!), `${at(fence)}: the profile ${profile}`)
    }
  }
  t.end()
})

t.test('every resource of Kubernetes that a script names is one of ours', (t) => {
  const manifests = ['staging', 'staging/migrate', 'staging/seed'].flatMap(renderManifests)
  const SHORT: Record<string, string> = { deploy: 'deployment', svc: 'service', cm: 'configmap', hpa: 'horizontalpodautoscaler', pdb: 'poddisruptionbudget', ing: 'ingress', netpol: 'networkpolicy', ns: 'namespace' }
  const there = new Set([...manifests.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`), ...['env', 'owner', 'firebase', 'tls'].map((name) => `secret/halobestie-${name}`)])
  const kinds = new Set([...there].map((one) => one.split('/')[0]!))
  for (const fence of shells) {
    for (const command of commandsOf(fence.code)) {
      const words = command.slice(command.indexOf('kubectl')).filter((word) => !word.startsWith('-'))
      if (words[0] !== 'kubectl') continue
      for (const [index, word] of words.entries()) {
        const [kind = '', name] = word.split('/')
        const long = SHORT[kind] ?? kind
        if (!kinds.has(long)) continue
        const [next] = words.slice(index + (kind === 'secret' && words[index + 1] === 'generic' ? 2 : 1))
        const named = name ?? (index > 1 && next && /^[\w-]+$/.test(next) ? next : undefined)
        if (named !== undefined && !named.startsWith('$')) t.ok(there.has(`${long}/${named}`), `${at(fence)}: ${long}/${named}`)
      }
    }
  }
  t.end()
})

t.test('the smoke test passes a running product, and says what another is not', async (t) => {
  const app = await startTestApp(t)
  const smoke = async (url: string) => {
    const child = spawn('bash', ['docker/smoke.sh', url], { cwd: projectRoot, env: { ...process.env, SMOKE_WITHIN: '1' }, stdio: ['ignore', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, told }
  }
  const { code, told } = await smoke(app.url)
  t.equal(code, 0, told)
  t.match(told, /ok {3}a socket opens\n$/)
  t.match(await smoke(app.internalUrl), { code: 1, told: /FAIL packages can be read: 404/ }, 'the internal listener is not the public one')
  t.match(await smoke(app.simulators.url), { code: 1, told: /FAIL it is not ready/ })
})

t.test('every variable of the environment is spoken of, here or where it is explained', (t) => {
  const example = read('.env.example')
  for (const name of ENV_NAMES) {
    t.match(example, new RegExp(`^#? ?${name}=`, 'm'), `.env.example explains ${name}`)
    t.ok(text.includes(`\`${name}`), `DEPLOY.md mentions ${name}`)
  }
  t.end()
})

t.test('every place that points into the document finds it', (t) => {
  const anchors = new Set([...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-')))
  const pointing = globSync(['docker/**/*', 'docs/**/*.md', 'backend/**/*.md', 'control-center/**/*.md', '*.md', 'compose.yaml', 'Dockerfile', '.github/**/*'], { cwd: projectRoot, withFileTypes: true }).filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name)).filter((file) => !file.includes('node_modules') && !file.endsWith('.png'))
  t.ok(pointing.length > 5)
  for (const file of pointing) {
    for (const [, anchor] of readFileSync(file, 'utf8').matchAll(/DEPLOY\.md#([\w-]+)/g)) t.ok(anchors.has(anchor!), `${file}: #${anchor}`)
  }
  t.end()
})
