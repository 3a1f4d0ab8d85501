import { randomUUID } from 'node:crypto'
import t from 'tap'
import { LEASE_SECONDS } from './modules/channels/claim-pushes.ts'
import { CLAIMS_MAX } from './modules/channels/rules.ts'
import { notify, renderInForce } from './modules/notifications/index.ts'
import { transact } from './platform/database.ts'
import { startTestApp, type TestApp } from './testing/app.ts'
import { pairUp, sendOf } from './testing/conversations.ts'
import { expect } from './testing/people.ts'
import { changeSettings } from './testing/settings.ts'
import { connect } from './testing/socket.ts'
import { clearStage, stage, STAGE_SETTINGS, type Scene } from './testing/stage.ts'
import { staffOf } from './testing/staff.ts'
import { eventually } from './testing/wait.ts'

type Sent = { notification: { title: string; body: string }; data: Record<string, string>; android: { priority: string; notification: { tag: string; channel_id: string; sound?: string } } }
type Row = { state: string; reason: string | null; title: string; body: string; data: Record<string, string> }

async function addDevices(app: TestApp, userId: string, tokens: readonly string[]): Promise<void> {
  await app.query(`insert into devices (id, user_id, sign_in_id, token, platform)
    select gen_random_uuid(), $1, (select id from sign_ins where user_id = $1 order by id desc limit 1), token, 'android' from unnest($2::text[]) token`, [userId, tokens])
}

// As they came over the wire: what the engine makes has these fields.
const sentTo = (app: TestApp, token: string) => app.simulators.control.fcm.messages(token) as unknown as Sent[]
const pushesOf = (app: TestApp, userId: string, kind: string) => app.query<Row>('select state, reason, title, body, data from pushes where user_id = $1 and kind = $2 order by id', [userId, kind])
const settled = (app: TestApp, userId: string, kind: string, count: number) => eventually(async () => {
  const found = await pushesOf(app, userId, kind)
  return found.length >= count && found.every((row) => row.state !== 'queued') ? found : undefined
}, `${count} pushes of ${kind} are settled`)

t.test('a ring that left is replaced when its offer ends, and one that has not left never does', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS } })
  const ringing = async (tokens: readonly string[]): Promise<Scene> => {
    await clearStage(app)
    const scene = await stage(app, 'held')
    await addDevices(app, scene.mitra.id, tokens)
    await scene.payInvoice()
    await scene.until('ringing')
    return scene
  }

  t.test('accepted on one device, the others are quiet', async (t) => {
    const [phone, tablet] = [randomUUID(), randomUUID()]
    const scene = await ringing([phone, tablet])
    const offerId = await scene.offerId()
    const [ring] = await eventually(() => (sentTo(app, phone).length > 0 && sentTo(app, tablet).length > 0 ? sentTo(app, tablet) : undefined), 'both ring')
    t.match(ring, { data: { kind: 'offer', offerId }, android: { priority: 'high', notification: { channel_id: 'offers', sound: 'default' } } })
    await expect(200, scene.mitra.call('POST', `/api/v1/offers/${offerId}/accept`))
    for (const token of [phone, tablet]) {
      const last = await eventually(() => sentTo(app, token).find((message) => message.data['outcome'] !== undefined), 'the ring is replaced')
      t.match(last, { data: { kind: 'offer', offerId, outcome: 'accepted' }, android: { notification: { tag: ring!.android.notification.tag, channel_id: 'quiet' } } })
      t.equal(last.android.notification.sound, undefined, 'without a sound')
      t.equal(sentTo(app, token).length, 2)
    }
  })

  t.test('declined, withdrawn: the mitra’s devices hear how it ended', async (t) => {
    for (const outcome of ['declined', 'withdrawn']) {
      const token = randomUUID()
      const scene = await ringing([token])
      const offerId = await scene.offerId()
      await eventually(() => sentTo(app, token)[0], 'it rings')
      if (outcome === 'declined') await expect(200, scene.mitra.call('POST', `/api/v1/offers/${offerId}/decline`))
      else await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
      const last = await eventually(() => sentTo(app, token)[1], `${outcome}: the ring is replaced`)
      t.match(last, { data: { offerId, outcome } })
    }
  })

  t.test('expired: replaced, or rung again for the same session, and never quiet over a ring', async (t) => {
    const token = randomUUID()
    const scene = await ringing([token])
    await eventually(() => sentTo(app, token)[0], 'it rings')
    await scene.travel(46)
    await eventually(async () => (await pushesOf(app, scene.mitra.id, 'offer')).length >= 3, 'the same mitra is rung again')
    await eventually(() => sentTo(app, token).filter((message) => message.data['outcome'] === undefined).length === 2, 'it rings again')
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    const last = await eventually(() => sentTo(app, token).find((message) => message.data['outcome'] === 'withdrawn'), 'replaced at last')
    t.equal(sentTo(app, token).at(-1), last)
  })

  t.test('what has not left when the offer ends is dropped, and nothing is sent of its end', async (t) => {
    await changeSettings(app, { pushesClosed: true })
    const token = randomUUID()
    const scene = await ringing([token])
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    await changeSettings(app, { pushesClosed: false })
    const rows = await settled(app, scene.mitra.id, 'offer', 2)
    t.ok(rows.every((row) => row.state === 'dropped' && row.reason === 'withdrawn'), JSON.stringify(rows))
    t.same(app.simulators.control.fcm.attempts(token), [])
  })

  t.test('the end of a ring whose worker died in its call waits for it, not claimed too often meanwhile', async (t) => {
    await changeSettings(app, { pushesClosed: true })
    const scene = await ringing([randomUUID()])
    await app.db.clock.stop()
    await app.query(`update pushes set tries = 1, attempts = 1, sent_at = app_now(), claimed_until = app_now() + make_interval(secs => $2) where user_id = $1`, [scene.mitra.id, LEASE_SECONDS])
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    await changeSettings(app, { pushesClosed: false })
    await app.clock.advance(3)
    const [waiting] = await eventually(async () => {
      const held = await app.query<{ seconds: number }>(`select extract(epoch from due_at - app_now())::float8 as seconds from pushes where user_id = $1 and reason = 'ring_under_way'`, [scene.mitra.id])
      return held.length > 0 ? held : undefined
    }, 'it waits')
    t.ok(LEASE_SECONDS / waiting!.seconds <= CLAIMS_MAX / 2, `asked again after ${waiting!.seconds} s`)
  })
})

t.test('what was received or read before its push leaves is not pushed; else its words are made as it leaves', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { pushAfterSeconds: 30, sweepMs: 50 } })
  const closed = async (isClosed: boolean) => changeSettings(app, { pushesClosed: isClosed })
  const secret = 'sesuatu yang sangat pribadi'

  t.test('received meanwhile', async (t) => {
    await closed(true)
    const { customer, mitra, conversationId } = await pairUp(app)
    const token = randomUUID()
    await addDevices(app, mitra.id, [token])
    const [a, b] = [await connect(customer), await connect(mitra)]
    a.send(sendOf(conversationId, secret))
    await b.next('message:received')
    await app.clock.advance(31)
    await eventually(async () => (await pushesOf(app, mitra.id, 'message'))[0], 'it is to be pushed')
    b.send({ type: 'message:delivered', conversationId, seq: 1 })
    await eventually(async () => (await app.query('select 1 from conversation_members where user_id = $1 and delivered_seq = 1', [mitra.id]))[0], 'that is written')
    await closed(false)
    t.match(await settled(app, mitra.id, 'message', 1), [{ state: 'dropped', reason: 'already_delivered' }])
    t.same(app.simulators.control.fcm.attempts(token), [])
    await Promise.all([a.close(), b.close()])
  })

  t.test('how many there are, or their words for who wants them, which are stored nowhere', async (t) => {
    const admin = await staffOf(app, 'admin')
    await expect(200, admin.call('PUT', '/internal/v1/notice-templates/message.new/id', { parts: { title: 'Kabar baru' }, version: 0, reason: 'a test' }))
    await eventually(() => app.replicas.every(({ ctx }) => renderInForce(ctx, 'message.new', 'id', { count: 1 }).title === 'Kabar baru'), 'staff’s words are in force')
    for (const wantsText of [false, true]) {
      await closed(true)
      const { customer, mitra, conversationId } = await pairUp(app)
      const token = randomUUID()
      await addDevices(app, mitra.id, [token])
      await app.query(`update users set language = 'id', display_name = case when id = $1 then 'Sari' end where id in ($1, $2)`, [customer.id, mitra.id])
      if (wantsText) await app.query(`insert into notification_preferences (user_id, message_text) values ($1, true)`, [mitra.id])
      const a = await connect(customer)
      // A character that begins where it is cut is not shown in half.
      const begin = `${secret} `.padEnd(299, 'ya ')
      for (const body of ['satu', 'dua', `${begin}😀 itu`]) {
        a.send(sendOf(conversationId, body))
        await a.next('message:ack')
      }
      await app.clock.advance(31)
      await eventually(async () => (await pushesOf(app, mitra.id, 'message'))[0], 'it is to be pushed')
      await closed(false)
      const [row] = await settled(app, mitra.id, 'message', 1)
      t.match(row, { state: 'sent' })
      t.notMatch(JSON.stringify(row), secret, 'its text is not stored')
      const [sent] = sentTo(app, token)
      if (wantsText) t.match(sent, { notification: { title: /^Sari.*3/, body: `${begin}…` }, data: { count: '3' } })
      else t.match(sent, { notification: { title: 'Kabar baru', body: /3 pesan baru/ }, data: { count: '3' } })
      if (!wantsText) t.notMatch(JSON.stringify(sent), secret)
      await a.close()
    }
  })

  t.test('read in the inbox meanwhile', async (t) => {
    await closed(true)
    const { customer } = await pairUp(app)
    const token = randomUUID()
    await addDevices(app, customer.id, [token])
    await transact(app.replicas[0]!.ctx, (tx) => notify(tx, [
      { userId: customer.id, template: 'session.accepted', dedupeKey: 'read', data: { sessionId: randomUUID() } },
      { userId: customer.id, template: 'session.accepted', dedupeKey: 'unread', data: { sessionId: randomUUID() } },
    ]))
    const { items } = (await expect(200, customer.call('GET', '/api/v1/notifications'))).body
    await expect(200, customer.call('PUT', `/api/v1/notifications/${items[1].id}/read`))
    await closed(false)
    t.match(await settled(app, customer.id, 'session', 2), [{ state: 'dropped', reason: 'already_read' }, { state: 'sent' }])
    t.equal(app.simulators.control.fcm.attempts(token).length, 1)
  })
})
