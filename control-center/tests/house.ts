import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import tap, { type Test } from 'tap'
import type { StaffRole } from '../../backend/platform/access.ts'
import { startTestApp, type TestApp } from '../../backend/testing/app.ts'
import type { FaultProxy } from '../../backend/testing/fault-proxy.ts'
import { CHROMIUM_VARIABLE, findChromium, type Chromium } from '../../backend/testing/servers/chromium-program.ts'
import { projectRoot } from '../../backend/testing/servers/processes.ts'
import { staffByRows, type StaffPerson } from '../../backend/testing/staff-rows.ts'
import { STAGE_SETTINGS } from '../../backend/testing/stage.ts'
import { NO_MORE } from '../../backend/testing/test-file.ts'
import { PATIENCE_MS } from '../../backend/testing/wait.ts'
import { seedHouse, type Seeds } from './seed.ts'

export type { Seeds } from './seed.ts'

/** How a window looks and who sits before it. */
export type Look = {
  width?: number
  height?: number
  theme?: 'light' | 'dark'
  language?: 'en' | 'id'
  /** The second replica is 1. */
  replica?: number
  /** Somebody who is signed in already (`open` only). */
  as?: Pick<StaffPerson, 'token'>
  /** The way of this window to the server, where that is to be disturbed. */
  through?: FaultProxy
  /** Refusals that the test provokes, by status: others of 400, 403, 404, 405, 415, 422, 429 and 5xx fail it. */
  allow?: readonly number[]
}

/** A window of a browser of its own: nothing is shared with others but the server. */
export type Visit = {
  page: Page
  context: BrowserContext
  staff: StaffPerson
  /** Goes to another page as a click would: without loading everything again. */
  go: (path: string) => Promise<void>
}

export type House = {
  /** Two replicas; every test of this run shares them and what `seeds` names. A test changes only what it made itself. */
  app: TestApp
  seeds: Seeds
  /** A new member of staff with this role, signed in (by rows), at this page. */
  openAs: (role: StaffRole, path: string, look?: Look) => Promise<Visit>
  /** The same with nobody signed in. */
  open: (path: string, look?: Look) => Promise<Pick<Visit, 'page' | 'context'>>
}

type Built = { app: TestApp; seeds: Seeds; browser: Browser }

const REFUSALS = new Set([400, 403, 404, 405, 415, 422, 429])
const PICTURES = join(projectRoot, '.data/browser')

let built: Promise<Built> | undefined
let pictures = 0

/** The one house of this process: started by the first test that needs it, ended when the runner has no more files. */
async function house(): Promise<Built> {
  built ??= build()
  return built
}

async function build(): Promise<Built> {
  const ends: (() => Promise<void>)[] = []
  const told = (message: unknown) => {
    if (message !== NO_MORE) return
    process.off('message', told)
    void ends.toReversed().reduce((before, end) => before.then(end), Promise.resolve())
  }
  process.on('message', told)
  const app = await startTestApp({ after: (end) => void ends.push(end) }, { replicas: 2, settings: { ...STAGE_SETTINGS, sweepMs: 400, anonymousRequests: 1_000_000, userRequests: 1_000_000 }, valkeyPatienceMs: PATIENCE_MS })
  const handed = process.env[CHROMIUM_VARIABLE]
  const { path, env } = handed === undefined ? findChromium() : (JSON.parse(handed) as Chromium) // written by the runner
  const browser = await chromium.launch({ executablePath: path, env: { ...process.env, ...env } })
  ends.push(() => browser.close())
  return { app, seeds: await seedHouse(app), browser }
}

/**
 * A test in a browser against the running product. Besides what it asserts itself it fails on any exception in a page,
 * any line of the console that says error (the content-security-policy's among them), and any refusal it did not `allow`.
 * A failed one leaves a picture of each window in .data/browser.
 */
export function browserTest(name: string, work: (t: Test, house: House) => Promise<void>, options: Pick<Look, 'allow'> = {}): void {
  void tap.test(name, async (t) => {
    const { app, seeds, browser } = await house()
    const [faults, contexts]: [string[], BrowserContext[]] = [[], []]
    const open = async (path: string, look: Look = {}) => {
      const { width = 1280, height = width < 600 ? 844 : 800, theme = 'light', language = 'en', replica = 0 } = look
      const url = look.through ? `http://127.0.0.1:${look.through.port}` : app.replicas[replica]!.internalUrl
      const context = await browser.newContext({
        baseURL: url, viewport: { width, height }, colorScheme: theme, locale: language === 'id' ? 'id-ID' : 'en-GB',
        timezoneId: 'Asia/Jakarta', reducedMotion: 'reduce', hasTouch: width < 600,
      })
      contexts.push(context)
      context.setDefaultTimeout(PATIENCE_MS)
      if (look.as) await signIn(context, look.as, url)
      const page = await context.newPage()
      watch(page, new Set([...(options.allow ?? []), ...(look.allow ?? [])]), faults)
      await page.goto(path)
      return { page, context }
    }
    const openAs = async (role: StaffRole, path: string, look: Look = {}): Promise<Visit> => {
      const staff = await staffByRows(app, role)
      const visit = await open(path, { ...look, as: staff })
      await visit.page.getByRole('main').waitFor()
      return { ...visit, staff, go: (to) => goTo(visit.page, to) }
    }
    try {
      await work(t, { app, seeds, openAs, open })
    } catch (error) {
      t.error(error)
    }
    t.same(faults, [], 'no error in any window')
    if (!t.passing()) await takePictures(t, name, contexts)
    await Promise.all(contexts.map((context) => context.close()))
  })
}

async function signIn(context: BrowserContext, staff: Pick<StaffPerson, 'token'>, url: string): Promise<void> {
  await context.addCookies([{ name: 'staff', value: staff.token, url, httpOnly: true, sameSite: 'Strict' }])
}

function watch(page: Page, allowed: ReadonlySet<number>, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`))
  page.on('console', (line) => {
    // What was refused is judged below, by its status.
    if (line.type() === 'error' && !/^Failed to load resource|WebSocket connection to/.test(line.text())) faults.push(`console: ${line.text()}`)
  })
  page.on('response', (response) => {
    const status = response.status()
    if ((status >= 500 || REFUSALS.has(status)) && !allowed.has(status)) faults.push(`${response.request().method()} ${new URL(response.url()).pathname} answered ${status}`)
  })
}

async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    // What is shown now is not what was asked for, even where it looks alike.
    document.querySelector('main h1')?.setAttribute('data-before', '')
    history.pushState({}, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, path)
}

async function takePictures(t: Test, name: string, contexts: readonly BrowserContext[]): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  for (const page of contexts.flatMap((context) => context.pages())) {
    const file = join(PICTURES, `${name.replaceAll(/[^\w]+/g, '-').slice(0, 60)}-${++pictures}.png`)
    await page.screenshot({ path: file }).then(() => t.comment(`picture: ${file}`), () => {}) // a window that has crashed has none
  }
}
