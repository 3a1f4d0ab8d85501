import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { eventually } from '../../backend/testing/wait.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Counts what a window is still waiting for. Begin before the page that is asked about. */
export function watchReads(page: Page): { settled(what: string): Promise<void>; answered(): Read[] } {
  const open = new Set<object>()
  let reads: Read[] = []
  page.on('request', (request) => {
    if (request.method() === 'GET' && new URL(request.url()).pathname.startsWith('/internal/')) open.add(request)
  })
  page.on('response', (response) => {
    const { pathname, search } = new URL(response.url())
    if (response.request().method() === 'GET' && pathname.startsWith('/internal/')) reads.push({ path: pathname + search, status: response.status() })
  })
  page.on('requestfinished', (request) => void open.delete(request))
  page.on('requestfailed', (request) => void open.delete(request))
  return {
    /** Everything that the page asked for is there and shown. */
    async settled(what) {
      await eventually(async () => open.size === 0 && (await isAtRest(page)) && open.size === 0, `${what} has everything that it asks for`)
    },
    /** What was answered since the last time that this was asked. */
    answered() {
      const answered = reads
      reads = []
      return answered
    },
  }
}
export type Read = { path: string; status: number }

// Two frames later: whoever reads more because of what was read has begun.
function isAtRest(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    return document.querySelector('main h1:not([data-before])') !== null && document.querySelector('main .mantine-Skeleton-root, main .mantine-Loader-root, main [aria-busy=true]') === null
  })
}

type Violation = { id: string; impact: string | null; help: string; nodes: { target: unknown[]; html: string; failureSummary?: string }[] }

/** What axe finds serious or critical on this page, each as a line; `contrastAlone`: where only the colours are new. */
export async function findBarriers(page: Page, options: { contrastAlone?: boolean } = {}): Promise<string[]> {
  // By the debugger, which the content-security-policy doesn't bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  const violations = await page.evaluate(async (contrastAlone) => {
    const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<{ violations: unknown[] }> } } // put there by the line above
    return (await axe.run(document, { resultTypes: ['violations'], ...(contrastAlone ? { runOnly: ['color-contrast'] } : {}) })).violations
  }, options.contrastAlone === true)
  return (violations as Violation[]).filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${(failureSummary ?? '').split('\n').slice(1, 2).join('').trim()}`))
}

/** What is wider than the window and makes the page scroll sideways. */
export function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const wide = [...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > width + 1 && !element.closest('.mantine-Table-scrollContainer, .mantine-ScrollArea-viewport'))
    return [`${document.documentElement.scrollWidth} px wide`, ...wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 160))]
  })
}

/** Texts that no person wrote: keys, codes of the wire, placeholders; what stands in a field somebody has typed. `known` are names that are shown as they are. */
export function findRawWords(page: Page, known: readonly string[]): Promise<string[]> {
  return page.evaluate((names) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = new Set<string>()
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? ''
      if (node.parentElement?.closest('code, pre, kbd, textarea, script, style, svg, noscript, .mantine-Code-root')) continue
      if (/\{\{|\}\}|^[a-z]\w*:[a-z]\w*$|undefined|\[object |NaN/.test(text) || (/^[a-z]+(?:[A-Z][a-z]+)+$|^[a-z]+(?:_[a-z]+)+$/.test(text) && !names.includes(text))) found.add(text.slice(0, 80))
    }
    return [...found]
  }, known)
}
