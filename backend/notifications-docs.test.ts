import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { fcmMessage, KINDS, QUIET_CHANNEL, type Kind } from './modules/channels/index.ts'
import { preferencesBody } from './modules/channels/contract.ts'
import { deviceBody } from './modules/identity/contract.ts'
import { acksBody } from './modules/notifications/contract.ts'
import { definitionOf, renderNotice, TEMPLATE_KEYS, type TemplateKey } from './modules/notifications/index.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { PUBLIC_ROUTES } from './testing/access-table.ts'
import { projectRoot } from './testing/servers/processes.ts'
import { SERVER_FRAMES } from './testing/socket-frames.ts'

const page = readFileSync(join(projectRoot, 'docs/notifications.md'), 'utf8')
/** The text under a heading of the second or third level. */
const section = (title: string) => {
  const [, level, text] = new RegExp(`^(##|###) ${title}$([\\s\\S]*?)(?=^## |^\\1 |$(?![\\s\\S]))`, 'm').exec(page) ?? []
  if (level === undefined) throw new Error(`the page has no section ${title}`)
  return text!
}
/** The rows of a section's first table, cell by cell, without its head. */
const rows = (text: string) => [...(/(?:^\|.+\|\n)+/m.exec(text)?.[0] ?? '').matchAll(/^\|(.+)\|$/gm)].slice(2).map(([, row]) => row!.split('|').map((cell) => cell.trim()))
const named = (text: string | undefined) => [...(text ?? '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!)
const json = (text: string) => [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, found]) => JSON.parse(found!) as unknown)
const isKey = (name: string): name is TemplateKey => Object.hasOwn(Object.fromEntries(TEMPLATE_KEYS.map((key) => [key, true])), name)

t.test('the kinds, and the channels that both apps create, are the catalogue’s', async (t) => {
  t.same(rows(section('Kinds')).map(([kind, ...rest]) => [named(kind)[0], ...rest]), Object.entries(KINDS).map(([kind, of]) => [kind, of.priority, of.critical ? 'yes' : 'no', of.inbox, of.push, of.email, of.sms]))
  const byChannel = Map.groupBy(Object.entries(KINDS), ([, of]) => of.androidChannel)
  const shown = rows(section('Android channels'))
  t.same(Object.fromEntries(shown.map((cells) => [named(cells[0])[0], named(cells.at(-1))])), { ...Object.fromEntries([...byChannel].map(([channel, kinds]) => [channel, kinds.map(([kind]) => kind)])), [QUIET_CHANNEL]: [] })
  const inDart = [...section('Android channels').matchAll(/AndroidNotificationChannel\('(\w+)'[^\n]*Importance\.(\w+?)(?:Importance)?\b/g)].map(([, id, importance]) => [id, importance])
  t.same(inDart, shown.map(([id, importance]) => [named(id)[0], importance]), 'as the snippet creates them')
})

type Line = { key: TemplateKey; fields: string[]; links: string[]; tags: string[] }
const lines = rows(section('Templates')).map(([template, , fields, links, tags]): Line => {
  const [key = ''] = named(template)
  if (!isKey(key)) throw new Error(`there is no template ${key}`)
  return { key, fields: named(fields), links: named(links), tags: named(tags) }
})

t.test('every template, with its kind, life, link and tag, and with every id that those are made of', async (t) => {
  t.same(lines.map(({ key }) => key).toSorted(), TEMPLATE_KEYS.toSorted())
  for (const [template, kind, , , , lasts, words] of rows(section('Templates'))) {
    const [key = ''] = named(template)
    const definition = definitionOf(key as TemplateKey) // was seen above
    t.same([named(kind)[0], lasts, words], [definition.kind, String(definition.ttlSeconds), definition.sensitive ? 'push' : 'same'], key)
  }
  const sources = globSync('modules/**/*.ts', { cwd: join(projectRoot, 'backend') }).filter((file) => !file.endsWith('.test.ts')).map((file) => readFileSync(join(projectRoot, 'backend', file), 'utf8')).join('\n')
  for (const { key, fields, links, tags } of lines) {
    const { link, tag } = definitionOf(key)
    const sample = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `<${name}>`]))
    const samples = [sample(fields.map((name) => name.replace('?', ''))), sample(fields.filter((name) => !name.endsWith('?')))]
    t.same(links, [...new Set(samples.map(link))], `the link of ${key}`)
    t.same(tags, [...new Set(samples.map(tag))], `the tag of ${key}`)
    for (const name of fields) t.match(sources, new RegExp(`\\b${name.replace('?', '')}\\b`), `${key} is given ${name}`)
  }
})

t.test('every link has its screen, and no other stands there', async (t) => {
  t.same(rows(section('Links')).flatMap(([link]) => named(link)).toSorted(), [...new Set(lines.flatMap(({ links }) => links))].toSorted())
})

/** What the examples were filled with. */
const VALUES = { minutes: 15, count: 3, amount: 25_000, at: '2026-11-21T00:00:00Z', number: '•••• 4242', bank: 'BCA', name: 'Made', text: 'Halo', hotlines: '119', until: '2026-11-28T00:00:00Z', message: 'Halo', answer: 'Halo' }
const SENT_AT_MS = Date.parse('2026-11-21T00:00:00Z')
const shape = z.object({ data: z.record(z.string(), z.string()) }).loose()

t.test('every example is what the engine builds, and each kind has one', async (t) => {
  const shown = [...section('Examples').matchAll(/^`([\w.]+)`:\n\n```json\n([\s\S]*?)^```/gm)].map(([, key, found]) => ({ key: key!, example: shape.parse(JSON.parse(found!)) }))
  t.equal(shown.length, json(section('Examples')).length, 'each says which template it is of')
  t.same([...new Set(shown.map(({ example }) => example.data['kind'] ?? ''))].toSorted(), Object.keys(KINDS).toSorted())
  for (const { key, example } of shown) {
    if (!isKey(key)) throw new Error(`there is no template ${key}`)
    const definition = definitionOf(key)
    const { kind } = definition
    if (kind === 'digest') throw new Error('a digest is no push')
    const { fields } = lines.find((line) => line.key === key)!
    const ids = Object.fromEntries(Object.entries(example.data).filter(([name]) => fields.some((field) => field.replace('?', '') === name)))
    const required = fields.filter((field) => !field.endsWith('?') && (!definition.sensitive || field.endsWith('Id')))
    t.same(required.filter((field) => ids[field] === undefined), [], `${key} shows its ids`)
    const data = { ...ids, kind, ...(definition.sensitive ? {} : { template: key === 'message.new.text' ? 'message.new' : key }), link: definition.link(ids), pushId: example.data['pushId']! }
    // Words of messages are put in right before the call: the row, and what is sent of it, stays the other's.
    const { push, faults } = renderNotice(key, 'id', Object.fromEntries(Object.keys(definition.variables).map((name) => [name, VALUES[name as keyof typeof VALUES]])), { timeZone: 'Asia/Jakarta' })
    t.same(faults, [], key)
    const priority = definition.priority ?? KINDS[kind satisfies Kind].priority
    const { token: _token, ...built } = fcmMessage({ token: 'left out', ...push, data, tag: definition.tag(ids), ttlSeconds: definition.ttlSeconds, priority, quiet: key === 'offer.withdrawn' }, SENT_AT_MS)
    t.same(example, JSON.parse(JSON.stringify(built)), key)
  }
})

t.test('bodies fit the contract', async (t) => {
  const fits = (title: string, schema: z.ZodType) => {
    const found = json(section(title))
    t.ok(found.length > 0, title)
    for (const body of found) t.same(schema.safeParse(body).error?.issues ?? [], [], title)
  }
  fits('What an app does at its start', deviceBody)
  fits('Acks', acksBody)
  fits('Preferences and quiet hours', preferencesBody)
  for (const kind of Object.keys((json(section('Preferences and quiet hours'))[0] as { choices: object }).choices)) t.ok(Object.hasOwn(KINDS, kind), kind)
})

t.test('every route, frame, setting, file and place that is named exists, and every route and frame of notifications is named', async (t) => {
  const codes = named(page.replaceAll(/^```[\s\S]*?^```/gm, ''))
  const routes = codes.filter((code) => /^[A-Z]+ \//.test(code))
  for (const route of routes) t.ok(Object.hasOwn(PUBLIC_ROUTES, route), route)
  for (const route of Object.keys(PUBLIC_ROUTES).filter((one) => /\/api\/v1\/(notifications|me\/devices|me\/email)/.test(one))) t.ok(routes.includes(route), route)
  const frames = codes.filter((code) => /^[a-z]+:[a-z]+$/.test(code) && !code.startsWith('message:'))
  for (const frame of frames) t.ok(Object.hasOwn(SERVER_FRAMES, frame), frame)
  for (const frame of Object.keys(SERVER_FRAMES).filter((one) => one.startsWith('notification:'))) t.ok(frames.includes(frame), frame)
  for (const [, name = '', value] of page.matchAll(/`(\w+)` \((\d+)\)/g)) t.equal(String(SETTINGS[name as keyof typeof SETTINGS]?.default), value, name)
  const paths = [...codes.filter((code) => /^(backend|docs)\//.test(code)), ...[...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => join('docs', match[1]!))]
  for (const path of paths) t.ok(existsSync(join(projectRoot, path)), path)
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'))
  for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) t.ok(anchors.includes(anchor!), anchor!)
})
