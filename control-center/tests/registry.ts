import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mayAct } from '../../backend/modules/staff/index.ts'
import type { StaffAct, StaffRole } from '../../backend/platform/access.ts'

const SOURCE = join(import.meta.dirname, '../src')

export type RegisteredPage = { path: string; acts: readonly StaffAct[]; group: string | undefined; title: string }

/** The registry of pages as it is written: it imports what only a browser's bundle understands. */
export function readPages(): RegisteredPage[] {
  const text = readFileSync(join(SOURCE, 'pages.tsx'), 'utf8')
  const pages = [...text.matchAll(/^ {2}\{ path: '([^']+)', act: ('[^']+'|\[[^\]]+\]), (?:group: '(\w+)', )?title: '(\w+)'/gm)]
    .map(([, path, acts, group, title]) => ({ path: path!, acts: [...acts!.matchAll(/'([^']+)'/g)].map((act) => act[1] as StaffAct), group, title: title! })) // the compiler has checked that they are
  const written = text.matchAll(/^\s*\{ path: /gm).toArray().length
  if (pages.length === 0 || pages.length !== written) throw new Error(`src/pages.tsx: ${written} pages, of which ${pages.length} are a line like { path: '…', act: '…', group: '…', title: '…', … }`)
  return pages
}

/** The titles in both languages. */
export function readTitles(): { en: Record<string, string>; id: Record<string, string> } {
  const [en, id] = readFileSync(join(SOURCE, 'shell/titles.ts'), 'utf8').split('export const useTitles')
  const titlesOf = (part: string) => Object.fromEntries([...part.matchAll(/(\w+): '((?:[^'\\]|\\.)*)'/g)].map(([, key, title]) => [key!, title!.replaceAll("\\'", "'")]))
  return { en: titlesOf(en!), id: titlesOf(id!) }
}

export const seesPage = (role: StaffRole, page: RegisteredPage): boolean => page.acts.some((act) => mayAct(role, act))
