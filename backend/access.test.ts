import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { z } from 'zod'
import { createAccessTokens } from './modules/identity/access-tokens.ts'
import { mayAct } from './modules/staff/index.ts'
import type { StaffAct, StaffRole } from './platform/access.ts'
import type { RouteEntry } from './platform/route-guard.ts'
import { BODIES } from './testing/access-bodies.ts'
import { OBJECTS } from './testing/access-objects.ts'
import { INTERNAL_ROUTES, PUBLIC_ROUTES } from './testing/access-table.ts'
import { PRIVILEGED, QUERIES } from './testing/access-asks.ts'
import { call, patiently, startTestApp, type Answer, type TestApp } from './testing/app.ts'
import { approvedMitra, customer, expect, type Person } from './testing/people.ts'
import { stage, STAGE_SETTINGS } from './testing/stage.ts'
import { staffOf, type StaffClient } from './testing/staff.ts'
import { eventually } from './testing/wait.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']
const nameOf = (route: RouteEntry) => `${route.method} ${route.url}`
const pathOf = (route: RouteEntry, id: string) => route.url.replace(':seq', '1').replaceAll(/:\w+/g, id)
const hasBody = (route: RouteEntry) => route.method !== 'GET'
const bodyOf = (route: RouteEntry) => (hasBody(route) ? { body: BODIES[nameOf(route)]?.() ?? {} } : {})
/** Some at once: each waits for Postgres and Valkey more than it works, and none depends on another. */
async function each<T>(items: readonly T[], prove: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await prove(item)
  }))
}
const refusal = ({ status, body }: Answer) => ({ status, code: body?.code, title: body?.title, detail: body?.detail })

function describe({ access, limit, config }: RouteEntry): string {
  const parts = [typeof access === 'object' ? `staff ${access.staff}` : access]
  if (limit !== 'standard') parts.push(`limit ${limit}`)
  if (config?.idempotency === 'required') parts.push('key required')
  if (config?.idempotency === 'off') parts.push('no keys')
  if (config?.alwaysOpen) parts.push('always open')
  return parts.join(', ')
}

/** Two strangers to everything that a customer and a mitra have together, and those two. */
async function people(app: TestApp) {
  const scene = await stage(app, 'active')
  const [otherCustomer, otherMitra] = await Promise.all([customer(app), approvedMitra(app)])
  const { customer: citra, mitra: made } = scene
  const device = await expect(201, citra.call('POST', '/api/v1/me/devices', { body: { token: `device-${randomUUID()}`, platform: 'ios' } }))
  const signIns = await expect(200, citra.call('GET', '/api/v1/me/sign-ins'))
  const session = await expect(200, citra.call('GET', `/api/v1/sessions/${scene.sessionId}`))
  const [offer] = await app.query<{ id: string }>('select id from offers where session_id = $1', [scene.sessionId])
  const notification = await eventually(async () => (await app.query<{ id: string }>('select id from notifications where user_id = $1', [citra.id]))[0], 'the customer is told something')
  const objects: Record<string, string> = {
    session: scene.sessionId, payment: session.body.session.payment.id, offer: offer!.id, conversation: session.body.session.conversationId,
    notification: notification.id, device: device.body.id, 'sign-in': signIns.body.items[0].id, anyone: made.id,
  }
  return { scene, citra, made, otherCustomer, otherMitra, objects }
}

t.test('every public route, for everybody who might call it', async (t) => {
  const app = await startTestApp(t, { settings: { ...STAGE_SETTINGS, otpResendSeconds: 1 } })
  const { ctx, publicApp, internalApp } = app.replicas[0]!
  const routes = publicApp.inventory.filter((route) => route.method !== 'HEAD')
  const closed = routes.filter((route) => route.access !== 'public')
  const { citra, made, otherCustomer, otherMitra, objects } = await people(app)
  const ask = (route: RouteEntry, options: { id?: string; token?: string | undefined; headers?: Record<string, string>; body?: object } = {}) =>
    patiently(() => call(app.url, route.method, `${pathOf(route, options.id ?? randomUUID())}${QUERIES[route.url] ?? ''}`, { ...bodyOf(route), token: options.token, headers: { 'idempotency-key': randomUUID(), ...options.headers }, ...(options.body ? { body: options.body } : {}) }))

  t.same(Object.fromEntries(routes.map((route) => [nameOf(route), describe(route)])), PUBLIC_ROUTES, 'every route stands in the table, with its access')

  t.test('nobody, a made-up token, an expired one, the wrong kind', async (t) => {
    const [issuedMs, actor] = [ctx.clock.nowMs() - 3_600_000, { kind: 'customer', id: citra.id, signInId: randomUUID() } as const]
    const expired = createAccessTokens(ctx.env.jwtKeys, issuedMs).sign(actor, issuedMs, 900)
    await each(closed, async (route) => {
      t.match(await ask(route), { status: 401, body: { code: 'unauthenticated' } }, `${nameOf(route)}: nobody`)
      t.match(await ask(route, { token: 'made.up.token' }), { status: 401, body: { code: 'unauthenticated' } }, `${nameOf(route)}: made up`)
      t.match(await ask(route, { token: expired.token }), { status: 401, body: { code: 'token_expired' } }, `${nameOf(route)}: expired`)
      if (route.access === 'customer') t.match(await ask(route, { token: made.token }), { status: 403, body: { code: 'forbidden' } }, `${nameOf(route)}: a mitra`)
      if (route.access === 'mitra') t.match(await ask(route, { token: citra.token }), { status: 403, body: { code: 'forbidden' } }, `${nameOf(route)}: a customer`)
    })
    await each(routes.filter((one) => one.access === 'public' && !/webhooks|realtime|otp/.test(one.url)), async (route) => {
      const open = await ask(route)
      for (const token of ['made.up.token', expired.token]) t.equal((await ask(route, { token })).status, open.status, `${nameOf(route)}: a bad token is no token`)
    })
  })

  t.test('somebody else’s object looks like a missing one', async (t) => {
    await each(routes.filter((one) => one.url.includes(':')), async (route) => {
      const object = OBJECTS[route.url]
      t.ok(object, `${route.url} says whose object it names`)
      if (object === undefined || object === 'anyone') return
      for (const person of [otherCustomer, otherMitra].filter((one) => route.access === 'signed-in' || route.access === one.kind)) {
        const others = await ask(route, { id: objects[object]!, token: person.token })
        const missing = await ask(route, { id: randomUUID(), token: person.token })
        t.match(others, { status: 404, body: { code: 'not_found' } }, `${nameOf(route)}: of others, for a ${person.kind}`)
        t.same(refusal(others), refusal(missing), `${nameOf(route)}: missing`)
        t.match(await ask(route, { id: 'no-id', token: person.token }), { status: 400, body: { code: 'validation_failed' } }, `${nameOf(route)}: no id`)
      }
    })
  })

  t.test('twenty fields that nobody may set are refused, each by its name', async (t) => {
    await each(routes.filter((one) => hasBody(one) && !one.url.startsWith('/webhooks/')), async (route) => {
      const person = route.access === 'mitra' ? made : citra
      const answer = await ask(route, { id: objects[OBJECTS[route.url] ?? ''] ?? randomUUID(), token: person.token, body: { ...PRIVILEGED, ...bodyOf(route).body } })
      t.equal(answer.status, 400, nameOf(route))
      // A field of the route's own (the amount of a tip) is for anybody to set.
      const own = ownFields(route)
      t.same(Object.keys(PRIVILEGED).filter((field) => !own.has(field) && !answer.body.errors?.some((error: { path: string }) => error.path === field)), [], `${nameOf(route)}: all of them`)
    })
  })

  t.test('answers are what their schema declares', async (t) => {
    // The socket answers by frames: the tests of realtime hold those to the contract.
    const answering = routes.filter((one) => one.schema?.hide !== true && one.url !== '/api/v1/realtime')
    for (const route of answering) t.ok(successSchema(route), `${nameOf(route)} declares what it answers`)
    // Pages are no JSON.
    await each(answering.filter((one) => one.method === 'GET' && !/^\/payment\/return|\/unsubscribe\//.test(one.url)), async (route) => {
      const person = route.access === 'mitra' || route.url.startsWith('/api/v1/offers') ? made : citra
      const answer = await ask(route, { id: objects[OBJECTS[route.url] ?? ''] ?? '', token: person.token })
      t.equal(answer.status, 200, `${nameOf(route)}: ${answer.text.slice(0, 200)}`)
      t.same(successSchema(route)?.parse(answer.body), answer.body, nameOf(route))
    })
  })

  t.test('nothing internal exists in public', async (t) => {
    const inPublic = new Set(routes.map((route) => route.url))
    const urls = new Set(internalApp.inventory.map((route) => route.url).filter((url) => !inPublic.has(url)))
    await each([...urls, '/internal/v1/docs', '/internal/v1/openapi.json', '/queues', '/internal', '/'], async (url) => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) t.match(await call(app.url, method, url.replace(/:\w+/, randomUUID())), { status: 404, body: { code: 'not_found' } }, `${method} ${url}`)
    })
  })

  t.test('a banned person is refused everywhere', async (t) => {
    await app.query('update users set banned_at = app_now() where id = $1', [otherCustomer.id])
    await eventually(async () => (await otherCustomer.call('GET', '/api/v1/me')).status === 403, 'the ban has arrived')
    await each(closed.filter((one) => one.access !== 'mitra'), async (route) => {
      t.match(await ask(route, { token: otherCustomer.token }), { status: 403, body: { code: 'account_suspended' } }, nameOf(route))
    })
  })
})

t.test('every staff route, for every role', async (t) => {
  // What happens by itself would be held against who only reads.
  const app = await startTestApp(t, { simulators: false, settings: { anonymousRequests: 100_000 }, worker: { housekeeping: false, timed: false } })
  const routes = app.replicas[0]!.internalApp.inventory.filter((route) => route.method !== 'HEAD')
  const staffRoutes = routes.flatMap((route) => (typeof route.access === 'object' ? [{ route, act: route.access.staff }] : []))
  const everybody = new Map<StaffRole, StaffClient>()
  for (const [index, staff] of (await Promise.all(ROLES.map((role) => staffOf(app, role)))).entries()) everybody.set(ROLES[index]!, staff)
  const citra: Person = await customer(app)
  const path = (route: RouteEntry) => pathOf({ ...route, url: route.url.replace(':language', 'en') }, route.url.includes(':key') ? 'offerSeconds' : randomUUID())

  t.same(Object.fromEntries(routes.map((route) => [nameOf(route), describe(route)])), INTERNAL_ROUTES, 'every route stands in the table, with its act')

  await each(staffRoutes, async ({ route }) => {
    const { body } = { body: undefined, ...bodyOf(route) }
    t.match(await call(app.internalUrl, route.method, path(route), { body }), { status: 401, body: { code: 'unauthenticated' } }, `${nameOf(route)}: nobody`)
    t.match(await call(app.internalUrl, route.method, path(route), { body, token: citra.token }), { status: 401 }, `${nameOf(route)}: a customer`)
    t.match(await call(app.internalUrl, route.method, path(route), { body, headers: { cookie: 'staff=made-up' } }), { status: 401 }, `${nameOf(route)}: a made-up cookie`)
    if (route.method !== 'GET') {
      const { cookie } = everybody.get('super_admin')!
      t.match(await call(app.internalUrl, route.method, path(route), { body, headers: { cookie } }), { status: 403, body: { code: 'forbidden' } }, `${nameOf(route)}: without its CSRF token`)
      t.match(await call(app.internalUrl, route.method, path(route), { body, headers: { cookie, 'x-csrf-token': everybody.get('admin')!.csrfToken } }), { status: 403 }, `${nameOf(route)}: with somebody else’s`)
      t.match(await everybody.get('super_admin')!.call(route.method, path(route), body, { headers: { origin: 'https://evil.example' } }), { status: 403 }, `${nameOf(route)}: from another site`)
      t.match(await everybody.get('super_admin')!.call(route.method, path(route), body, { headers: { origin: 'null' } }), { status: 403 }, `${nameOf(route)}: from nowhere (a sandboxed frame)`)
      // What a form of another site can send without asking first.
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        t.match(await everybody.get('super_admin')!.call(route.method, path(route), JSON.stringify(body ?? {}), { headers: { 'content-type': type } }), { status: 415, body: { code: 'unsupported_media_type' } }, `${nameOf(route)}: ${type}`)
      }
      await proveExtras(t, everybody.get('super_admin')!, route, path(route))
    }
  })
  await t.test('reading changes nothing, and lets no other site read along', async (t) => {
    const boss = everybody.get('super_admin')!
    await eventually(async () => (await app.query('select 1 from outbox where done_at is null and parked_at is null')).length === 0, 'what followed from signing in has happened')
    const before = await contentOf(app)
    for (const { route } of staffRoutes.filter((one) => one.route.method === 'GET')) {
      const { headers } = await patiently(() => boss.call('GET', path(route), undefined, { headers: { origin: 'https://evil.example' } }))
      t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control-')), `${nameOf(route)}: no CORS header`)
      // The board of the queues is a page: its scripts are its own.
      const policy = route.url.startsWith('/queues') ? /default-src 'self';.*frame-ancestors 'none'/ : /default-src 'none'/
      t.match(headers, { 'content-security-policy': policy, 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }, nameOf(route))
    }
    t.same(await contentOf(app), before)
  })
  // What ends the session comes last.
  const isEnd = ({ route }: { route: RouteEntry }) => route.url.endsWith('/logout')
  for (const some of [staffRoutes.filter((one) => !isEnd(one)), staffRoutes.filter(isEnd)]) {
    await each(some, async ({ route, act }) => {
      for (const [role, staff] of everybody) await proveRole(t, staff, role, route, act, path(route))
    })
  }
})

async function proveRole(t: Test, staff: StaffClient, role: StaffRole, route: RouteEntry, act: StaffAct, path: string): Promise<void> {
  const { status, body } = await patiently(() => staff.call(route.method, path, bodyOf(route).body))
  // An act of one's own may be refused for other reasons (a wrong password).
  const isRefused = status === 403 && body.detail === 'Your role may not do this.'
  t.equal(isRefused, !mayAct(role, act), `${nameOf(route)}: ${role} ${mayAct(role, act) ? 'may' : 'may not'} (${status})`)
  t.ok(status < 500 && status !== 401, `${nameOf(route)}: ${role} is answered (${status})`)
}

async function proveExtras(t: Test, staff: StaffClient, route: RouteEntry, path: string): Promise<void> {
  const own = ownFields(route)
  const extras = Object.fromEntries(Object.entries(PRIVILEGED).filter(([field]) => !own.has(field)))
  const answer = await staff.call(route.method, path, { ...bodyOf(route).body, ...extras })
  t.equal(answer.status, 400, `${nameOf(route)}: extra fields`)
  t.same(Object.keys(extras).filter((field) => !answer.body.errors?.some((error: { path: string }) => error.path === field)), [], `${nameOf(route)}: all of them`)
}

/** What the service keeps going by itself changes meanwhile, and when a session was last seen. */
const BY_ITSELF = ['ledger_checks', 'liveness_sweep', 'replicas', 'staff_sessions', 'timetable']

/** A hash of every table's rows. */
async function contentOf(app: TestApp): Promise<Record<string, string>> {
  const tables = await app.query<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`)
  const asked = tables.filter(({ name }) => !BY_ITSELF.includes(name)).map(({ name }) => `select '${name}' as name, coalesce(md5(string_agg(r::text, '|' order by r::text)), '') as hash from ${name} r`)
  const rows = await app.query<{ name: string; hash: string }>(asked.join(' union all '))
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]))
}

function ownFields(route: RouteEntry): Set<string> {
  return new Set(Object.keys((route.schema?.body as z.ZodObject | undefined)?.shape ?? {}))
}

function successSchema(route: RouteEntry): z.ZodType | undefined {
  const responses = (route.schema?.response ?? {}) as Record<string, z.ZodType>
  const status = Object.keys(responses).find((code) => code.startsWith('2'))
  return status === undefined ? undefined : responses[status]
}
