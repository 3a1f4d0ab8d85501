import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { z } from 'zod'
import type { RouteEntry } from './platform/route-guard.ts'
import { call, patiently, startTestApp } from './testing/app.ts'
import { createDice, valueFor, type Dice } from './testing/fuzz.ts'
import { approvedMitra, customer } from './testing/people.ts'
import { openSocket } from './testing/socket.ts'
import { stage, STAGE_SETTINGS } from './testing/stage.ts'
import { staffOf } from './testing/staff.ts'
import { eventually } from './testing/wait.ts'

const SEED = Number(process.env['FUZZ_SEED'] ?? 41)
const CASES = Number(process.env['FUZZ_CASES'] ?? 400)
const FRAMES = Math.ceil(CASES / 2)
/** What would end the callers' own sign-ins, or hangs on purpose. */
const LEFT_OUT = /\/auth\/logout|\/auth\/password|\/totp\/|\/realtime$|^\/queues/
const CLOSE_CODES = [1000, 1003, 1007, 1009, 4401, 4408, 4413, 4429]

const encode = (value: unknown) => encodeURIComponent(typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value) ?? '')

/** What stands in a path and is no id: some that exist, and some that don't. */
const NAMES: readonly (readonly [place: string, names: readonly string[]])[] = [
  ['/settings/:key', ['offerSeconds', 'nothing', '%00', 'constructor']],
  ['/notice-templates/:key', ['session.time_short', 'payment.paid', 'tip.received', 'announcement', 'nothing', '%00', 'constructor']],
  ['/:language', ['id', 'en', 'fr']],
  ['/reports/:name', ['sessions', 'notifications', 'nothing', '%00', 'constructor']],
]

function pathFor(route: RouteEntry, dice: Dice, known: readonly string[]): string {
  const named = NAMES.reduce((path, [place, names]) => path.replace(place, () => place.slice(0, place.indexOf(':')) + dice.pick(names)), route.url)
  const path = named.replaceAll(/:\w+/g, () => encode(dice.isLucky(0.8) ? dice.pick(known) : valueFor(undefined, dice, known)) || 'x')
  const query = valueFor(route.schema?.querystring, dice, known, 0.05)
  if (typeof query !== 'object' || query === null || !route.schema?.querystring) return path
  return `${path}?${Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`
}

function bodyFor(route: RouteEntry, dice: Dice, known: readonly string[]): unknown {
  if (route.method === 'GET') return undefined
  const roll = dice.next()
  if (roll < 0.05) return dice.pick(['{', '[1,', 'nothing', '"\\ud800"', '{"a":1}{"b":2}', '1e999', '['.repeat(10_000)])
  return roll < 0.1 ? JSON.stringify(valueFor(undefined, dice, known)) : (valueFor(route.schema?.body, dice, known) ?? {})
}

t.test(`whatever is sent, nothing breaks (FUZZ_SEED=${SEED} FUZZ_CASES=${CASES})`, async (t) => {
  t.comment(`seed ${SEED}`)
  const app = await startTestApp(t, { letters: true, settings: { ...STAGE_SETTINGS, userRequests: 1_000_000, anonymousRequests: 1_000_000 } })
  const [scene, waiting] = [await stage(app, 'active'), await stage(app, 'ringing')]
  const [stranger, admin] = [await approvedMitra(app, { online: true }), await staffOf(app, 'super_admin')]
  const ids = await app.query<{ id: string }>('select id from chat_sessions union select id from offers union select id from payments union select id from conversations union select id from users union select id from packages')
  const known = [...ids.map((row) => row.id), randomUUID()]
  const { publicApp, internalApp } = app.replicas[0]!
  const leaving = await customer(app)
  const callers = [scene.customer, scene.mitra, waiting.customer, waiting.mitra, stranger]

  t.test('requests', async (t) => {
    const dice = createDice(SEED)
    const routes = [publicApp, internalApp].flatMap((listener) => listener.inventory.map((route) => ({ route, isPublic: listener === publicApp })))
      .filter(({ route }) => route.method !== 'HEAD' && !LEFT_OUT.test(route.url))
    const broken: string[] = []
    let answered = 0
    const statuses: Record<number, number> = {}
    for (let index = 0; index < CASES; index++) {
      const { route, isPublic } = routes[index % routes.length]!
      // Nobody who is needed for the other cases is erased.
      const isErasure = route.url.endsWith('/erase') || (route.method === 'DELETE' && route.url === '/api/v1/me')
      const [path, body, caller] = [pathFor(route, dice, isErasure ? [leaving.id, randomUUID()] : known), bodyFor(route, dice, known), isErasure ? leaving : dice.pick(callers)]
      const options = isPublic ? { body, token: dice.isLucky(0.95) ? caller.token : undefined, headers: { 'idempotency-key': randomUUID(), ...(dice.isLucky(0.05) ? { 'content-type': 'text/plain' } : {}) } } : {}
      const answer = await patiently(() => (isPublic ? call(app.url, route.method, path, options) : admin.call(route.method, path, body)))
      answered++
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      const problem = problemWith(route, answer.status, answer.body, answer.headers)
      if (problem !== undefined) broken.push(`case ${index}: ${route.method} ${path.slice(0, 200)} ${JSON.stringify(body)?.slice(0, 300)} → ${answer.status} ${problem} ${answer.text.slice(0, 200)}`)
    }
    t.comment(JSON.stringify(statuses))
    t.same(broken, [])
    t.equal(answered, CASES)
  })

  t.test('frames', async (t) => {
    const dice = createDice(SEED + 1)
    const types = ['authenticate', 'message:send', 'message:read', 'message:delivered', 'typing:start', 'typing:stop', 'sync', 'heartbeat', 'message:edit', 'message:delete', 'nothing', 'constructor']
    const closes: number[] = []
    let socket = await openSocket(app.url, { token: scene.customer.token })
    for (let index = 0; index < FRAMES; index++) {
      if (!socket.isOpen()) {
        closes.push((await socket.closed).code)
        socket = await openSocket(app.url, { token: dice.pick(callers).token })
      }
      const fields = { conversationId: dice.pick(known), clientId: randomUUID(), body: valueFor(undefined, dice, known), seq: valueFor(undefined, dice, known), token: valueFor(undefined, dice, known), conversations: valueFor(undefined, dice, known) }
      const kept = Object.fromEntries(Object.entries(fields).filter(() => dice.isLucky(0.7)))
      socket.send(dice.isLucky(0.1) ? dice.pick(['{', '', 'null', '[]', '"x"', '{"type":1}', 'x'.repeat(70_000)]) : { type: dice.pick(types), ...kept })
    }
    socket.send({ type: 'heartbeat' })
    if (socket.isOpen()) await Promise.race([socket.next('heartbeat'), socket.closed])
    await socket.close()
    t.same(closes.filter((code) => !CLOSE_CODES.includes(code)), [], 'closed only for reasons that clients know')
    await eventually(async () => (await call(app.url, 'GET', '/ready')).status === 200, 'it is ready')
  })

  t.test('the money is still right', async (t) => {
    const [{ sum }] = await app.query<{ sum: string | null }>('select sum(amount_idr) as sum from ledger_entries') as [{ sum: string | null }]
    t.equal(Number(sum ?? 0), 0)
  })
})

function problemWith(route: RouteEntry, status: number, body: unknown, headers: Record<string, string>): string | undefined {
  if (status >= 500) return 'is our fault'
  if (status >= 400) {
    const problem = body as Record<string, unknown> | undefined
    return headers['content-type']?.startsWith('application/problem+json') && problem?.['status'] === status && typeof problem['code'] === 'string' ? undefined : 'is no problem+json'
  }
  const schema = ((route.schema?.response ?? {}) as Record<string, z.ZodType>)[status]
  if (route.schema?.hide === true || status === 204 || !headers['content-type']?.includes('json')) return undefined
  return schema?.safeParse(body).success === true ? undefined : 'is outside of its schema'
}
