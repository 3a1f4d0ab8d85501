import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, signIn, type Person } from '../../testing/people.ts'
import { fillWallet } from '../../testing/promo-flows.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { hashAddress, sealAddress } from '../channels/addresses.ts'
import { PRIVACY_MAP } from '../../privacy-map.ts'
import { isPersonal } from './index.ts'

const NAME = 'Kanariya Wulandari'
const take = (who: Person) => who.call('GET', '/api/v1/me/export')

t.test('export', async (t) => {
  const app = await startTestApp(t, { settings: { ...STAGE_SETTINGS, exportsPerDay: 1, otpResendSeconds: 1 } })
  const scene = await stage(app, 'active', { phones: true, before: async (who) => void await expect(200, who.call('PATCH', '/api/v1/me', { body: { displayName: NAME } })) })
  const { customer: who, mitra } = scene
  const { conversation_id: conversationId } = await scene.row()
  for (const [person, body] of [[who, 'kata kanariya'], [mitra, 'rahasia mitra']] as const) {
    await expect(201, person.call('POST', `/api/v1/conversations/${String(conversationId)}/messages`, { body: { clientId: randomUUID(), body } }))
  }
  await expect(200, mitra.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' } }))
  await expect(201, who.call('POST', '/api/v1/me/devices', { body: { token: `kanariya-${randomUUID()}`, platform: 'android' } }))

  const { env } = app.replicas[0]!.ctx
  const address = 'kanariya@surat.example'
  await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) values ($1, $2, $3)', [who.id, hashAddress(env, address), sealAddress(env, address)])

  await expect(200, who.call('PUT', '/api/v1/notifications/preferences', { body: { choices: { tip: { push: false } }, quietHours: { from: '22:00', to: '06:00' } } }))
  await app.query(`insert into notifications (id, user_id, kind, title, body, data, dedupe_key) values (gen_random_uuid(), $1, 'system_announcement', 'Kabar', 'Kabar untuk semua', '{"announcementId": "one"}', 'announcement:one')`, [who.id])

  await t.test('everything about a person, as a file: their own words, nothing of the other side, no secret', async (t) => {
    const answer = await expect(200, take(who))
    t.match(answer.headers, { 'content-disposition': /attachment/, 'content-type': /application\/json/, 'cache-control': 'no-store' })
    const { body } = answer
    t.match(body, {
      format: 'halobestie-person/1', userId: who.id, kind: 'customer', profile: [{ id: who.id, displayName: NAME, phone: who.phone, birthDate: '1995-04-21' }],
      sessions: [{ id: scene.sessionId, priceIdr: 25_000 }], payments: [{ amountIdr: 25_000, state: 'paid' }], devices: [{ platform: 'android' }], email: [{ address, undeliverableAt: null }],
      notificationPreferences: [{ choices: { 'tip.push': false }, quietFrom: '22:00', quietTo: '06:00', messageText: false }], mitra: [], bankAccounts: [],
    })
    t.match(body.notifications.filter((one: { kind: string }) => one.kind === 'system_announcement'), [{ title: 'Kabar', body: 'Kabar untuk semua', data: { announcementId: 'one' } }], 'what staff told many')
    t.same(body.messages.map((one: { body: string }) => one.body), ['kata kanariya'])
    t.match(body.sessions[0].queuedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.equal(body.consents.length, 2)
    t.notMatch(answer.text, /rahasia mitra|kanariya-|Hash|token|Encrypted/, 'nothing of others, no secrets')
    const lists = Object.values(PRIVACY_MAP).flatMap((table) => (isPersonal(table) && table.out ? [table.out.as] : []))
    t.same(lists.filter((list) => !Array.isArray(body[list])), [], 'a list for each table')
    t.match(await take(who), { status: 429, body: { code: 'rate_limited' } }, 'once a day')
  })

  await t.test('of a mitra: the account at the bank in clear, for its owner alone', async (t) => {
    const { body } = await expect(200, take(mitra))
    t.match(body, { kind: 'mitra', bankAccounts: [{ accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' }], mitra: [{ status: 'approved' }], purchases: [{ sessionId: scene.sessionId }] })
  })

  await t.test('staff take it for a reason that is written down before', async (t) => {
    const [admin, finance] = await Promise.all([staffByRows(app, 'admin'), staffByRows(app, 'finance')])
    const path = `/people/${who.id}/export`
    t.match(await finance.call('POST', path, { body: { reason: 'a letter' } }), { status: 403 })
    t.match(await admin.call('POST', path, { body: {} }), { status: 400 })
    t.match(await admin.call('POST', `/people/${randomUUID()}/export`, { body: { reason: 'a letter' } }), { status: 404 })
    t.match(await admin.call('POST', path, { body: { reason: 'a letter' } }), { status: 200, body: { userId: who.id, actsOfStaff: [{ act: 'person.exported' }] } })
    t.match(await app.query(`select actor_id, reason from audit_log where act = 'person.exported' and target_id = $1`, [who.id]), [{ actor_id: admin.id, reason: 'a letter' }])
  })

  await t.test('the new owner of a number gets nothing of the old one', async (t) => {
    await fillWallet(app, who.id, 7_000)
    await expect(200, who.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await app.query(`update users set last_active_at = app_now() - interval '181 days' where id = $1`, [who.id])
    const anew = await signIn(app, { kind: 'customer', phone: who.phone })
    const { body, text } = await expect(200, take(anew))
    t.match(body, { userId: who.id, messages: [], sessions: [], payments: [], devices: [], consents: [], notifications: [], entries: [], postings: [] })
    t.notMatch(text, /kanariya/i)
  })

  await t.test('of fifty thousand messages each comes once, in pages', async (t) => {
    const [writer] = await crowd(app, { kind: 'customer', count: 1 })
    const ids = await app.query<{ id: string }>(`
      with made as (insert into conversations (id, writable_until) select id_from(app_now() + n * interval '1 millisecond'), app_now() from generate_series(1, 25) n returning id),
      members as (insert into conversation_members (conversation_id, user_id) select id, $1 from made)
      select id from made`, [writer!.id])
    await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body)
      select c, n, gen_random_uuid(), gen_random_uuid(), $1, 'kata ' || n from unnest($2::uuid[]) c, generate_series(1, 2000) n`, [writer!.id, ids.map(({ id }) => id)])
    const { body } = await expect(200, take(writer!))
    t.equal(body.messages.length, 50_000)
    t.equal(new Set(body.messages.map((one: { id: string }) => one.id)).size, 50_000)
  })
})
