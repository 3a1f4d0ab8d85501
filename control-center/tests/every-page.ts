import { SETTINGS } from '../../backend/platform/settings-catalogue.ts'
import { browserTest, type Look, type Seeds } from './house.ts'
import { findBarriers, findOverflow, findRawWords, watchReads } from './look.ts'
import { readPages, readTitles, type RegisteredPage } from './registry.ts'

/** Accounts of the ledger are shown as they stand in the books. */
const ACCOUNTS = ['provider_clearing', 'platform_revenue', 'payouts_pending', 'promotions', 'provider_fees', 'tax_withheld', 'refunds_pending', 'session_escrow', 'customer_wallet', 'customer_promo', 'mitra_payable', 'suspense']
export const pages = readPages()
const titles = readTitles()

/** Where a page can be seen: one of a single thing at the address of what `seed.ts` has made. */
export function addressOf(page: RegisteredPage, seeds: Seeds): string {
  if (!page.path.includes('$')) return page.path
  const path = seeds.paths[page.path]
  if (path === undefined) throw new Error(`tests/seed.ts names no address for ${page.path}`)
  return path
}

/** Looks at every page of the registry in such a window. What another theme adds to the barriers are its colours: they alone are looked at in Indonesian. */
export function lookAtEveryPage(look: Look): void {
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
