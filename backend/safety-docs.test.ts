import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CASE_KINDS, CASE_STATES, OUTCOMES } from './modules/safety/contract.ts'
import { STAFF_ACTS } from './platform/access.ts'
import { createMetrics } from './platform/metrics.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { INTERNAL_ROUTES, PUBLIC_ROUTES } from './testing/access-table.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/safety.md'), 'utf8')
const codes = new Set([...page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!))
const rowsOf = (title: string) => [...new RegExp(`^## ${title}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(page)![1]!.matchAll(/^\| `(\w+)` \| ?([^|]*)/gm)].map(([, name, cell]) => [name!, cell!.trim()] as const)

t.test('every setting of safety stands in the table with its default', async (t) => {
  for (const [name, value] of rowsOf('Settings')) {
    const setting = SETTINGS[name as keyof typeof SETTINGS] // undefined is what the next line finds
    t.equal(setting === undefined ? undefined : [setting.default].flat().join(', '), value, name)
  }
  t.equal(rowsOf('Settings').length, 9)
})

t.test('routes, files, metrics and acts that are named exist', async (t) => {
  for (const code of codes) {
    const [, route] = /^((?:GET|POST|PUT) \/\S+)$/.exec(code) ?? []
    if (route !== undefined) t.ok(route in INTERNAL_ROUTES || route in PUBLIC_ROUTES, route)
    if (/^(backend|docs)\//.test(code)) t.ok(existsSync(join(root, code)), code)
    if (code.startsWith('safety_')) t.ok(createMetrics({ processMetrics: false }).registry.getSingleMetric(code), code)
    if (code.startsWith('safety.')) t.ok((STAFF_ACTS as readonly string[]).includes(code), code)
  }
})

t.test('every kind, state and outcome of a case is named', async (t) => {
  t.same(rowsOf('Cases').map(([kind]) => kind).toSorted(), [...CASE_KINDS].toSorted())
  for (const name of [...CASE_STATES, ...OUTCOMES]) t.ok(codes.has(name), name)
})
