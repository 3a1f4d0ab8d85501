import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { STAFF_PASSWORD, signInStaff, staffAccount, staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'
import { purgeStaffSessions } from './index.ts'

const STAFF = '/internal/v1/staff'
t.test('staff accounts', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2 })

  t.test('a super_admin opens accounts, whose owners set their own password first', async (t) => {
    const boss = await staffOf(app, 'super_admin')
    const body = { email: 'Rani@staff.example', displayName: 'Rani', role: 'finance' }
    const created = await boss.call('POST', STAFF, body)
    t.match(created, { status: 201, body: { email: 'Rani@staff.example', displayName: 'Rani', role: 'finance', active: true, mustChangePassword: true, temporaryPassword: /^\w{20}$/ } })
    const rani = await signInStaff(app, { email: 'rani@staff.example', password: created.body.temporaryPassword })
    t.match((await rani.call('GET', '/internal/v1/auth/me')).body, { required: ['password'] })
    t.match(await boss.call('POST', STAFF, { ...body, email: 'rani@STAFF.example' }), { status: 409, body: { code: 'conflict' } }, 'an e-mail has one account, however it is written')
    const chosen = await boss.call('POST', STAFF, { ...body, email: 'tono@staff.example', password: STAFF_PASSWORD })
    t.equal(chosen.body.temporaryPassword, undefined)
    t.ok(await signInStaff(app, { email: 'tono@staff.example', password: STAFF_PASSWORD }))
    for (const bad of [{ ...body, role: 'owner' }, { ...body, email: 'x' }, { ...body, password: 'short' }, { ...body, mustChangePassword: false }, {}]) t.equal((await boss.call('POST', STAFF, bad)).status, 400)

    const page = await boss.call('GET', `${STAFF}?limit=2`)
    t.match(page.body.items.map((item: { email: string }) => item.email), ['tono@staff.example', 'Rani@staff.example'])
    t.notMatch(page.text, /argon2|temporaryPassword/)
    t.match(await boss.call('GET', `${STAFF}/${created.body.id}`), { status: 200, body: { id: created.body.id, role: 'finance' } })
    t.equal((await boss.call('GET', `${STAFF}/${crypto.randomUUID()}`)).status, 404)
    t.match((await boss.call('GET', `${STAFF}?limit=2&cursor=${page.body.nextCursor}`)).body, { items: [{ id: boss.id }], nextCursor: null })
    t.match(await app.query(`select actor_id, details from audit_log where act = 'staff.created' and actor_id = $1 order by seq`, [boss.id]), [{ actor_id: boss.id, details: { role: 'finance' } }, {}])
  })

  t.test('two at once open one account', async (t) => {
    const boss = await staffOf(app, 'super_admin')
    const body = { email: 'twice@staff.example', displayName: 'Rani', role: 'finance' }
    const both = await Promise.all(app.replicas.map((replica) => boss.call('POST', STAFF, body, { url: replica.internalUrl })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 409])
  })

  t.test('a change of role or activity acts on the next request', async (t) => {
    const [boss, staff] = [await staffOf(app, 'super_admin'), await staffOf(app, 'viewer')]
    const patch = (body: object) => boss.call('PATCH', `${STAFF}/${staff.id}`, body)
    t.equal((await staff.call('GET', '/internal/v1/inbox-events')).status, 403)
    t.match(await patch({ role: 'finance', reason: 'new task' }), { status: 200, body: { id: staff.id, role: 'finance' } })
    t.equal((await staff.call('GET', '/internal/v1/inbox-events')).status, 200)
    t.match(await patch({ active: false }), { status: 200, body: { active: false } })
    t.equal((await staff.call('GET', '/internal/v1/auth/me')).status, 401)
    await patch({ active: true })
    t.equal((await staff.call('GET', '/internal/v1/auth/me')).status, 401, 'the session stays ended')
    const account = { email: staff.email, password: STAFF_PASSWORD }
    t.ok(await signInStaff(app, account))

    const reset = await patch({ resetPassword: true })
    await t.rejects(signInStaff(app, account))
    const again = await signInStaff(app, { ...account, password: reset.body.temporaryPassword })
    t.match((await again.call('GET', '/internal/v1/auth/me')).body, { required: ['password'] })
    await app.query(`update staff set locked_until = app_now() + interval '1 hour', failed_attempts = 5 where id = $1`, [staff.id])
    t.match(await patch({ unlock: true }), { status: 200, body: { lockedUntil: null } })
    t.equal((await boss.call('PATCH', `${STAFF}/${crypto.randomUUID()}`, { active: false })).status, 404)
    t.match(await app.query(`select reason, details from audit_log where act = 'staff.changed' and actor_id = $1 order by seq`, [boss.id]), [{ reason: 'new task', details: { role: 'finance' } }, {}, {}, {}, {}])
  })

  t.test('one sees where one is signed in, and ends what one doesn’t know', async (t) => {
    const account = await staffAccount(app, 'viewer')
    const [here, there, third] = [await signInStaff(app, account), await signInStaff(app, account), await signInStaff(app, account)]
    const SESSIONS = '/internal/v1/auth/sessions'
    const shown = await here.call('GET', SESSIONS)
    t.match(shown.body, { items: [{ isCurrent: false }, { isCurrent: false }, { isCurrent: true, ip: '127.0.0.1', createdAt: /Z$/, lastSeenAt: /Z$/, expiresAt: /Z$/ }], nextCursor: null })
    t.notOk(shown.text.includes(there.csrfToken), 'nothing by which one could act')
    const ofThere = (await there.call('GET', SESSIONS)).body.items.find((one: { isCurrent: boolean }) => one.isCurrent).id
    const both = await Promise.all(app.replicas.map((replica) => here.call('DELETE', `${SESSIONS}/${ofThere}`, undefined, { url: replica.internalUrl })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 404], 'two at once: one ends it')
    t.equal((await there.call('GET', SESSIONS)).status, 401)
    const stranger = await staffOf(app, 'viewer')
    const ofStranger = (await stranger.call('GET', SESSIONS)).body.items[0].id
    t.equal((await here.call('DELETE', `${SESSIONS}/${ofStranger}`)).status, 404, 'somebody else’s is none')
    t.match(await here.call('DELETE', SESSIONS), { status: 200, body: { ended: 1 } }, 'all but this one')
    t.strictSame([(await third.call('GET', SESSIONS)).status, (await here.call('GET', SESSIONS)).status, (await stranger.call('GET', SESSIONS)).status], [401, 200, 200])
    t.match(await app.query(`select target_id, details from audit_log where act = 'staff.sessions_ended' and actor_id = $1 order by seq`, [here.id]), [{ target_id: here.id, details: { sessions: [ofThere] } }, {}])
  })

  t.test('a super_admin ends the sessions of others, which is written down', async (t) => {
    const [boss, finance] = [await staffOf(app, 'super_admin'), await staffOf(app, 'finance')]
    const path = `${STAFF}/${finance.id}/sessions`
    const { body } = await boss.call('GET', path)
    t.match(body.items, [{ isCurrent: false, ip: '127.0.0.1' }])
    t.equal((await boss.call('DELETE', `${path}/${crypto.randomUUID()}`)).status, 404)
    t.match(await boss.call('DELETE', `${path}/${body.items[0].id}`), { status: 200, body: { ended: 1 } })
    t.equal((await finance.call('GET', '/internal/v1/auth/me')).status, 401)
    const again = await signInStaff(app, { email: finance.email, password: STAFF_PASSWORD })
    t.match(await boss.call('DELETE', path), { status: 200, body: { ended: 1 } })
    t.equal((await again.call('GET', '/internal/v1/auth/me')).status, 401)
    t.match(await boss.call('GET', path), { status: 200, body: { items: [] } })
    t.equal((await boss.call('GET', `${STAFF}/${crypto.randomUUID()}/sessions`)).status, 404)
    t.equal((await boss.call('DELETE', `${STAFF}/${crypto.randomUUID()}/sessions`)).status, 404)
    t.match(await app.query(`select actor_id from audit_log where act = 'staff.sessions_ended' and target_id = $1`, [finance.id]), [{ actor_id: boss.id }, { actor_id: boss.id }])
  })

  t.test('sessions that were over a month ago are forgotten', async (t) => {
    const [old, living] = [await staffOf(app, 'viewer'), await staffOf(app, 'viewer')]
    await app.query(`update staff_sessions set expires_at = app_now() - interval '31 days' where staff_id = $1`, [old.id])
    // Beside the housekeeping, which may hold the row a moment.
    await eventually(async () => {
      await purgeStaffSessions(app.replicas[0]!.ctx, 500)
      const left = await app.query('select staff_id from staff_sessions where staff_id = any($1)', [[old.id, living.id]])
      return left.length === 1 && left[0]!['staff_id'] === living.id
    }, 'the old session is forgotten, the living one kept')
    t.pass()
  })

  t.test('nobody locks everybody out', async (t) => {
    const [one, two] = [await staffOf(app, 'super_admin'), await staffOf(app, 'super_admin')]
    await app.query('update staff set active = false where id <> all($1)', [[one.id, two.id]])
    t.match(await one.call('PATCH', `${STAFF}/${one.id}`, { role: 'viewer' }), { status: 403, body: { code: 'forbidden' } }, 'one’s own role')
    t.equal((await one.call('PATCH', `${STAFF}/${one.id}`, { active: false })).status, 403)
    t.equal((await one.call('PATCH', `${STAFF}/${one.id}`, { displayName: 'One' })).status, 200)
    const both = await Promise.all([
      one.call('PATCH', `${STAFF}/${two.id}`, { role: 'viewer' }, { url: app.replicas[0]!.internalUrl }),
      two.call('PATCH', `${STAFF}/${one.id}`, { active: false }, { url: app.replicas[1]!.internalUrl }),
    ])
    t.equal(both.filter((answer) => answer.status === 200).length, 1, 'two who take it from each other: one is left')
    t.match(await app.query(`select count(*)::int as left from staff where role = 'super_admin' and active`), [{ left: 1 }])
  })

  t.test('only a super_admin manages accounts', async (t) => {
    const body = { email: 'rani@staff.example', displayName: 'Rani', role: 'super_admin' }
    t.equal((await call(app.internalUrl, 'POST', STAFF, { body })).status, 401)
    for (const role of ['admin', 'finance', 'moderator', 'viewer'] as const) {
      const staff = await staffOf(app, role)
      t.match(await staff.call('POST', STAFF, body), { status: 403, body: { code: 'forbidden' } }, role)
      t.equal((await staff.call('PATCH', `${STAFF}/${staff.id}`, { displayName: 'me' })).status, 403)
      t.equal((await staff.call('GET', STAFF)).status, 403)
    }
  })

})
