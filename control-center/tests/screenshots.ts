import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../backend/testing/servers/processes.ts'
import { browserTest, type Look } from './house.ts'
import { watchReads } from './look.ts'

const FOLDER = join(projectRoot, 'docs/control-center')
type Shot = Look & { name: string; path: string }

/** The pictures of docs/control-center.md: `npm run test:browser -- --screenshots` takes them anew. */
const SHOTS: readonly Shot[] = [
  { name: 'now', path: '/' },
  { name: 'now-390', path: '/', width: 390, theme: 'dark' },
  { name: 'sessions', path: '/sessions' },
  { name: 'session', path: '/sessions/$session' },
  { name: 'mitra', path: '/mitras/$mitra', theme: 'dark' },
  { name: 'customers-390', path: '/customers', width: 390, language: 'id' },
  { name: 'refunds', path: '/refunds' },
  { name: 'approvals', path: '/approvals' },
  { name: 'ledger', path: '/ledger' },
  { name: 'alerts', path: '/alerts' },
  { name: 'settings', path: '/settings' },
  { name: 'audit', path: '/audit', theme: 'dark' },
]

browserTest('the pictures of the documentation', async (t, { openAs, seeds }) => {
  mkdirSync(FOLDER, { recursive: true })
  for (const { name, path, ...look } of SHOTS) {
    const { page, go, context } = await openAs('super_admin', '/account', { height: look.width === 390 ? 844 : 800, ...look })
    const reads = watchReads(page)
    await go(path.replace('$session', seeds.sessionId).replace('$mitra', seeds.mitraId))
    await reads.settled(name)
    await page.screenshot({ path: join(FOLDER, `${name}.png`) })
    t.pass(name)
    await context.close()
  }
})
