import type { Page } from 'playwright-core'
import { staffAccount } from '../../backend/testing/staff.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'
import { watchReads } from './look.ts'

/** What a browser that knows no better compression than gzip may have to load before somebody can work. */
const MOST_BYTES = 350 * 1024

/** Bytes over the wire, headers too, of everything that this window loads from now on. */
async function weigh(page: Page): Promise<{ bytes: () => number }> {
  const session = await page.context().newCDPSession(page)
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => void (bytes += encodedDataLength))
  await session.send('Network.enable')
  await session.send('Network.setExtraHTTPHeaders', { headers: { 'accept-encoding': 'gzip' } })
  return { bytes: () => bytes }
}

browserTest('the first load is small: at the sign-in, and with the first page', async (t, { app, open }) => {
  const { email, password } = await staffAccount(app, 'moderator')
  const { page } = await open('about:blank')
  const scale = await weigh(page)
  const encodings = new Set<string | undefined>()
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js')) encodings.add(response.headers()['content-encoding'])
  })
  await page.goto('/')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await eventually(() => scale.bytes() > 50_000, 'what the page is made of is counted')
  const atSignIn = scale.bytes()
  t.ok(atSignIn < MOST_BYTES, `${Math.round(atSignIn / 1024)} KB at the sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  const reads = watchReads(page)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').waitFor()
  await reads.settled('the first page')
  t.ok(scale.bytes() < MOST_BYTES, `${Math.round(scale.bytes() / 1024)} KB with the first page`)
  t.ok(encodings.has('gzip') && !encodings.has('br'), 'weighed as gzip')

  // Hashed files are kept: coming back loads the page itself and what it shows, no more.
  const before = scale.bytes()
  await page.reload()
  await page.getByRole('navigation').waitFor()
  await reads.settled('the page, again')
  t.ok(scale.bytes() - before < 60_000, `${Math.round((scale.bytes() - before) / 1024)} KB when coming back`)
})
