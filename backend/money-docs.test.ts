import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { account } from './modules/ledger/index.ts'

const backend = import.meta.dirname
const page = readFileSync(join(backend, '../docs/money.md'), 'utf8')
const sources = globSync('modules/**/*.ts', { cwd: backend }).filter((file) => !file.endsWith('.test.ts')).map((file) => readFileSync(join(backend, file), 'utf8'))

t.test('every flow that is posted stands in its table, and no other', async (t) => {
  const literals = sources.flatMap((text) => [...text.matchAll(/\bflow: (?:\w+ \? )?('[a-z_.]+')(?: : ('[a-z_.]+'))?/g)].flatMap((match) => [match[1], match[2]]))
  const named = sources.flatMap((text) => [...text.matchAll(/^export const (?:FLOWS|\w+_FLOW) = (.*)$/gm)].flatMap((match) => [...match[1]!.matchAll(/'[a-z_.]+'/g)].map(([name]) => name)))
  const outcomes = ['succeeded', 'failed', 'reversed'].map((outcome) => `'payout.${outcome}'`)
  const posted = new Set([...literals, ...named, ...outcomes].flatMap((name) => (name === undefined ? [] : [name.replaceAll("'", '')])))
  const table = /^## Every flow\n([\s\S]*?)^###/m.exec(page)![1]!
  const told = new Set([...table.matchAll(/^\| (`[^|:]+?)[ :|]* ?(?:[^|`]*)\|/gm)].flatMap((row) => [...row[1]!.matchAll(/`([a-z_.]+)`/g)].map((match) => match[1]!)))
  t.ok(posted.size > 15)
  t.same([...told].toSorted(), [...posted].toSorted())
})

t.test('every account stands in its table', async (t) => {
  const names = Object.values(account).map((name) => (typeof name === 'string' ? name : name('').replace(':', '')))
  for (const name of names) t.match(page, new RegExp(`\`${name}[:\`]`), name)
})

t.test('every test that is named exists', async (t) => {
  const named = [...page.matchAll(/`([\w/-]+\.test\.ts)` “([^”]+)”/g)]
  t.ok(named.length > 15)
  for (const [, file, name] of named) {
    const path = join(backend, file!)
    t.ok(existsSync(path) && readFileSync(path, 'utf8').includes(`'${name}'`), `${file}: ${name}`)
  }
  for (const [heading, first, least] of [['## Odd events', 'what comes', 15], ['## What we do not know of the providers', 'not verified', 12], ['### What the simulators play', 'fault', 8]] as const) {
    const section = page.split(`${heading}\n`)[1]!.split(/^##/m)[0]!
    const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith(`| ${first} |`))
    t.ok(rows.length >= least, heading)
    for (const row of rows) t.match(row, /\.test\.ts` “/, row.slice(0, 60))
  }
})
