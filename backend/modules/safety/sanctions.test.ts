import { randomUUID } from 'node:crypto'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { approvedMitra, customer, expect, newPhone, type Person } from '../../testing/people.ts'
import { requestCode, signIn, verifyCode } from '../../testing/sign-in.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

t.test('sanctions', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, otpResendSeconds: 1, otpPerPhoneHour: 1000, otpPerPhoneDay: 1000, otpPerPrefixHour: 1_000_000 }, valkeyPatienceMs: PATIENCE_MS })
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
    const told = await app.query(`select title, body, data from notifications where kind = 'safety' and user_id = any($1)`, [[hers.id, his.id]])
    t.equal(told.length, 2, 'both hear of it once they are in again')
    for (const notice of told) t.match(notice, { title: 'Akunmu dihentikan sementara', body: /sampai 1 Jan 2100, 07\.00 WIB/, data: { template: 'sanction.suspended', sanctionId: String } })
    t.same(await app.query(`select 1 from pushes where kind = 'safety' and user_id = any($1)`, [[hers.id, his.id]]), [], 'their devices are out')
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
    const his = await signIn(app, { phone, kind: 'mitra' })
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
    const told = await app.query<{ user_id: string; key: string }>(`select user_id, data ->> 'sanctionId' as key from notifications where data ->> 'template' = 'sanction.lifted' and user_id = any($1)`, [[person.id, his.id]])
    t.same(told.map((row) => `${row.user_id} ${row.key}`).toSorted(), [person.id, his.id].flatMap((id) => [`${id} ${first.id}`, `${id} ${ban.id}`]).toSorted(), 'whoever was told of them is told of their end, once each')
    t.match(await lift(randomUUID()), { status: 404 })
  })

  await t.test('a warning is told and ends nothing', async (t) => {
    const scene = await stage(app, 'active')
    const socket = await connect(scene.customer.on(1))
    await expect(201, sanction(scene.customer, { kind: 'warning', message: 'Mohon sopan.' }))
    t.match((await socket.next('notification:created', { matches: ({ notification }) => notification.data.card === 'warning' })).notification, { kind: 'safety', body: 'Mohon sopan.' })
    t.match(await app.query(`select title, body, data from pushes where kind = 'safety' and user_id = $1`, [scene.customer.id]), [{ title: 'halobestie', body: 'Ada pesan penting untukmu.', data: { card: undefined, template: undefined } }], 'a locked screen says nothing of why')
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

  await t.test('an appeal is proved by a code, is one a sanction, and is decided by somebody else', async (t) => {
    const person = await signIn(app)
    const appeal = async (text = 'It was not me.', replica = 0) => {
      const asked = await requestCode(app.url, person.phone, 'mitra')
      return call(app.replicas[replica]!.url, 'POST', '/api/v1/appeals', { body: { challengeId: asked.body.challengeId, code: '000000', text } })
    }
    const status = async () => {
      const asked = await requestCode(app.url, person.phone)
      return (await expect(200, call(app.url, 'POST', '/api/v1/appeals/status', { body: { challengeId: asked.body.challengeId, code: '000000' } }))).body
    }
    const decide = (id: string, decision: 'uphold' | 'lift', staff: StaffPerson, answer?: string) => staff.call('POST', `/appeals/${id}/decide`, { body: { decision, reason: 'looked at it', ...(answer ? { answer } : {}) } })
    t.match(await appeal(), { status: 404, body: { code: 'not_found' } }, 'nothing to appeal against')
    t.same(await status(), { sanction: null, appeal: null })
    await expect(201, sanction(person, { kind: 'suspension', until: later, message: 'Kamu kasar.' }))
    t.match(await call(app.url, 'POST', '/api/v1/appeals', { body: { challengeId: randomUUID(), code: '000000', text: 'Halo' } }), { status: 401, body: { code: 'otp_invalid' } })
    const first = await expect(201, appeal())
    t.match(first.body, { sanction: { kind: 'suspension', until: later, message: 'Kamu kasar.' }, appeal: { state: 'open', text: 'It was not me.' } })
    t.notOk(first.text.includes('a test'), 'the reason is staff’s')
    const { id } = first.body.appeal
    t.match(await appeal('Again.', 1), { status: 200, body: { appeal: { id, text: 'It was not me.' } } }, 'one is open')
    t.match((await expect(200, ana.call('GET', '/appeals?state=open&limit=1'))).body, { items: [{ id, userId: person.id, sanctionedBy: ana.id }] })
    t.match(await decide(id, 'lift', ana), { status: 403, body: { code: 'approval_self' } })
    t.match(await decide(randomUUID(), 'lift', ana), { status: 404 })
    const both = await Promise.all([decide(id, 'uphold', budi, 'Tetap berlaku.'), decide(id, 'uphold', budi, 'Tetap berlaku.')])
    t.same(both.map((answer) => answer.status), [200, 200])
    t.match(await decide(id, 'lift', budi), { status: 409, body: { code: 'conflict' } })
    t.match((await status()).appeal, { id, state: 'upheld', answer: 'Tetap berlaku.' })
    t.match(await appeal(), { status: 429, body: { code: 'rate_limited' } }, 'not at once again')
    t.match(await tries(person.phone), suspended)
    await app.query(`update appeals set decided_at = decided_at - interval '8 days' where id = $1`, [id])
    const second = (await expect(201, appeal('Please look again.'))).body.appeal.id
    await app.query(`update staff set active = false where id not in ($1)`, [ana.id])
    t.match(await decide(second, 'lift', ana), { status: 200, body: { appeal: { state: 'lifted' } } }, 'where there is nobody else')
    await app.query('update staff set active = true')
    t.equal((await tries(person.phone)).status, 200)
    t.same((await app.query<{ act: string }>(`select act from audit_log where target_id = $1 order by seq`, [person.id])).map(({ act }) => act), ['sanction.suspension', 'appeal.upheld', 'sanction.lifted', 'appeal.lifted'])
  })

  await t.test('staff open a case by hand, and read what was written for a reason', async (t) => {
    const scene = await stage(app, 'active')
    const { conversation_id: conversationId } = await scene.row()
    for (const body of ['satu', 'dua', 'tiga']) await expect(201, scene.customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body } }))
    const open = (wish: object) => ana.call('POST', '/cases', { body: { subjectId: scene.mitra.id, reason: 'a phone call', ...wish } })
    const alone = await expect(201, open({}))
    t.match(alone.body.case, { kind: 'staff', state: 'open', sessionId: null, conversationId: null, subjectId: scene.mitra.id, openedBy: ana.id })
    const both = await Promise.all([open({ sessionId: scene.sessionId }), open({ sessionId: scene.sessionId })])
    t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 201])
    t.equal(both[0].body.case.id, both[1].body.case.id, 'one open case a conversation')
    const evidence = await expect(200, ana.call('POST', `/cases/${both[0].body.case.id}/evidence`, { body: { reason: 'to see' } }))
    t.same(evidence.body.items.map((item: { body: string }) => item.body).slice(-3), ['satu', 'dua', 'tiga'])
    for (const [wish, status] of [[{ subjectId: randomUUID() }, 404], [{ sessionId: randomUUID() }, 404], [{ subjectId: (await signIn(app)).id, sessionId: scene.sessionId }, 400]] as const) t.equal((await open(wish)).status, status)

    const transcript = (staff: StaffPerson, query = '', body: object = { reason: 'a complaint' }) => staff.call('POST', `/conversations/${conversationId}/transcript${query}`, { body })
    t.match(await transcript(ana, '', {}), { status: 400 })
    const page = await expect(200, transcript(ana, '?limit=2'))
    t.match(page.body, { sessionId: scene.sessionId, customer: { id: scene.customer.id, displayName: 'C***' }, mitra: { displayName: 'M***' }, nextCursor: String })
    const rest = await expect(200, transcript(budi, `?cursor=${page.body.nextCursor}`))
    t.match(rest.body, { customer: { displayName: 'Citra' }, nextCursor: null })
    t.same([...page.body.items, ...rest.body.items].map((item: { body: string | null }) => item.body).filter((body) => body !== null), ['satu', 'dua', 'tiga'])
    t.match(await ana.call('POST', `/conversations/${randomUUID()}/transcript`, { body: { reason: 'a complaint' } }), { status: 404 })
    t.match(await app.query(`select reason, actor_id from audit_log where act = 'transcript.read' and target_id = $1 order by seq`, [conversationId]), [{ reason: 'a complaint', actor_id: ana.id }, { actor_id: budi.id }])
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
