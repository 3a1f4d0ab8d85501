import type { StaffRole } from '../../backend/platform/access.ts'
import { addressOf, pages } from './every-page.ts'
import { browserTest } from './house.ts'
import { watchReads } from './look.ts'
import { seesPage } from './registry.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']

browserTest('each role sees the pages that the role table gives it, and the server answers it everything they ask', async (t, { openAs, seeds }) => {
  /** What a page asks for, as somebody sees who may do everything. */
  const asked = new Map<string, string[]>()
  /** What every page asks for: the header, the marks in the navigation. */
  const everywhere = new Set<string>()
  for (const role of ROLES) {
    const { page, go } = await openAs(role, '/account')
    const reads = watchReads(page)
    await reads.settled('the account')
    for (const { path } of reads.answered()) everywhere.add(path)
    const shown = await page.getByRole('navigation').getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
    t.same(shown.toSorted(), pages.filter((each) => each.group !== undefined && seesPage(role, each)).map(({ path }) => path).toSorted(), `${role}: the navigation`)
    for (const each of pages) {
      const address = addressOf(each, seeds)
      reads.answered()
      await go(address)
      await reads.settled(`${role}: ${address}`)
      const answers = reads.answered()
      const isRefused = await page.getByRole('heading', { level: 1, name: 'Your role does not see this page' }).isVisible()
      t.equal(isRefused, !seesPage(role, each), `${role} ${isRefused ? 'does not see' : 'sees'} ${each.path}`)
      if (isRefused) {
        const wanted = asked.get(each.path) ?? []
        const statuses = await page.evaluate((paths) => Promise.all(paths.map(async (path) => {
          const answer = await fetch(path)
          await answer.text() // an answer that nobody reads is never finished
          return answer.status
        })), wanted)
        t.ok(wanted.length === 0 || statuses.includes(403), `${role}: the server too refuses ${each.path} (${wanted.map((path, index) => `${path} ${statuses[index]}`).join(', ')})`)
      } else {
        t.same(answers.filter(({ status }) => status >= 400), [], `${role}: everything that ${each.path} asks is answered`)
        if (role === 'super_admin') asked.set(each.path, [...new Set(answers.map(({ path }) => path))].filter((path) => !everywhere.has(path)))
      }
    }
  }
}, { allow: [403] })
