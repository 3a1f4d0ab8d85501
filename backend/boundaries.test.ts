import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'

const backend = import.meta.dirname

/** Who may use whom: left may use right, and what is absent is forbidden. Everybody may use settings and audit. */
const GRAPH: Record<string, readonly string[]> = {
  audit: [],
  settings: [],
  ledger: [],
  identity: ['ledger'],
  channels: ['identity'],
  notifications: ['channels', 'identity'],
  announcements: ['notifications', 'channels', 'identity'],
  payments: ['ledger', 'identity', 'notifications'],
  moderation: ['identity'],
  mitras: ['moderation', 'identity', 'notifications'],
  chat: ['moderation', 'identity', 'notifications'],
  approvals: [],
  promotions: ['ledger', 'identity', 'notifications'],
  sessions: ['mitras', 'chat', 'payments', 'promotions', 'ledger', 'moderation', 'notifications', 'identity'],
  refunds: ['sessions', 'payments', 'ledger', 'identity', 'notifications'],
  payouts: ['refunds', 'sessions', 'payments', 'mitras', 'ledger', 'identity', 'notifications'],
  reconciliation: ['payouts', 'refunds', 'sessions', 'payments', 'ledger', 'notifications'],
  reviews: ['sessions', 'mitras', 'moderation', 'identity'],
  availability: ['sessions', 'mitras', 'moderation', 'notifications', 'identity'],
  safety: ['sessions', 'chat', 'mitras', 'moderation', 'identity', 'notifications'],
}
const BEFORE_PRIVACY = Object.keys(GRAPH)
GRAPH['privacy'] = BEFORE_PRIVACY
GRAPH['staff'] = [...BEFORE_PRIVACY, 'privacy']
const mayUse = (user: string, used: string) => GRAPH[user]?.includes(used) === true || used === 'audit' || (used === 'settings' && user !== 'audit')

type Source = { file: string; name: string; module: string | undefined; text: string; imports: { path: string; isType: boolean }[] }

function readSource(file: string): Source {
  const text = readFileSync(join(backend, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')
  const imports = [...text.matchAll(/^(?:import|export) (type )?(?:[^'";]*? from )?'([^']+)'/gm), ...text.matchAll(/import\(()'([^']+)'\)/g)]
    .map(([, type, path]) => ({ path: path!.startsWith('.') ? relative(backend, join(backend, dirname(file), path!)) : path!, isType: Boolean(type) }))
  return { file, name: file.slice(file.lastIndexOf('/') + 1), module: /^modules\/([^/]+)\//.exec(file)?.[1], text, imports }
}

const sources = globSync('**/*.ts', { cwd: backend }).toSorted().filter((file) => !file.endsWith('.test.ts') && !file.startsWith('testing/')).map(readSource)
/** Every import of a file that fits, as `file → what`, where `isWrong` says so. */
const wrongImports = (fits: (source: Source) => boolean, isWrong: (path: string, source: Source, isType: boolean) => boolean) =>
  sources.filter(fits).flatMap((source) => source.imports.filter(({ path, isType }) => isWrong(path, source, isType)).map(({ path }) => `${source.file} → ${path}`))
const moduleOf = (path: string) => /^modules\/([^/]+)\//.exec(path)?.[1]

t.test('modules use each other only along the graph, and only by their face', async (t) => {
  t.same(sources.flatMap(({ module }) => (module !== undefined && GRAPH[module] === undefined ? [module] : [])), [], 'every module stands in the graph')
  t.same(wrongImports((source) => source.module !== undefined, (path, { module }) => {
    const used = moduleOf(path)
    return used !== undefined && used !== module && !mayUse(module!, used)
  }), [], 'along the graph')
  t.same(wrongImports(() => true, (path, { module }) => {
    const used = moduleOf(path)
    return used !== undefined && used !== module && !/^modules\/[^/]+\/(index|contract)\.ts$/.test(path)
  }), [], 'by index.ts or contract.ts')
})

t.test('the platform knows no module, and nobody but commands knows the tests', async (t) => {
  t.same(wrongImports(({ file }) => file.startsWith('platform/'), (path) => path.startsWith('modules/') || /^[^/.]+\.ts$/.test(path)), [])
  t.same(wrongImports(({ module }) => module !== undefined, (path) => /^[^/.]+\.ts$/.test(path)), [], 'modules are put together, they do not reach for it')
  t.same(wrongImports(({ file }) => !['dev.ts'].includes(file), (path) => path.startsWith('testing/')), [])
})

t.test('each kind of file imports what it may', async (t) => {
  const kind = (name: string) => (source: Source) => source.module !== undefined && source.name === name
  t.same(wrongImports(kind('contract.ts'), (path) => path !== 'zod' && !path.endsWith('/contract.ts')), [], 'contract.ts: zod and other contracts')
  t.same(wrongImports(kind('tables.ts'), (path, _source, isType) => path !== 'platform/drizzle.ts' && !isType), [], 'tables.ts: drizzle')
  t.same(wrongImports(kind('rules.ts'), (path, source, isType) => !isType && moduleOf(path) !== source.module && !/^platform\/(settings-catalogue|errors)\.ts$|^zod$|^node:crypto$/.test(path)), [], 'rules.ts: no input or output')
  for (const { file, text, imports, module } of sources.filter(kind('index.ts'))) {
    t.notMatch(text, /export \*/, `${file}: named re-exports`)
    t.same(imports.filter(({ path }) => moduleOf(path) !== module), [], `${file}: own files`)
    t.match(text.replaceAll(/export (type )?\{[^}]*\} from '[^']+'/g, '').trim(), /^$/, `${file}: no logic`)
    t.match(readFileSync(join(backend, file), 'utf8'), /^\/\*\*/, `${file}: says what the module is`)
  }
})

t.test('a table is named by its owner alone', async (t) => {
  const owners = new Map<string, string>([['outbox', 'platform'], ['idempotency_keys', 'platform'], ['schema_migrations', 'platform'], ['timetable', 'platform'], ['rollups', 'platform'], ['rollup_changes', 'platform'], ['replicas', 'platform']])
  for (const { text, module, file, name } of sources) {
    const defined = [...text.matchAll(/pgTable\('(\w+)'/g)].map((match) => match[1]!)
    if (defined.length > 0) t.equal(name, 'tables.ts', file)
    for (const table of defined) {
      t.notOk(owners.has(table), `${table} is defined once`)
      owners.set(table, module ?? 'platform')
    }
  }
  const named = sources.flatMap(({ file, text, module }) =>
    [...text.matchAll(/\b(?:from|join|into|update|table|only)\s+(?:only\s+)?"?([a-z_]+)"?/gi)]
      .map((match) => match[1]!)
      .filter((table) => owners.has(table) && owners.get(table) !== (module ?? (file.startsWith('platform/') ? 'platform' : '')))
      .map((table) => `${file}: ${table} (of ${owners.get(table)})`))
  t.same([...new Set(named)], [])
})
