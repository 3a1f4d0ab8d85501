import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPages, readTitles } from '../control-center/tests/registry.ts'
import { projectRoot } from './testing/servers/processes.ts'

const text = readFileSync(join(projectRoot, 'docs/control-center.md'), 'utf8')
const rows = [...text.matchAll(/^\| \*\*(.+?)\*\* `([^`]+)` \|/gm)].map(([, title, path]) => ({ title: title!, path: path! }))

t.test('every page of the navigation is told of by its name and path, and no other', async (t) => {
  const titles = readTitles().en
  const pages = readPages().filter(({ group, path }) => group !== undefined || path === '/account')
  t.same(rows.toSorted((a, b) => a.path.localeCompare(b.path)), pages.map(({ title, path }) => ({ title: titles[title]!, path })).toSorted((a, b) => a.path.localeCompare(b.path)))
})
