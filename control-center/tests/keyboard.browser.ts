import type { Page } from 'playwright-core'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'
import { findBarriers } from './look.ts'
import { readPages, readTitles } from './registry.ts'

const pages = readPages().filter(({ group }) => group !== undefined)
const titles = readTitles().en

/** What has the focus: its name, and whether the eye can see that. */
function focused(page: Page): Promise<{ name: string; isSeen: boolean; isInside: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement!
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(element)
    // A field shows it by its border, whose colour then differs from that of a field without the focus.
    const isField = element.matches('input, textarea, select')
    const { top, left, bottom, right } = element.getBoundingClientRect()
    return {
      name: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 60) || element.tagName,
      isSeen: element === document.body || (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none' || (isField && borderColor !== ''),
      isInside: element === document.body || (bottom > 0 && right > 0 && top < innerHeight && left < innerWidth),
    }
  })
}

/** A page that was asked for gets the focus once it is there. */
const isRead = (page: Page) => page.waitForFunction(() => document.activeElement?.id === 'content')

browserTest('everything is reached by the keyboard alone, and one sees where one is', async (t, { openAs }) => {
  const { page } = await openAs('super_admin', '/account')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('Tab')
  t.equal((await focused(page)).name, 'Skip to the content', 'the first stop skips what every page has')
  t.ok(await page.getByText('Skip to the content').isVisible())
  await page.keyboard.press('Enter')
  await isRead(page)

  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  const [stops, unseen]: [string[], string[]] = [[], []]
  for (let press = 0; press < pages.length + 8; press++) {
    await page.keyboard.press('Tab')
    const { name, isSeen, isInside } = await focused(page)
    stops.push(name)
    if (!isSeen || !isInside) unseen.push(name)
  }
  t.same(unseen, [], 'each stop is seen')
  t.same(pages.filter(({ title }) => !stops.some((stop) => stop.startsWith(titles[title]!))).map(({ title }) => titles[title]), [], 'every page of the navigation is a stop')

  const [somewhere] = pages.filter(({ path }) => path !== '/account')
  await page.getByRole('link', { name: titles[somewhere!.title]!, exact: false }).first().press('Enter')
  await page.waitForURL((url) => url.pathname === somewhere!.path)
  await isRead(page)
  t.pass('a new page is read from its beginning')
})

browserTest('menus give the focus back, on a narrow window too', async (t, { openAs }) => {
  const { page } = await openAs('admin', '/account', { width: 390 })
  const own = page.getByRole('button', { name: /^My account: / })
  await own.press('Enter')
  await page.getByRole('menuitemradio', { name: 'Dark' }).waitFor()
  t.same(await findBarriers(page), [], 'nothing serious or critical in the open menu')
  await page.keyboard.press('Escape')
  await page.getByRole('menuitemradio', { name: 'Dark' }).waitFor({ state: 'hidden' })
  await eventually(async () => (await focused(page)).name.startsWith('My account: '), 'the button has the focus again')

  const burger = page.getByRole('button', { name: 'Menu', exact: true })
  t.equal(await page.getByRole('navigation').getByRole('link').first().isVisible(), false, 'closed, its links are no stops')
  await burger.press('Enter')
  const [somewhere] = pages.filter(({ path }) => path !== '/account')
  await page.getByRole('link', { name: titles[somewhere!.title]!, exact: false }).first().press('Enter')
  await page.waitForURL((url) => url.pathname === somewhere!.path)
  await page.getByRole('navigation').getByRole('link').first().waitFor({ state: 'hidden' })
  t.equal(await burger.getAttribute('aria-expanded'), 'false', 'it closes when a page was chosen')
})

browserTest('theme and language are chosen by everybody for themselves, and kept', async (t, { openAs }) => {
  const { page } = await openAs('viewer', '/account')
  const choose = async (own: RegExp, name: string) => {
    await page.getByRole('button', { name: own }).click()
    await page.getByRole('menuitemradio', { name, exact: true }).click()
  }
  await choose(/^My account: /, 'Dark')
  await choose(/^My account: /, 'Bahasa Indonesia')
  await page.getByRole('heading', { level: 1, name: 'Akun saya' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Akun saya' }).waitFor()
  t.same(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset['mantineColorScheme']]), ['id', 'dark'])
})
