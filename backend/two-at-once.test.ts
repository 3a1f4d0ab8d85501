import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { RouteEntry } from './platform/route-guard.ts'
import { BODIES } from './testing/access-bodies.ts'
import { OBJECTS } from './testing/access-objects.ts'
import { startTestApp, type Answer, type TestApp } from './testing/app.ts'
import { findUnrest } from './testing/final-state.ts'
import { expect, type Person } from './testing/people.ts'
import { packageOf, stage, STAGE_SETTINGS, type Scene, type StagedState } from './testing/stage.ts'
import { eventually } from './testing/wait.ts'

/** The state in which an act on a session may take effect; elsewhere the session runs. */
const STATES: Readonly<Record<string, StagedState>> = {
  'POST /api/v1/sessions': 'ended', 'POST /api/v1/sessions/:id/cancel': 'ringing', 'POST /api/v1/sessions/:id/tip': 'ended', 'POST /api/v1/sessions/:id/rating': 'ended',
  'POST /api/v1/offers/:id/accept': 'ringing', 'POST /api/v1/offers/:id/decline': 'ringing', 'POST /api/v1/payments/:id/refund-requests': 'ended',
  'POST /api/v1/mitra/payouts': 'ended', 'DELETE /api/v1/me': 'ended',
}
/** Where nobody can win with what is asked here (a code that is none, a mitra already, no bank account), and why. */
const REFUSED: Readonly<Record<string, string>> = {
  'POST /api/v1/me/phone': 'otp_invalid', 'POST /api/v1/mitra/application': 'conflict', 'POST /api/v1/mitra/payouts': 'conflict',
}
const nameOf = (route: RouteEntry) => `${route.method} ${route.url}`
const isWin = ({ status }: Answer) => status < 300

type Asked = { path: string; body: object | undefined }

async function prepare(app: TestApp, route: RouteEntry): Promise<{ scene: Scene; who: Person; asked: Asked }> {
  const name = nameOf(route)
  const scene = await stage(app, STATES[name] ?? 'active', { named: true })
  const who = route.access === 'mitra' || route.url.startsWith('/api/v1/offers') ? scene.mitra : scene.customer
  const conversationId = String((await scene.row()).conversation_id)
  if (route.url.includes(':seq')) await expect(201, who.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'Halo' } }))
  if (name === 'DELETE /api/v1/me/devices/:id') await expect(201, who.call('POST', '/api/v1/me/devices', { body: { token: `device-${randomUUID()}`, platform: 'ios' } }))
  const ids: Record<string, () => Promise<string>> = {
    session: async () => scene.sessionId, conversation: async () => conversationId, anyone: async () => scene.mitra.id, offer: () => scene.offerId(),
    payment: () => idOf(app, 'select id from payments where session_id = $1', scene.sessionId),
    device: () => idOf(app, 'select id from devices where user_id = $1', who.id),
    // It follows from an act, a moment later.
    notification: async () => (await eventually(async () => (await app.query<{ id: string }>('select id from notifications where user_id = $1 limit 1', [who.id]))[0], 'they are told something')).id,
    'sign-in': () => idOf(app, 'select id from sign_ins where user_id = $1', who.id),
  }
  const id = await ids[OBJECTS[route.url] ?? 'session']!()
  const { id: packageId } = await packageOf(app, 15)
  const known: Record<string, object> = {
    ...(name === 'POST /api/v1/me/email/verify' ? { [name]: { code: await codeAsked(app, who) } } : {}),
    'POST /api/v1/sessions': { packageId, mitraId: scene.mitra.id }, 'POST /api/v1/sessions/:id/extend': { packageId },
    'POST /api/v1/reports': { sessionId: scene.sessionId, reason: 'other' }, 'POST /api/v1/me/consents': { document: 'terms', version: '2026-01' },
    'POST /api/v1/notify-me': { mitraId: scene.mitra.id }, 'PUT /api/v1/mitra/status': { online: false },
  }
  const body = known[name] ?? BODIES[name]?.()
  return { scene, who, asked: { path: route.url.replace(/:(?!seq)\w+/, id).replace(':seq', '1'), body } }
}

/** The code that arrives where they say they are reached. */
async function codeAsked(app: TestApp, who: Person): Promise<string> {
  const address = `${randomUUID()}@surat.example`
  await expect(200, who.call('PUT', '/api/v1/me/email', { body: { address } }))
  return eventually(() => app.simulators.control.mail.messages(address).map(({ text }) => /^\d{6}$/m.exec(text)?.[0])[0], `a code arrives at ${address}`)
}

async function idOf(app: TestApp, query: string, of: string): Promise<string> {
  const [row] = await app.query<{ id: string }>(`${query} limit 1`, [of])
  return row?.id ?? randomUUID()
}

const ask = (who: Person, replica: number, method: string, { path, body }: Asked): Promise<Answer> =>
  who.on(replica).call(method, path, { ...(body ? { body } : {}), headers: { 'idempotency-key': randomUUID() } })

t.test('every write, twice at the same moment on two replicas: one wins, the other is told why', async (t) => {
  const app = await startTestApp(t, { replicas: 2, letters: true, settings: { ...STAGE_SETTINGS, userRequests: 100_000, anonymousRequests: 100_000 } })
  const writes = app.replicas[0]!.publicApp.inventory.filter((route) => !['GET', 'HEAD'].includes(route.method) && route.access !== 'public')
  const left = [...writes]
  const prove = async (route: RouteEntry) => {
    const { who, asked } = await prepare(app, route)
    const answers = await Promise.all([ask(who, 0, route.method, asked), ask(who, 1, route.method, asked)])
    const said = `${nameOf(route)}: ${answers.map(({ status, text }) => `${status} ${text.slice(0, 120)}`).join(' | ')}`
    t.ok(answers.every(({ status, body }) => status < 500 && (status < 300 || typeof body?.code === 'string')), said)
    const refusal = REFUSED[nameOf(route)]
    if (refusal === undefined) t.ok(answers.some(isWin), said)
    else t.same(answers.map(({ body }) => body?.code), [refusal, refusal], said)
    const again = await ask(who, 0, route.method, asked)
    t.ok(again.status < 500, `${nameOf(route)}, once more: ${again.status}`)
  }
  await Promise.all(Array.from({ length: 3 }, async () => {
    for (let route = left.shift(); route !== undefined; route = left.shift()) await prove(route)
  }))
  t.same(await findUnrest(app), [])
})
