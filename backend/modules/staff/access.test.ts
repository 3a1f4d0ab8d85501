import t from 'tap'
import type { StaffAct, StaffRole } from '../../platform/access.ts'
import { call, startTestApp } from '../../testing/app.ts'
import { staffOf, type StaffClient } from '../../testing/staff.ts'
import { PATIENCE_MS } from '../../testing/wait.ts'
import { mayAct, ROLE_TABLE } from './index.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']

t.test('what each role may do', async (t) => {
  const app = await startTestApp(t, { simulators: false, valkeyPatienceMs: PATIENCE_MS })
  const inventory = app.replicas[0]!.internalApp.inventory.filter((route) => route.method !== 'HEAD')
  const staffRoutes = inventory.flatMap(({ method, url, access }) => (typeof access === 'object' ? [{ method, url, act: access.staff }] : []))
  // Ids of nothing: who may act is told that it is missing, who may not is refused before.
  const pathOf = (url: string) => url.replace(':key', 'nothing').replaceAll(/:\w+/g, () => crypto.randomUUID())
  const bodyOf = (method: string, url: string) =>
    method === 'GET' ? undefined
      : url.endsWith('/resolve') ? { to: 'wallet', reason: 'a test' }
      : /reject|approve|activate|\/end$/.test(url) ? { reason: 'a test' }
        : url.endsWith('/mitras/:id') ? { capacity: 2 }
          : url.endsWith(':key') ? { value: 1 } : {}

  t.test('every staff route declares an act, and every act has one', async (t) => {
    const acts = new Set(staffRoutes.map((route) => route.act))
    t.strictSame(Object.keys(ROLE_TABLE).filter((act) => !acts.has(act as StaffAct)), [])
    t.strictSame(inventory.filter((route) => typeof route.access !== 'object' && route.url.startsWith('/internal/v1')).map((route) => `${route.method} ${route.url}`), ['POST /internal/v1/auth/login'], 'signing in alone is open')
  })

  t.test('every role may do what the table says on every route, and nothing else', async (t) => {
    const staff = new Map<StaffRole, StaffClient>()
    for (const role of ROLES) staff.set(role, await staffOf(app, role))
    for (const { method, url, act } of staffRoutes) {
      if (url.endsWith('/auth/logout')) continue // would end the session that the rest needs; see the sign-in tests
      for (const [role, client] of staff) {
        const answer = await client.call(method, pathOf(url), bodyOf(method, url))
        if (mayAct(role, act)) t.ok([200, 201, 202, 400, 404, 409].includes(answer.status), `${role}: ${method} ${url} is not refused (${answer.status})`)
        else t.match(answer, { status: 403, body: { code: 'forbidden' } }, `${role}: ${method} ${url} is refused`)
      }
    }
  })

  t.test('nobody gets in without a session, and nothing changes without its CSRF token', async (t) => {
    const boss = await staffOf(app, 'super_admin')
    const before = await app.query('select count(*) from audit_log')
    for (const { method, url } of staffRoutes) {
      const options = method === 'GET' ? {} : { body: bodyOf(method, url) }
      const strangers: Record<string, string>[] = [{}, { cookie: 'staff=nonsense' }, { cookie: `staff=${'A'.repeat(43)}`, 'x-csrf-token': boss.csrfToken }, { authorization: `Bearer ${boss.cookie}` }]
      for (const headers of strangers) {
        t.match(await call(app.internalUrl, method, pathOf(url), { ...options, headers }), { status: 401, body: { code: 'unauthenticated' } }, `nobody: ${method} ${url}`)
      }
      if (method !== 'GET') {
        t.match(await call(app.internalUrl, method, pathOf(url), { ...options, headers: { cookie: boss.cookie } }), { status: 403, body: { code: 'forbidden' } }, `no CSRF token: ${method} ${url}`)
      }
    }
    t.strictSame(await app.query('select count(*) from audit_log'), before)
  })

  t.test('the staff API documents every one of its routes', async (t) => {
    const { status, body } = await call(app.internalUrl, 'GET', '/internal/v1/openapi.json')
    t.equal(status, 200)
    for (const { method, url } of staffRoutes) t.ok(body.paths[url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}')]?.[method.toLowerCase()], `${method} ${url}`)
  })

  t.test('nothing of the internal listener is on the public one', async (t) => {
    const boss = await staffOf(app, 'super_admin')
    for (const { method, url, access } of inventory) {
      if (access === 'public' && app.replicas[0]!.publicApp.inventory.some((route) => route.url === url)) continue // health, documentation: each listener has its own
      const answer = await call(app.url, method, pathOf(url), { ...(method === 'GET' ? {} : { body: {} }), headers: { cookie: boss.cookie, 'x-csrf-token': boss.csrfToken } })
      t.match(answer, { status: 404, body: { code: 'not_found' } }, `${method} ${url}`)
    }
  })

})
