import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createLog } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { testEnv } from '../../testing/env.ts'
import { createXenditStatements } from './xendit-statements.ts'

t.test('a provider that does not know our cursor gives its first page again: the list ends', async (t) => {
  const rows = Array.from({ length: 100 }, (_, index) => ({ id: `one-${index}`, external_id: 'order', amount: 1000, currency: 'IDR', status: 'PAID', paid_amount: 1000 }))
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url?.startsWith('/transactions') ? { has_more: true, data: rows.slice(0, 50) } : rows))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const env = testEnv({ DATABASE_URL: 'postgres://127.0.0.1:1/none', VALKEY_URL: 'redis://127.0.0.1:1' }, { XENDIT_BASE_URL: `http://127.0.0.1:${port}`, XENDIT_SECRET_KEY: 'xnd_development_x' })
  const statements = createXenditStatements(env, createLog({ level: 'silent', environment: 'test' }), createMetrics({ processMetrics: false }))
  const window = { paidAfter: new Date(0), paidBefore: new Date() }

  const invoices = await statements.listInvoices(window)
  t.match([invoices.invoices.length, invoices.next], [100, 'one-99'])
  await t.rejects(statements.listInvoices({ ...window, after: invoices.next }), { message: 'the list repeats itself' })
  const lines = await statements.listLines({ updatedAfter: new Date(0) })
  t.equal(lines.next, 'one-49')
  await t.rejects(statements.listLines({ updatedAfter: new Date(0), after: lines.next }), { message: 'the list repeats itself' })
})
