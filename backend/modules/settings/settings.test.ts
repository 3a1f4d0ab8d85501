import t from 'tap'
import { SETTINGS } from '../../platform/settings-catalogue.ts'
import { startTestApp } from '../../testing/app.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { call } from '../../testing/http.ts'
import { signIn } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'
import { watchSettings } from './index.ts'

const path = (key: string) => `/internal/v1/settings/${key}`
t.test('settings', async (t) => {
  const gate = await startFaultProxy(t)
  const app = await startTestApp(t, { simulators: false, replicas: 2, through: { valkey: gate }, settings: { queueSeconds: 77, offerSeconds: 99_999 } })
  const admin = await staffOf(app, 'admin')
  const value = (replica: number) => app.replicas[replica]!.ctx.settings.get('holdSeconds')
  const rows = () => app.query('select key, value, version from settings order by key')

  t.test('a stored value is in force from the boot; one that no longer fits leaves the default', async (t) => {
    t.equal(app.replicas[0]!.ctx.settings.get('queueSeconds'), 77)
    t.equal(app.replicas[0]!.ctx.settings.get('offerSeconds'), 45)
    t.match((await admin.call('GET', path('offerSeconds'))).body, { value: 45, default: 45 })
  })

  t.test('settings are listed with their bounds, changed, and every change is in the history and the audit', async (t) => {
    const list = await admin.call('GET', '/internal/v1/settings')
    t.equal(list.status, 200)
    t.equal(list.body.items.length, Object.keys(SETTINGS).length)
    t.match(list.body.items.find((item: { key: string }) => item.key === 'holdSeconds'), { value: 600, default: 600, type: 'int', min: 2, max: 7200, unit: 'seconds', version: 0, updatedBy: null })

    const changed = await admin.call('PUT', path('holdSeconds'), { value: 300, reason: 'shorter holds' })
    t.equal(changed.status, 200)
    t.match(changed.body, { key: 'holdSeconds', value: 300, version: 1, updatedBy: admin.id })
    t.equal(value(0), 300, 'in force at once where it was changed')
    t.match((await admin.call('GET', path('holdSeconds'))).body, { value: 300, updatedAt: /Z$/ })
    await admin.call('PUT', path('holdSeconds'), { value: 240 })

    const history = await admin.call('GET', `${path('holdSeconds')}/history?limit=1`)
    t.match(history.body.items, [{ oldValue: 300, newValue: 240, reason: null, changedBy: admin.id }])
    const older = await admin.call('GET', `${path('holdSeconds')}/history?limit=1&cursor=${history.body.nextCursor}`)
    t.match(older.body, { items: [{ oldValue: 600, newValue: 300, reason: 'shorter holds' }], nextCursor: null })
    const audit = await app.query(`select actor_id, target_id, reason, details, request_id, ip from audit_log where act = 'setting.changed' order by seq`)
    t.match(audit, [
      { actor_id: admin.id, target_id: 'holdSeconds', reason: 'shorter holds', details: { from: 600, to: 300 }, ip: '127.0.0.1' },
      { details: { from: 300, to: 240 } },
    ])
  })

  t.test('a change is taken back, to what stood before it or to the default; over a colleague’s change nobody writes unseen', async (t) => {
    const revert = (body: object) => admin.call('POST', `${path('ringingSeconds')}/revert`, body)
    const get = async () => (await admin.call('GET', path('ringingSeconds'))).body
    await admin.call('PUT', path('ringingSeconds'), { value: 200, version: 0 })
    await admin.call('PUT', path('ringingSeconds'), { value: 250, version: 1 })
    const [newest] = (await admin.call('GET', `${path('ringingSeconds')}/history`)).body.items
    t.match(await revert({ to: newest.id, reason: 'it was right before', version: 2 }), { status: 200, body: { value: 200, version: 3 } })
    t.equal(app.replicas[0]!.ctx.settings.get('ringingSeconds'), 200, 'in force')
    t.match(await revert({ to: 'default', reason: 'as it came', version: 3 }), { status: 200, body: { value: 300, version: 4 } })
    const history = (await admin.call('GET', `${path('ringingSeconds')}/history?limit=2`)).body
    t.match(history, { items: [{ oldValue: 200, newValue: 300, reason: 'as it came' }, { oldValue: 250, newValue: 200, reason: 'it was right before' }], names: { [admin.id]: { kind: 'staff', name: 'Test admin' } } })
    t.equal((await app.query(`select 1 from audit_log where act = 'setting.changed' and target_id = 'ringingSeconds'`)).length, 4)

    for (const call of [() => admin.call('PUT', path('ringingSeconds'), { value: 100, version: 3 }), () => revert({ to: 'default', reason: 'x', version: 3 })]) t.match(await call(), { status: 409, body: { code: 'conflict' } })
    t.match(await get(), { value: 300, version: 4 })
    const both = await Promise.all([0, 1].map((replica) => admin.call('PUT', path('ringingSeconds'), { value: 100 + replica, version: 4 }, { url: app.replicas[replica]!.internalUrl })))
    t.same(new Set(both.map(({ status }) => status)), new Set([200, 409]), 'of two who saw the same one writes')
    t.match(await revert({ to: crypto.randomUUID(), reason: 'x' }), { status: 404 })
    const [others] = (await admin.call('GET', `${path('holdSeconds')}/history`)).body.items
    t.match(await revert({ to: others.id, reason: 'x' }), { status: 404 }, 'a change of another setting')
    t.equal((await revert({ to: 'default' })).status, 400, 'for a reason')
    t.equal((await admin.call('POST', `${path('constructor')}/revert`, { to: 'default', reason: 'x' })).status, 404)
    const list = (await admin.call('GET', '/internal/v1/settings')).body
    t.match(list.items.find((item: { key: string }) => item.key === 'ringingSeconds'), { group: 'sessions', about: /./ })
    t.equal(list.version, list.items.reduce((sum: number, item: { version: number }) => sum + item.version, 0))
  })

  t.test('what is out of bounds is refused with the bounds', async (t) => {
    const before = await rows()
    const answer = await admin.call('PUT', path('holdSeconds'), { value: 1 })
    t.match(answer.body, { code: 'validation_failed', detail: 'holdSeconds is a whole number from 2 to 7200 (seconds)', errors: [{ path: 'value', code: 'out_of_bounds' }] })
    for (const key of ['nothing', 'constructor', '__proto__', 'toString']) {
      t.match(await admin.call('PUT', path(key), { value: 1 }), { status: 404, body: { code: 'not_found' } }, `${key} is no setting`)
      t.equal((await admin.call('GET', path(key))).status, 404)
      t.equal((await admin.call('GET', `${path(key)}/history`)).status, 404)
    }
    for (const body of [{}, { value: null }, { value: 5, extra: 1 }, { value: { a: 1 } }, { value: '300' }, { value: 300.5 }, { value: [300] }]) t.equal((await admin.call('PUT', path('holdSeconds'), body)).status, 400)
    t.strictSame(await rows(), before, 'nothing was stored')
  })

  t.test('only who may change settings changes them', async (t) => {
    const body = { value: 301 }
    const before = await rows()
    t.equal((await call(app.internalUrl, 'PUT', path('holdSeconds'), { body })).status, 401, 'nobody')
    t.equal((await call(app.internalUrl, 'GET', path('holdSeconds'))).status, 401)
    const viewer = await staffOf(app, 'viewer')
    t.equal((await viewer.call('GET', path('holdSeconds'))).status, 200)
    t.match(await viewer.call('PUT', path('holdSeconds'), body), { status: 403, body: { code: 'forbidden' } })
    t.match(await call(app.internalUrl, 'PUT', path('holdSeconds'), { body, headers: { cookie: admin.cookie } }), { status: 403, body: { code: 'forbidden' } }, 'without the CSRF token')
    t.equal((await call(app.url, 'PUT', path('holdSeconds'), { body, headers: { cookie: admin.cookie, 'x-csrf-token': admin.csrfToken } })).status, 404, 'not in public')
    t.strictSame(await rows(), before)
  })

  t.test('twenty changes at once are one after another in the history', async (t) => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) =>
      admin.call('PUT', path('queueSeconds'), { value: 100 + index }, { url: app.replicas[index % 2]!.internalUrl })))
    t.ok(answers.every((answer) => answer.status === 200))
    const history = await app.query<{ old_value: number; new_value: number }>(`select old_value, new_value from settings_history where key = 'queueSeconds'`)
    const byOld = new Map(history.map((row) => [row.old_value, row.new_value]))
    let last = 77
    let length = 0
    for (let next = byOld.get(last); next !== undefined && length < 21; next = byOld.get(last), length++) last = next
    t.equal(length, 20, 'each change begins where the one before it ended')
    t.match(await app.query(`select value, version from settings where key = 'queueSeconds'`), [{ value: last, version: '21' }])
    await eventually(() => app.replicas.every((replica) => replica.ctx.settings.get('queueSeconds') === last), 'both replicas end with the last one')
  })

  t.test('what an app is shown reaches its open sockets on every replica', async (t) => {
    const [who, mitra] = [await signIn(app, { kind: 'customer' }), await signIn(app, { kind: 'mitra', replica: 1 })]
    const sockets = [await connect(who), await connect(mitra)]
    await admin.call('PUT', path('customerMinVersion'), { value: '0.1.0' })
    const frames = await Promise.all(sockets.map((socket) => socket.next('config:updated')))
    t.match(frames, [{ minVersion: '0.1.0', maintenance: false }, { minVersion: '0.0.0' }], 'each app its own')
    await admin.call('PUT', path('offerSeconds'), { value: 44 })
    await eventually(() => app.replicas[1]!.ctx.settings.get('offerSeconds') === 44, 'another setting has changed')
    t.same(sockets.map((socket) => socket.all('config:updated').length), [1, 1], 'what is not shown is not told')
    await Promise.all(sockets.map((socket) => socket.close()))
  })

  t.test('a change reaches the other replica by pub/sub, and by the re-read while Valkey is away', async (t) => {
    const other = app.replicas[1]!.ctx
    await eventually(() => other.valkey.isUp(), 'Valkey is up')
    const told: string[][] = []
    const watch = watchSettings(other, { rereadMs: 60_000 })
    t.after(() => watch.stop())
    watch.onSettingsChanged((names) => told.push([...names]))

    await admin.call('PUT', path('holdSeconds'), { value: 300 })
    await eventually(() => value(1) === 300, 'the other replica has it, long before it would have read again')
    await eventually(async () => {
      const { items, version } = (await admin.call('GET', '/internal/v1/settings/replicas')).body
      return items.length === 2 && items.every((one: { hasAll: boolean; isAlive: boolean; settingsVersion: number }) => one.hasAll && one.isAlive && one.settingsVersion === version)
    }, 'and staff see that both have it')
    await eventually(() => told.length > 0, 'listeners are told')
    t.strictSame(told, [['holdSeconds']])

    const impatient = watchSettings(other, { rereadMs: 200 })
    t.after(() => impatient.stop())
    gate.cut()
    await admin.call('PUT', path('holdSeconds'), { value: 301 })
    t.equal(value(0), 301, 'where it was changed, at once')
    await eventually(() => value(1) === 301, 'the other one reads it again')
    gate.open()
  })

})
