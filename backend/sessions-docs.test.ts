import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sessionNote, sessionView } from './modules/sessions/contract.ts'
import { definitionOf, TEMPLATE_KEYS, TEXTS } from './modules/notifications/index.ts'
import { ERROR_KINDS } from './platform/errors.ts'
import { createMetrics } from './platform/metrics.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { INTERNAL_ROUTES, PUBLIC_ROUTES } from './testing/access-table.ts'

const backend = import.meta.dirname
const page = readFileSync(join(backend, '../docs/sessions.md'), 'utf8')
const codes = [...page.matchAll(/`([^`\n]+)`(?: \(([\d, ]+|true|false)\))?/g)].map(([, code, value]) => ({ code: code!, value }))
const named = new Set(codes.map(({ code }) => code))
const sources = ['sessions', 'mitras', 'reviews', 'availability'].flatMap((name) => {
  const folder = join(backend, 'modules', name)
  return readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => readFileSync(join(folder, file), 'utf8'))
})
const tables = readdirSync(join(backend, 'modules/sessions')).filter((file) => file.startsWith('session-table-')).map((file) => readFileSync(join(backend, 'modules/sessions', file), 'utf8'))

/** Every change of state that the generated tables prove, as `from>to`. */
function provenChanges(): Set<string> {
  const changes = new Set<string>()
  for (const table of tables) {
    const rows = table.split('\n').filter((line) => line.includes(' | ')).map((line) => line.split('|').map((cell) => cell.trim()))
    const [, ...states] = rows[0]!
    for (const [, ...cells] of rows.slice(1)) for (const [at, cell] of cells.entries()) for (const [, to] of cell.matchAll(/>(\w+)/g)) changes.add(`${states[at]}>${to}`)
  }
  return changes
}

t.test('the diagram shows every state, and exactly the changes that the tables of states and events prove', async (t) => {
  const drawn = [...page.matchAll(/^ {2}(\w+) --> (\w+): \S/gm)].map(([, from, to]) => `${from}>${to}`)
  t.equal(new Set(drawn).size, drawn.length, 'each once')
  // What is nothing to pay is proved by the tests of starting a session: the tables' sessions have a price.
  const unpriced = 'queued>ringing'
  t.same(drawn.filter((change) => change !== unpriced).toSorted(), [...provenChanges()].filter((change) => change !== unpriced).toSorted())
  for (const state of sessionView.shape.state.options) t.match(page, new RegExp(`^\\| \`${state}\` \\|`, 'm'), `${state} is explained`)
})

t.test('every setting that sessions, mitras, ratings and availability read is named, and has the default that stands beside it', async (t) => {
  for (const [, setting] of sources.join('\n').matchAll(/settings\.get\('(\w+)'\)/g)) t.ok(named.has(setting!), setting!)
  const settings = codes.filter(({ code }) => Object.hasOwn(SETTINGS, code))
  for (const { code, value } of settings) if (value !== undefined) t.equal([SETTINGS[code as keyof typeof SETTINGS].default].flat().join(', '), value, code)
  const like = codes.filter(({ code }) => /^[a-z]+([A-Z][a-z]+)*(Seconds|Days|Ms|Percent|Most|Max|Count|Idr)$/.test(code) && code !== 'returnedIdr')
  for (const { code } of like) t.ok(Object.hasOwn(SETTINGS, code), code)
  t.same(settings.filter(({ code }, at) => settings.findIndex((one) => one.code === code) === at && !settings.some((one) => one.code === code && one.value !== undefined)).map(({ code }) => code), [], 'each has its default somewhere')
})

t.test('every frame, reason, refusal, note and title is one of the code’s, and every reason and title of the code stands here', async (t) => {
  const frames = readFileSync(join(backend, '../docs/realtime.md'), 'utf8')
  for (const { code } of codes.filter((one) => /^[a-z]+:[a-z]+$/.test(one.code))) t.ok(frames.includes(`\`${code}\``), code)
  const known = new Set<string>([...Object.keys(ERROR_KINDS), ...sessionNote.options.map(({ shape }) => shape.code.value), 'session_events', 'wait_estimates', ...verdicts(), ...metricNames(), ...reasons()])
  for (const { code } of codes.filter((one) => /^[a-z]+(_[a-z0-9]+)+$/.test(one.code))) t.ok(known.has(code), code)
  for (const reason of reasons()) t.ok(named.has(reason), reason)
  const titles = TEMPLATE_KEYS.filter((key) => ['offer', 'session', 'status', 'tip'].includes(definitionOf(key).kind)).map((key) => TEXTS.id[key].title)
  for (const title of titles) t.ok(page.includes(`“${title}”`), title)
})

t.test('every metric, route, file and test that is named exists', async (t) => {
  const routes = { ...PUBLIC_ROUTES, ...INTERNAL_ROUTES }
  for (const { code } of codes.filter((one) => /^[a-z]+(_[a-z]+)+_(total|seconds)$/.test(one.code))) t.ok(metricNames().includes(code), code)
  for (const { code } of codes.filter((one) => /^[A-Z]+ \//.test(one.code))) t.ok(Object.hasOwn(routes, code), code)
  for (const { code } of codes.filter((one) => /^(backend|bench|docs)\/[\w./-]+$/.test(one.code))) t.ok(existsSync(join(backend, '..', code)), code)
  const tests = [...page.matchAll(/`([\w/-]+\.test\.ts)` “([^”]+)”/g)]
  t.ok(tests.length >= 10)
  for (const [, file, name] of tests) t.ok(readFileSync(join(backend, file!), 'utf8').includes(`'${name}'`), `${file}: ${name}`)
})

function metricNames(): string[] {
  return createMetrics({ processMetrics: false }).registry.getMetricsAsArray().map(({ name }) => name)
}

/** Why sessions end, as the code writes it. */
function reasons(): string[] {
  const ends = sources.flatMap((source) => [...source.matchAll(/finishSession\(tx, seen, \{[^}]*?reason: ([^,]+),/g)].flatMap(([, value]) => [...value!.matchAll(/'([a-z_]+)'/g)].map(([, reason]) => reason!)))
  const texts = TEMPLATE_KEYS.flatMap((key) => /^session\.ended\.(\w+)$/.exec(key)?.[1] ?? []).filter((reason) => reason !== 'for_mitra')
  // `${actor.kind}_ended`
  return [...new Set([...ends, ...texts, 'customer_ended', 'mitra_ended'])]
}

function verdicts(): string[] {
  return sources.flatMap((source) => [.../verdict: text\('verdict'\)\.\$type<([^>]+)>/.exec(source)?.[1]?.matchAll(/'(\w+)'/g) ?? []].map(([, verdict]) => verdict!))
}
