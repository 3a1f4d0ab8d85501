import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ERROR_KINDS } from './platform/errors.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { INTERNAL_ROUTES, PUBLIC_ROUTES } from './testing/access-table.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/privacy.md'), 'utf8')
const codes = new Set([...page.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!))
const table = page.split('## Settings\n')[1]!
const settings = [...table.matchAll(/^\| `(\w+)` \| ([^|]*?) \|$/gm)].map(([, name, value]) => [name!, value!] as const)

t.test('settings that are named stand in the table, with their defaults', async (t) => {
  for (const [name, value] of settings) t.equal(String(SETTINGS[name as keyof typeof SETTINGS]?.default), value, name)
  const named = [...codes].filter((code) => code in SETTINGS)
  t.same(named.toSorted(), settings.map(([name]) => name).toSorted())
})

t.test('routes, files and codes that are named exist', async (t) => {
  for (const code of codes) {
    if (/^(GET|POST|DELETE) \//.test(code)) t.ok(code in PUBLIC_ROUTES || code in INTERNAL_ROUTES, code)
    for (const [path] of code.matchAll(/\bbackend\/[\w./-]+/g)) t.ok(existsSync(join(root, path)), path)
  }
  for (const [, code] of page.matchAll(/\b409 `(\w+)`/g)) t.equal(ERROR_KINDS[code as keyof typeof ERROR_KINDS], 'conflict', code!)
  const sources = ['finish-erasure', 'ask-erasure', 'tables'].map((name) => readFileSync(join(root, `backend/modules/privacy/${name}.ts`), 'utf8')).join('')
  for (const name of ['person_erased', 'waiting', 'forfeit', 'userId']) t.ok(codes.has(name) && sources.includes(name), name)
})
