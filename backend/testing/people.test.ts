import t from 'tap'
import { startTestApp } from './app.ts'
import { approvedMitra, customer } from './people.ts'

t.test('people of a test are real accounts, known on every replica', async (t) => {
  const app = await startTestApp(t, { replicas: 2 })
  const [citra, made] = await Promise.all([customer(app), approvedMitra(app, { displayName: 'Made', replica: 1 })])
  t.match((await citra.on(1).call('GET', '/api/v1/me')).body, { id: citra.id, kind: 'customer', displayName: 'Citra' })
  t.match((await made.call('GET', '/api/v1/mitra/application')).body, { mitraId: made.id, status: 'approved' })
})
