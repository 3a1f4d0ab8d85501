import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createMetrics } from './platform/metrics.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { INTERNAL_ROUTES } from './testing/access-table.ts'

const backend = import.meta.dirname
const page = readFileSync(join(backend, '../docs/sessions.md'), 'utf8')
const codes = [...page.matchAll(/`([^`\n]+)`(?: \((\d+)\))?/g)].map(([, code, value]) => ({ code: code!, value }))

t.test('every setting that is named exists, and has the default that stands beside it', async (t) => {
  const settings = codes.filter(({ code }) => /^[a-z]+([A-Z][a-z]+)*(Seconds|Days|Ms|Percent|Most|Max)$/.test(code))
  t.ok(settings.length >= 8)
  for (const { code, value } of settings) {
    t.ok(Object.hasOwn(SETTINGS, code), code)
    if (value !== undefined) t.equal(SETTINGS[code as keyof typeof SETTINGS].default, Number(value), code)
  }
})

t.test('every metric, route, file and test that is named exists', async (t) => {
  const metrics = new Set(createMetrics({ processMetrics: false }).registry.getMetricsAsArray().map(({ name }) => name))
  for (const { code } of codes.filter((one) => /^[a-z]+(_[a-z]+)+_(total|seconds)$/.test(one.code))) t.ok(metrics.has(code), code)
  for (const { code } of codes.filter((one) => /^[A-Z]+ \/internal/.test(one.code))) t.ok(Object.hasOwn(INTERNAL_ROUTES, code), code)
  for (const { code } of codes.filter((one) => /^(backend|bench|docs)\/[\w./-]+$/.test(one.code))) t.ok(existsSync(join(backend, '..', code)), code)
  const tests = [...page.matchAll(/`([\w/-]+\.test\.ts)` “([^”]+)”/g)]
  t.ok(tests.length >= 8)
  for (const [, file, name] of tests) t.ok(readFileSync(join(backend, file!), 'utf8').includes(`'${name}'`), `${file}: ${name}`)
})
