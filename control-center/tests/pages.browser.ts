import type { StaffRole } from '../../backend/platform/access.ts'
import { SETTINGS } from '../../backend/platform/settings-catalogue.ts'
import { browserTest, type Look, type Seeds } from './house.ts'
import { findBarriers, findOverflow, findRawWords, watchReads } from './look.ts'
import { readPages, readTitles, seesPage, type RegisteredPage } from './registry.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']
/** Each width with each theme, both languages with both. What Indonesian adds to the barriers are the colours of its looks. */
const LOOKS: readonly Look[] = [{ width: 1280, theme: 'light', language: 'en' }, { width: 1280, theme: 'dark', language: 'id' }, { width: 390, theme: 'light', language: 'id' }, { width: 390, theme: 'dark', language: 'en' }]
/** Accounts of the ledger are shown as they stand in the books. */
const ACCOUNTS = ['provider_clearing', 'platform_revenue', 'payouts_pending', 'promotions', 'provider_fees', 'tax_withheld', 'refunds_pending', 'session_escrow', 'customer_wallet', 'customer_promo', 'mitra_payable', 'suspense']
const pages = readPages()
const titles = readTitles()

function addressOf(page: RegisteredPage, seeds: Seeds): string {
  if (!page.path.includes('$')) return page.path
  const path = seeds.paths[page.path]
  if (path === undefined) throw new Error(`tests/seed.ts names no address for ${page.path}`)
  return path
}

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

for (const look of LOOKS) {
  browserTest(`every page at ${look.width} px, ${look.theme}, ${look.language}: no barrier, nothing wider than the window, no raw words`, async (t, { openAs, seeds }) => {
    const { page, go } = await openAs('super_admin', '/account', look)
    const reads = watchReads(page)
    for (const each of pages) {
      const address = addressOf(each, seeds)
      await go(address)
      await reads.settled(address)
      t.equal(await page.evaluate(() => document.documentElement.lang), look.language, address)
      t.same(await findBarriers(page, { contrastAlone: look.language === 'id' }), [], `${address}: nothing serious or critical`)
      t.same(await findOverflow(page), [], `${address}: fits`)
      t.same(await findRawWords(page, [...Object.keys(SETTINGS), ...ACCOUNTS]), [], `${address}: words`)
      const heading = await page.getByRole('heading', { level: 1 }).innerText()
      t.ok(heading !== '' && (await page.title()) === `${heading} · halobestie`, `${address}: its one heading is the window's title (${heading})`)
      if (each.group !== undefined && look.width === 1280) t.equal((await page.getByRole('navigation').locator('[aria-current=page]').innerText()).split('\n')[0], titles[look.language!][each.title], `${address}: marked in the navigation`)
    }
  })
}
