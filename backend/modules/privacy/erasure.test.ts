import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect, signIn, type Person } from '../../testing/people.ts'
import { fillWallet, giveLot } from '../../testing/promo-flows.ts'
import { openSocket } from '../../testing/socket.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { PRIVACY_MAP } from '../../privacy-map.ts'
import { hashAddress, sealAddress } from '../channels/addresses.ts'
import { account, findPayable, post } from '../ledger/index.ts'
import { applyPayment } from '../sessions/index.ts'
import { eraseAgain, isPersonal } from './index.ts'

const NAME = 'Kanariya Wulandari'
const WORDS = ['sebuah kanariya bernyanyi', 'kanariya kedua']

/** Every row of every table that holds one of these texts, in clear or as bytes of it, by table and column. */
async function tracesOf(app: TestApp, texts: readonly string[]): Promise<string[]> {
  const columns = await app.query<{ table: string; column: string }>(`
    select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' where a.attnum > 0 and not a.attisdropped order by 1, 2`)
  const hits = await Promise.all(columns.map(async ({ table, column }) => {
    const rows = await app.query(`
      select 1 from "${table}" x, unnest($1::text[]) as needle
      where position(needle in x."${column}"::text) > 0 or position(encode(convert_to(needle, 'UTF8'), 'hex') in x."${column}"::text) > 0 limit 1`, [texts])
    return rows.length > 0 ? [`${table}.${column}`] : []
  }))
  return hits.flat()
}

/** A proven address with its plan of digests and what they chose, a letter on its way, one that was not proven, and what is to be told later. */
async function giveReach(app: TestApp, userId: string, address: string): Promise<void> {
  const { env } = app.replicas[0]!.ctx
  await app.query('insert into email_addresses (user_id, address_hash, address_encrypted, digest_due_at, digest_until) values ($1, $2, $3, app_now(), app_now())', [userId, hashAddress(env, address), sealAddress(env, address)])
  await app.query(`insert into email_challenges (id, user_id, address_hash, address_encrypted, expires_at, resend_at) values ($1, $2, $3, $4, app_now(), app_now())`, [randomUUID(), userId, hashAddress(env, address), sealAddress(env, address)])
  await app.query(`insert into letters (id, user_id, channel, kind, template, dedupe_key, subject, text, due_at, expires_at) values ($1, $2, 'email', 'digest', 'digest', 'digest:2026-11-23', 'kanariya', 'kanariya', app_now() + interval '1 day', app_now() + interval '2 days')`, [randomUUID(), userId])
  await app.query(`insert into notification_preferences (user_id, quiet_from, quiet_to) values ($1, '22:00', '06:00')`, [userId])
  await app.query(`insert into scheduled_notices (id, user_id, dedupe_key, notice, due_at, expires_at) values ($1, $2, 'later', '{"template": "announcement", "text": {"id": {"title": "kanariya", "body": "kanariya"}}}', app_now() + interval '1 day', app_now() + interval '2 days')`, [randomUUID(), userId])
  await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, due_at, expires_at, announcement_id) values ($1, $2, 'system_announcement', 'announcement:one', 'kanariya', 'kanariya', '{}', 'announcement:one', app_now() + interval '1 day', app_now() + interval '2 days', $1)`, [randomUUID(), userId])
}

const erase = (who: Person, body?: object) => who.call('DELETE', '/api/v1/me', body === undefined ? {} : { body })
const stateOf = async (app: TestApp, id: string) => (await app.query<{ state: string }>('select state from erasures where user_id = $1', [id]))[0]?.state
const untilDone = (app: TestApp, id: string) => eventually(async () => await stateOf(app, id) === 'done', 'nothing is left to erase')
const say = (who: Person, conversationId: unknown, body: string) =>
  expect(201, who.call('POST', `/api/v1/conversations/${String(conversationId)}/messages`, { body: { clientId: randomUUID(), body } }))

t.test('erasure', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, erasureSettleSeconds: 1, otpResendSeconds: 1, closingSeconds: 600, invoiceWaitMs: 2000 } })

  await t.test('everything of a customer goes, the books and the other side’s words stay, and the number begins anew', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'active', {
      phones: true, ask: { topic: 'work' },
      before: async (who) => void await expect(200, who.call('PATCH', '/api/v1/me', { body: { displayName: NAME, gender: 'female' } })),
    })
    const { mitra } = scene
    const who = scene.customer
    const { conversation_id: conversationId } = await scene.row()
    await expect(201, who.call('POST', '/api/v1/me/devices', { body: { token: `kanariya-${randomUUID()}`, platform: 'android' } }))
    await expect(200, who.call('PUT', '/api/v1/me/preferences', { body: { theme: 'dark' } }))
    await giveReach(app, who.id, 'kanariya@surat.example')
    for (const body of WORDS) await say(who, conversationId, body)
    await say(mitra, conversationId, 'jawaban dari mitra')
    t.match(await erase(who), { status: 409, body: { code: 'session_open' } }, 'a session is open')
    await expect(200, who.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    const before = await app.query('select id, account, amount_idr from ledger_entries order by id')
    const socket = await openSocket(app.replicas[1]!.url, { token: who.token })
    await socket.next('ready')
    const watching = await openSocket(mitra.url, { token: mitra.token })
    await watching.next('ready')

    const answers = await Promise.all([erase(who), erase(who.on(1))])
    t.ok(answers.every(({ status, body }) => (status === 200 && body.erasure.state !== 'waiting') || status === 401), 'asked twice at once, on two replicas')
    t.ok(answers.some(({ status }) => status === 200))
    t.equal((await socket.closed).code, 4403, 'their sockets are closed, on every replica')
    await untilDone(app, who.id)

    const page = await expect(200, mitra.call('GET', `/api/v1/conversations/${String(conversationId)}/messages?limit=100`))
    t.same(page.body.items.map((one: { body: string; deleted?: boolean; senderId: string }) => [one.senderId === mitra.id, one.deleted === true]), [[false, true], [false, true], [true, false]], 'their words are gone for the other side, in their places')
    await eventually(() => watching.all('message:changed').filter((frame) => frame['conversationId'] === conversationId && frame['deleted'] === true).length === 2, 'whoever is there is told')
    await watching.close()

    t.same(await app.query('select id, account, amount_idr from ledger_entries order by id'), before, 'the books are as they were')
    const { env } = app.replicas[0]!.ctx
    t.same(await tracesOf(app, [hashAddress(env, 'kanariya@surat.example').toString('hex'), NAME, NAME.split(' ')[0]!, 'kanariya', who.phone, who.phone.slice(1)]), [], 'no trace')
    const [row] = await app.query('select * from users where id = $1', [who.id])
    t.match(row, { phone_encrypted: null, phone_prefix: '', display_name: null, birth_date: null, gender: null, banned_at: null })
    t.ok(row?.['erased_at'])
    for (const [table, verdict] of Object.entries(PRIVACY_MAP)) {
      if (!isPersonal(verdict) || verdict.erasure !== 'delete' || !('columns' in verdict.rows)) continue
      t.same(await app.query(`select 1 from "${table}" where ${verdict.rows.columns.split(' ').map((column) => `"${column}" = $1`).join(' or ')}`, [who.id]), [], `${table} is empty of them`)
    }
    t.match(await app.query('select topic, state from chat_sessions where id = $1', [scene.sessionId]), [{ topic: null, state: 'ended' }])
    t.equal((await app.query(`select 1 from audit_log where act = 'person.erased' and target_id = $1`, [who.id])).length, 1, 'audited once')

    t.match(await who.call('GET', '/api/v1/me'), { status: 401, body: { code: 'unauthenticated' } })
    const anew = await signIn(app, { kind: 'customer', phone: who.phone })
    t.not(anew.id, who.id, 'the number begins anew')
    t.match((await anew.call('GET', '/api/v1/me')).body, { displayName: null, birthDate: null })
    t.match((await anew.call('GET', '/api/v1/sessions')).body.items, [])
  })

  await t.test('what waits is given up first; a hold that nobody can close yet goes on by itself', async (t) => {
    await clearStage(app)
    const queued = await stage(app, 'queued')
    t.match(await erase(queued.customer), { status: 200, body: { erasure: { state: /erased|done/ } } })
    t.match(await queued.row(), { state: 'cancelled' })
    await clearStage(app)
    const held = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { api: { error: 503 } } })
    const answer = await erase(held.customer)
    app.simulators.control.resetFaults()
    t.match(answer, { status: 202, body: { erasure: { state: 'waiting', erasedAt: null } } }, 'the provider does not answer')
    const { id: packageId } = await packageOf(app, 15)
    const [leaving] = await crowd(app, { kind: 'customer', count: 1 })
    await app.query('update users set erasing_at = app_now() where id = $1', [leaving!.id])
    t.match(await startSession(leaving!, { packageId }), { status: 409, body: { code: 'conflict' } }, 'nothing new begins meanwhile')
    await untilDone(app, held.customer.id)
    t.match(await held.row(), { state: 'cancelled' })
  })

  await t.test('money in the wallet is in the way, unless it is given up: then staff have it, and what comes later', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'cancelled')
    const who = scene.customer
    await fillWallet(app, who.id, 12_000)
    await giveLot(app, who.id, 3_000, 30)
    t.match(await erase(who), { status: 409, body: { code: 'conflict' } })
    t.equal(await stateOf(app, who.id), undefined, 'and nothing has begun')
    t.match(await erase(who, { forfeit: true }), { status: 200 })
    t.match(await app.query('select amount_idr::int, reason, state from suspense_items where customer_id = $1', [who.id]), [{ amount_idr: 12_000, reason: 'person_erased', state: 'open' }])
    t.match(await app.query(`select account, balance_idr::int from ledger_balances where split_part(account, ':', 2) = $1 and balance_idr <> 0`, [who.id]), [])
    const [late] = await app.query<{ id: string }>('select id from payments where session_id = $1', [scene.sessionId])
    await applyPayment(app.replicas[0]!.ctx, { paymentId: late!.id, providerPaymentId: randomUUID(), paidIdr: 25_000 })
    t.match(await app.query(`select amount_idr::int from suspense_items where customer_id = $1 and reason = 'payer_gone'`, [who.id]), [{ amount_idr: 25_000 }], 'what comes later waits for staff, too')
  })

  await t.test('money that comes while a hold closes calls the erasure off', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await scene.payInvoice()
    app.simulators.control.resetFaults()
    const answer = await erase(scene.customer)
    t.ok(answer.status === 409 || answer.status === 202, `called off, or about to be (${answer.status})`)
    await eventually(async () => await stateOf(app, scene.customer.id) === undefined, 'called off')
    t.equal((await scene.money()).wallet, 25_000, 'the money is theirs')
    const inbox = await eventually(async () => (await scene.customer.call('GET', '/api/v1/notifications')).body.items.find((one: { kind: string }) => one.kind === 'account'), 'they are told')
    t.match(inbox, { title: 'Akunmu belum dihapus' })
    t.match(await erase(scene.customer, { forfeit: true }), { status: 200 })
  })

  await t.test('a mitra: not while anything is open or owed; then they serve no more, and their account at the bank is gone', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'active')
    const { mitra } = scene
    await expect(200, mitra.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: NAME } }))
    t.match(await erase(mitra), { status: 409, body: { code: 'session_open' } })
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    t.match(await erase(mitra), { status: 409, body: { code: 'conflict' } }, 'earnings are owed')
    t.match(await app.query('select erasing_at from users where id = $1', [mitra.id]), [{ erasing_at: null }], 'a refusal leaves nothing behind')
    await app.query(`update mitras set wants_online = true where user_id = $1`, [mitra.id])
    await payOut(app, mitra.id)
    t.match(await erase(mitra), { status: 200 })
    await untilDone(app, mitra.id)
    t.match(await app.query('select status, bio, wants_online from mitras where user_id = $1', [mitra.id]), [{ status: 'deactivated', bio: '', wants_online: false }])
    t.match(await app.query('select last_digits, replaced_at is not null as is_replaced from mitra_bank_accounts where mitra_id = $1', [mitra.id]), [{ last_digits: '0000', is_replaced: true }])
    t.match(await scene.customer.call('GET', `/api/v1/mitras/${mitra.id}`), { status: 404 })
  })

  await t.test('staff erase for a reason that is written down', async (t) => {
    const [who] = await crowd(app, { kind: 'customer', count: 1 })
    const [admin, moderator] = await Promise.all([staffByRows(app, 'admin'), staffByRows(app, 'moderator')])
    const path = `/people/${who!.id}/erase`
    t.match(await moderator.call('POST', path, { body: { reason: 'they wrote a letter' } }), { status: 403 })
    t.match(await admin.call('POST', path, { body: {} }), { status: 400 })
    t.match(await admin.call('POST', `/people/${randomUUID()}/erase`, { body: { reason: 'they wrote a letter' } }), { status: 404 })
    t.match(await admin.call('POST', path, { body: { reason: 'they wrote a letter' } }), { status: 200, body: { erasure: { userId: who!.id } } })
    t.match(await admin.call('POST', path, { body: { reason: 'once more' }, replica: 1 }), { status: 200 }, 'again is the same')
    t.match(await app.query(`select act, actor_id, reason from audit_log where target_id = $1 order by seq`, [who!.id]), [
      { act: 'person.erasure_asked', actor_id: admin.id, reason: 'they wrote a letter' }, { act: 'person.erased', actor_id: admin.id },
    ])
  })

  await t.test('who was erased and came back with a backup is erased again, whatever they hold', async (t) => {
    const [who] = await crowd(app, { kind: 'customer', count: 1 })
    await fillWallet(app, who!.id, 4_000)
    const { sql } = app.replicas[0]!.ctx
    t.equal(await eraseAgain(sql, [who!.id, randomUUID()]), 1)
    await untilDone(app, who!.id)
    t.equal(await eraseAgain(sql, [who!.id]), 0)
    t.match(await app.query('select amount_idr::int from suspense_items where customer_id = $1', [who!.id]), [{ amount_idr: 4_000 }])
  })

  await t.test('a number under a sanction, or of somebody a case is about, is known again', async (t) => {
    const [banned, free] = await crowd(app, { kind: 'customer', count: 2 })
    const hashOf = async (id: string) => (await app.query<{ phone_hash: Buffer }>('select phone_hash from users where id = $1', [id]))[0]!.phone_hash.toString('hex')
    const before = [await hashOf(banned!.id), await hashOf(free!.id)]
    await app.query('update users set banned_at = app_now() where id = $1', [banned!.id])
    const admin = await staffByRows(app, 'super_admin')
    for (const who of [banned!, free!]) t.match(await admin.call('POST', `/people/${who.id}/erase`, { body: { reason: 'a test' } }), { status: 200 })
    t.equal(await hashOf(banned!.id), before[0])
    t.not(await hashOf(free!.id), before[1])
  })

  await eventually(async () => (await app.query(`select 1 from outbox where done_at is null and parked_at is null and due_at <= app_now()`)).length === 0, 'the outbox is done')
  t.same((await findUnrest(app)).filter((what) => what !== 'an event of the provider was parked'), [])
})

/** As a payout would have: what a mitra is owed has left. */
async function payOut(app: TestApp, mitraId: string): Promise<void> {
  await transact(app.replicas[0]!.ctx, async (tx) => {
    const owedIdr = await findPayable(tx.sql, mitraId)
    await post(tx, { key: `test:${tx.ids.next()}`, flow: 'test', entries: [{ account: account.payable(mitraId), amountIdr: -owedIdr }, { account: account.providerClearing, amountIdr: owedIdr }] })
  })
}
