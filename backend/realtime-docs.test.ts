import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sessionNote } from './modules/sessions/contract.ts'
import { ERROR_KINDS } from './platform/errors.ts'
import { CLOSE } from './platform/realtime/connection.ts'
import { PRESENCE_STATES } from './platform/realtime/presence-states.ts'
import { methodsOf } from './platform/route-guard.ts'
import { SETTINGS } from './platform/settings-catalogue.ts'
import { startTestApp, type TestApp } from './testing/app.ts'
import { approvedMitra, customer, expect, goOffline, goOnline } from './testing/people.ts'
import { projectRoot } from './testing/servers/processes.ts'
import { openSocket, type TestSocket } from './testing/socket.ts'
import { CLIENT_FRAMES, misfit, SERVER_FRAMES } from './testing/socket-frames.ts'
import { invoiceOf, packageOf, startSession } from './testing/stage.ts'
import { staffOf } from './testing/staff.ts'
import { eventually } from './testing/wait.ts'

const page = readFileSync(join(projectRoot, 'docs/realtime.md'), 'utf8')
/** The text under a heading of the second level. */
const section = (title: string) => {
  const [, text] = new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(page) ?? []
  if (text === undefined) throw new Error(`the page has no section ${title}`)
  return text
}
const headed = (text: string) => [...text.matchAll(/^### (.+)$/gm)].flatMap(([, heading]) => [...heading!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)).toSorted()
const examples = (text: string) => [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, json]) => JSON.parse(json!) as { type: string })
/** The rows of a section's only table, cell by cell, without its head. */
const rows = (text: string) => [...text.matchAll(/^\|(.+)\|$/gm)].slice(2).map(([, row]) => row!.split('|').map((cell) => cell.trim()))
const named = (cell: string | undefined) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!)

const [clientPart, serverPart] = [section('What the client sends'), section('What the server sends')]
const sourcesIn = (...patterns: string[]) => patterns.flatMap((pattern) => globSync(pattern, { cwd: join(projectRoot, 'backend') }))
  .filter((file) => !file.endsWith('.test.ts')).map((file) => ({ file, text: readFileSync(join(projectRoot, 'backend', file), 'utf8') }))

t.test('every example fits the contract, and stands under the frame that it shows', async (t) => {
  for (const [part, schemas] of [[clientPart, CLIENT_FRAMES], [serverPart, SERVER_FRAMES]] as const) {
    const shown = examples(part)
    t.same(shown.flatMap((frame) => misfit(schemas, frame) ?? []), [])
    for (const text of part.split(/^### /m).slice(1)) {
      const types = headed(`### ${text}`)
      t.ok(examples(text).length > 0 && examples(text).every((frame) => types.includes(frame.type)), types.join())
    }
  }
  t.equal(examples(page).length, examples(clientPart).length + examples(serverPart).length, 'there are no others')
})

t.test('the page has every type of frame that the code names, and no other', async (t) => {
  t.same(headed(clientPart), Object.keys(CLIENT_FRAMES).toSorted())
  t.same(headed(serverPart), Object.keys(SERVER_FRAMES).toSorted())
  const literals = sourcesIn('platform/**/*.ts', 'modules/**/*.ts', '*.ts').flatMap(({ text }) => [
    ...text.matchAll(/type: '([a-z]+:[a-z]+)'/g), ...text.matchAll(/sendFrame\(\{\s*type: '([a-z]+)'/g), ...text.matchAll(/\bJSON\.stringify\(\{ type: '([a-z]+)'/g),
    ...text.matchAll(/\btype: z\.literal\('([a-z]+(?::[a-z]+)?)'\)/g),
  ].map((match) => match[1]!))
  const inCode = new Set([...literals, ...[...PRESENCE_STATES, 'offline'].map((state) => `presence:${state}`)])
  t.same([...inCode].toSorted(), [...new Set([...headed(clientPart), ...headed(serverPart)])].toSorted())
})

t.test('every close code, with what to do', async (t) => {
  t.same(rows(section('When the socket closes')).map(([code]) => Number(code)).toSorted((a, b) => a - b), Object.values(CLOSE).toSorted((a, b) => a - b))
})

t.test('every error code that a socket can be told, and no other', async (t) => {
  const sources = sourcesIn('platform/realtime/*.ts', 'modules/chat/*.ts', 'modules/identity/{access-tokens,standings,token-verifier}.ts', 'platform/version-gate.ts', 'platform/maintenance.ts')
  const inCode = Object.keys(ERROR_KINDS).filter((code) => sources.some(({ text }) => text.includes(`'${code}'`)))
  t.same(rows(section('Error codes')).flatMap(([code]) => named(code)).toSorted(), [...new Set([...inCode, 'internal'])].toSorted())
})

t.test('limits, system messages and files are as the page says', async (t) => {
  for (const [name = '', value] of rows(section('Limits'))) {
    const setting = SETTINGS[named(name)[0] as keyof typeof SETTINGS] // undefined is what the next line finds
    t.equal(setting === undefined ? undefined : String(setting.default), value, name)
  }
  const notes = sessionNote.options.map((option) => [option.shape.code.value, ...Object.keys(option.shape.data.shape)])
  t.same(rows(section('System messages')).map(([code, data]) => [...named(code), ...named(data)]), notes)
  const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => join('docs', match[1]!))
  const paths = named(page).filter((code) => /^(backend|docs)\//.test(code))
  t.ok(links.length > 5)
  for (const path of [...links, ...paths]) t.ok(existsSync(join(projectRoot, path)), path)
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(/[^\w\s:-]/g, '').replaceAll(' ', '-'))
  for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) t.ok(anchors.includes(anchor!), anchor!)
})

t.test('against the real server', async (t) => {
  const app = await startTestApp(t, { settings: { sweepMs: 100, presenceGraceSeconds: 0 }, valkeyPatienceMs: 30_000 })

  t.test('every route that is named is registered', async (t) => {
    const routes = named(page).flatMap((code) => /^(GET|POST|PUT|PATCH|DELETE) (\/\S+?)(?:\?.*)?$/.exec(code)?.slice(1) ?? []).join(' ').matchAll(/(\S+) (\S+)/g)
    for (const [, method, path] of routes) t.ok(methodsOf(app.replicas[0]!.publicApp.inventory, path!).includes(method!), `${method} ${path}`)
  })

  t.test('it understands every example of what a client sends', async (t) => {
    const who = await customer(app)
    const socket = await openSocket(app.url, { token: who.token })
    await socket.next('ready')
    for (const frame of examples(clientPart)) socket.send(frame.type === 'authenticate' ? { ...frame, token: who.token } : frame)
    socket.send({ type: 'heartbeat' })
    await eventually(() => socket.all('heartbeat').length === 2 && socket.all('authenticated').length === 2 && socket.all('message:rejected').length === 1, 'all are answered')
    // The conversation of the examples is somebody else's.
    t.same([...new Set([...socket.all('error'), ...socket.all('message:rejected')].map((frame) => frame['code']))], ['not_found'])
    await socket.close()
  })

  t.test('what it sends is what the page has, with no other fields', async (t) => {
    const frames = await liveThroughASession(app)
    t.same(frames.flatMap((frame) => misfit(SERVER_FRAMES, frame) ?? []), [])
    t.same([...new Set(frames.map((frame) => frame.type))].toSorted(), headed(serverPart), 'each of them was sent')
  })
})

/** Everything that two people can be told, once; answers what they were told. */
async function liveThroughASession(app: TestApp): Promise<TestSocket['frames']> {
  const { id: packageId } = await packageOf(app, 15)
  const [citra, made, admin] = await Promise.all([customer(app), approvedMitra(app), staffOf(app, 'super_admin')])
  const open = async (token: string) => {
    const socket = await openSocket(app.url)
    socket.send({ type: 'authenticate', token })
    await socket.next('ready')
    return socket
  }
  const [one, other] = await Promise.all([open(citra.token), open(made.token)])
  await goOnline(made)
  await other.next('mitra:status')
  const started = await expect(201, startSession(citra, { packageId }))
  await app.simulators.control.xendit.pay(await invoiceOf(app, started.body.session.id))
  const { offer } = await other.next('offer:created')
  const accepted = await expect(200, made.call('POST', `/api/v1/offers/${offer.id}/accept`))
  await other.next('offer:ended')
  const conversationId = accepted.body.session.conversationId as string
  const { notification } = await one.next('notification:created')
  await citra.call('PUT', `/api/v1/notifications/${notification.id}/read`)
  await citra.call('PUT', '/api/v1/notifications/read', { body: { upToId: notification.id } })
  await one.next('notification:read')
  await citra.call('DELETE', `/api/v1/notifications/${notification.id}`)
  await one.next('notification:deleted')
  await one.next('notification:unread')
  await one.next('presence:online')

  other.send({ type: 'message:send', clientId: crypto.randomUUID(), conversationId, body: 'Halo, how are you?' })
  await one.next('message:received')
  one.send({ type: 'typing:start', conversationId })
  await other.next('typing:start')
  one.send({ type: 'message:send', clientId: crypto.randomUUID(), conversationId, body: 'Halo, I had a long day.' })
  const { seq } = await one.next('message:ack')
  await other.next('typing:stop')
  other.send({ type: 'message:delivered', conversationId, seq })
  await one.next('message:delivered')
  other.send({ type: 'message:read', conversationId, seq })
  await one.next('message:read')
  one.send({ type: 'message:edit', conversationId, seq, body: 'Halo, I had a very long day.' })
  await other.next('message:changed')
  one.send({ type: 'message:delete', conversationId, seq })
  await other.next('message:changed')
  one.send({ type: 'message:send', clientId: crypto.randomUUID(), conversationId, body: '' })
  await one.next('message:rejected')
  one.send({ type: 'message:edit', conversationId, seq: 99, body: 'Whose is it?' })
  await one.next('error')
  one.send({ type: 'nonsense' })
  await one.next('error')
  one.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0, afterChange: 0 }] })
  await one.next('conversation:synced')
  one.send({ type: 'heartbeat' })
  await one.next('heartbeat')
  for (const state of ['away', 'busy']) {
    other.send({ type: 'presence:set', state })
    await one.next(`presence:${state}`)
  }
  await admin.call('PUT', '/internal/v1/settings/customerLatestVersion', { value: '1.4.0', reason: 'released' })
  await one.next('config:updated')
  const again = await open(citra.token)
  await other.close()
  await one.next('presence:offline')
  await expect(200, citra.call('POST', `/api/v1/sessions/${started.body.session.id}/end`))
  await eventually(() => one.all('session:updated').some((frame) => frame['session'].state === 'ended'), 'the end is told')
  await goOffline(made)
  return [one, other, again].flatMap((socket) => socket.frames)
}
