import { randomUUID } from 'node:crypto'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { approvedMitra, customer, expect, newPhone, type Person } from '../../testing/people.ts'
import { requestCode, signIn, verifyCode } from '../../testing/sign-in.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'

t.test('sanctions', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, otpResendSeconds: 1, otpPerPhoneHour: 1000, otpPerPhoneDay: 1000, otpPerPrefixHour: 1_000_000 } })
  const [ana, budi] = [await staffByRows(app, 'moderator'), await staffByRows(app, 'admin')]
  const { id: packageId } = await packageOf(app, 15)
  t.beforeEach(() => clearStage(app))

  const later = '2100-01-01T00:00:00.000Z'
  const sanction = async (who: { id: string }, wish: object = { kind: 'suspension', until: later }, staff: StaffPerson = ana, replica = 1) =>
    staff.call('POST', '/sanctions', { body: { userId: who.id, reason: 'a test', ...wish }, replica })
  const lift = (id: string, staff = budi) => staff.call('POST', `/sanctions/${id}/lift`, { body: { reason: 'it was wrong' } })
  const suspended = { status: 403, body: { code: 'account_suspended', until: later } }
  const tries = async (phone: string, kind: 'customer' | 'mitra' = 'customer') => {
    const asked = await requestCode(app.url, phone, kind)
    return asked.status === 202 ? verifyCode(app.url, asked.body.challengeId) : asked
  }
  const closedWith = async (socket: TestSocket) => (await socket.closed).code

  for (const [state, who] of [['active', 'customer'], ['active', 'mitra'], ['ringing', 'customer'], ['held', 'customer']] as const) {
    await t.test(`of the ${who} while ${state}: the sockets close on every replica, nothing stays open, no money is left between`, async (t) => {
      const scene = await stage(app, state)
      const out = scene[who]
      const sockets = await Promise.all([connect(out.on(0)), connect(out.on(1))])
      const other = await connect(scene[who === 'customer' ? 'mitra' : 'customer'].on(1))
      await expect(201, sanction(out))
      t.same(await Promise.all(sockets.map(closedWith)), [4403, 4403])
      for (const replica of [0, 1]) await eventually(async () => (await out.on(replica).call('GET', '/api/v1/me')).body.code === 'account_suspended', 'refused here')
      t.match(await out.on(1).call('POST', '/api/v1/me/devices', { body: { token: `device-${randomUUID()}`, platform: 'ios' } }), suspended)
      const row = await scene.until(state === 'active' ? 'ended' : 'cancelled')
      t.same([row.end_reason, (await scene.money()).escrow], ['staff_ended', 0])
      if (state === 'active') t.match((await other.next('session:updated', { matches: (frame) => frame.session.state === 'ended' })).session, { endReason: 'staff_ended' })
      await other.close()
    })
  }

  await t.test('a number is out with both its accounts and any new one, until the suspension runs out by itself', async (t) => {
    const phone = newPhone()
    const hers = await customer(app, { phone })
    const his = await approvedMitra(app, { phone, online: true })
    const free = await customer(app)
    await expect(201, startSession(free, { packageId, mitraId: his.id }))
    await expect(201, sanction(hers))
    t.match([await tries(phone), await tries(phone, 'mitra')], [suspended, suspended])
    t.match(await app.query('select wants_online from mitras where user_id = $1', [his.id]), [{ wants_online: false }])
    t.match(await free.call('GET', `/api/v1/mitras/${his.id}`), { status: 404 })
    await eventually(async () => (await free.call('GET', '/api/v1/sessions')).body.items[0].state === 'cancelled', 'who asked for this mitra alone is cancelled')
    t.match(await app.query('select end_reason from chat_sessions where customer_id = $1', [free.id]), [{ end_reason: 'mitra_unavailable' }])
    t.match(await call(app.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: hers.refreshToken } }), suspended)
    await app.query('update users set erased_at = app_now() where id = any($1)', [[hers.id, his.id]])
    t.match(await tries(phone), suspended, 'a new account inherits it')
    for (const table of ['users', 'number_standings']) await app.query(`update ${table} set suspended_until = app_now() - interval '1 second' where suspended_until = $1`, [later])
    await app.query(`update sanctions set until = app_now() - interval '1 second' where user_id = $1`, [hers.id])
    t.match(await tries(phone), { status: 200, body: { user: { isNew: true } } })
    t.match((await expect(200, ana.call('GET', `/sanctions?userId=${hers.id}`))).body, { items: [{ kind: 'suspension', isActive: false, liftedAt: null }], nextCursor: null })
  })

  await t.test('several stand together; lifting takes one back, is audited, and lets in whom nothing else keeps out', async (t) => {
    const phone = newPhone()
    const person = await signIn(app, { phone })
    const first = (await expect(201, sanction(person))).body.sanction
    const ban = (await expect(201, sanction(person, { kind: 'ban' }, budi))).body.sanction
    t.match(ban, { kind: 'ban', until: null, isActive: true, createdBy: budi.id })
    const refused = await tries(phone)
    t.match(refused, { status: 403, body: { code: 'account_suspended' } })
    t.notOk('until' in refused.body, 'a ban has no end')
    const both = await Promise.all([lift(ban.id), lift(ban.id, ana)])
    t.same(both.map(({ status }) => status), [200, 200])
    t.equal(both[0].body.sanction.liftedBy, both[1].body.sanction.liftedBy, 'of two at once one did it')
    t.match(await tries(phone), suspended, 'the suspension still stands')
    await expect(200, lift(first.id))
    t.equal((await tries(phone)).status, 200)
    t.same((await app.query<{ act: string }>(`select act from audit_log where target_id = $1 order by seq`, [person.id])).map(({ act }) => act), ['sanction.suspension', 'sanction.ban', 'sanction.lifted', 'sanction.lifted'])
    t.match(await lift(randomUUID()), { status: 404 })
  })

  await t.test('a warning is told and ends nothing', async (t) => {
    const scene = await stage(app, 'active')
    const socket = await connect(scene.customer.on(1))
    await expect(201, sanction(scene.customer, { kind: 'warning', message: 'Mohon sopan.' }))
    t.match((await socket.next('notification:created', { matches: ({ notification }) => notification.data.card === 'warning' })).notification, { kind: 'safety', body: 'Mohon sopan.' })
    t.equal((await scene.row()).state, 'active')
    t.equal((await scene.customer.call('GET', '/api/v1/me')).status, 200)
    await socket.close()
  })

  await t.test('what makes no sense is refused, and nothing of it stays', async (t) => {
    const person = await signIn(app)
    for (const [wish, status] of [
      [{ kind: 'suspension' }, 400], [{ kind: 'ban', until: later }, 400], [{ kind: 'suspension', until: '2020-01-01T00:00:00Z' }, 400],
      [{ kind: 'ban', caseId: randomUUID() }, 404], [{ kind: 'ban', userId: randomUUID() }, 404], [{ kind: 'ban', reason: ' ' }, 400],
    ] as const) t.equal((await sanction(person, wish)).status, status, JSON.stringify(wish))
    t.same(await app.query('select id from sanctions where user_id = $1', [person.id]), [])
    t.equal((await tries(person.phone)).status, 200)
  })

  await t.test('at the same moment as signing in, going online or starting: afterwards nobody is in', async (t) => {
    for (let round = 0; round < 4; round++) {
      const phone = newPhone()
      const person = await signIn(app, { phone })
      const challenge = await requestCode(app.url, phone, 'mitra')
      await Promise.all([sanction(person), verifyCode(app.replicas[round % 2]!.url, challenge.body.challengeId)])
      t.same(await app.query('select s.id from sign_ins s join users u on u.id = s.user_id where s.revoked_at is null and u.phone_hash = (select phone_hash from users where id = $1)', [person.id]), [], 'signing in')
    }
    const [mitras, customers] = await Promise.all([Promise.all([0, 1, 2].map(() => approvedMitra(app))), Promise.all([0, 1, 2].map(() => customer(app)))])
    await Promise.all(mitras.flatMap((mitra) => [sanction(mitra), mitra.on(0).call('PUT', '/api/v1/mitra/status', { body: { online: true } })]))
    t.same(await app.query('select user_id from mitras where wants_online and user_id = any($1)', [mitras.map(({ id }) => id)]), [], 'going online')
    await Promise.all(customers.flatMap((who: Person) => [sanction(who), startSession(who.on(0), { packageId })]))
    await eventually(async () => (await app.query('select 1 from chat_sessions where ended_at is null and customer_id = any($1)', [customers.map(({ id }) => id)])).length === 0, 'starting')
  })

  await t.test('without Valkey the sockets of every replica close as well', async (t) => {
    const scene = await stage(app, 'active')
    const sockets = await Promise.all([connect(scene.customer.on(0)), connect(scene.customer.on(1))])
    await app.valkey.stop()
    await expect(201, sanction(scene.customer, { kind: 'ban' }, ana, 0))
    t.same(await Promise.all(sockets.map(closedWith)), [4403, 4403])
    t.equal((await scene.row()).state, 'ended')
  })
})
