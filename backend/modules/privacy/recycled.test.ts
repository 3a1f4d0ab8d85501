import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { expect, goOnline, signIn } from '../../testing/people.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { verifyAudit } from '../audit/index.ts'
import { hashAddress, sealAddress } from '../channels/addresses.ts'

t.test('the new owner of a mitra’s number is no mitra, and what was owed waits for two members of staff', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, otpResendSeconds: 1 } })
  const { mitra: old } = await stage(app, 'ended', { phones: true })
  await expect(200, old.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' } }))
  await goOnline(old)
  const { env } = app.replicas[0]!.ctx
  const before = [old.id, hashAddress(env, 'lama@surat.example'), sealAddress(env, 'lama@surat.example')]
  await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) values ($1, $2, $3)', before)
  await app.query(`insert into email_challenges (id, user_id, address_hash, address_encrypted, expires_at, resend_at) values (gen_random_uuid(), $1, $2, $3, app_now() + interval '1 day', app_now())`, before)
  await expect(200, old.call('PUT', '/api/v1/notifications/preferences', { body: { messageText: true } }))
  const told = async () => (await app.query<{ template: string }>(`select data ->> 'template' as template from notifications where user_id = $1 and deleted_at is null`, [old.id])).map((row) => row.template)
  await eventually(async () => (await told()).length > 0, 'they were told of their session')
  const toldBefore = await told()
  await app.query(`insert into scheduled_notices (id, user_id, dedupe_key, notice, due_at, expires_at) values (gen_random_uuid(), $1, 'later', '{"template": "status.break_over"}', app_now() + interval '1 day', app_now() + interval '2 days')`, [old.id])
  await app.query(`update users set last_active_at = app_now() - interval '181 days' where id = $1`, [old.id])

  const anew = await signIn(app, { kind: 'mitra', phone: old.phone, replica: 1 })
  t.equal(anew.id, old.id)
  t.match((await anew.call('GET', '/api/v1/mitra/profile')).body, { status: 'deactivated', bio: '', displayName: null, topics: [] })
  t.match((await anew.call('GET', '/api/v1/me/email')).body, { email: null, pending: null }, 'no letter goes to who had the number')
  t.match((await anew.call('GET', '/api/v1/notifications/preferences')).body, { messageText: false })
  const inbox: { data: { template: string } }[] = (await anew.call('GET', '/api/v1/notifications')).body.items
  t.same(inbox.filter(({ data }) => toldBefore.includes(data.template)), [], 'what the one before was told is not theirs')
  t.same(await app.query('select 1 from scheduled_notices where user_id = $1', [old.id]), [], 'nor what was to be told')
  t.match(await anew.call('PUT', '/api/v1/mitra/status', { body: { online: true } }), { status: 403, body: { code: 'mitra_not_approved' } })
  t.match((await anew.call('GET', '/api/v1/mitra/bank-account')).body, { bankAccount: null })
  t.match((await anew.call('GET', '/api/v1/mitra/earnings')).body, { payableIdr: 0, availableIdr: 0 })
  t.same((await anew.call('GET', '/api/v1/mitra/earnings/entries')).body.items, [])
  t.match((await anew.call('GET', '/api/v1/mitra/earnings/statement')).body, { openingIdr: 0, closingIdr: 0, items: [] })
  await eventually(async () => (await app.query('select 1 from mitra_slots where mitra_id = $1 and open_capacity = 0', [old.id])).length === 1, 'nobody is matched with them')
  t.match(await app.query(`select actor_kind, reason from audit_log where act = 'mitra.deactivated' and target_id = $1`, [old.id]), [{ actor_kind: 'system', reason: 'account_idle' }])
  t.match(await verifyAudit(app.replicas[0]!.ctx.sql), { ok: true })

  const [finance, boss] = await Promise.all([staffByRows(app, 'finance'), staffByRows(app, 'super_admin')])
  const [hold] = (await finance.call('GET', '/wallet-holds')).body.items
  t.match(hold, { customerId: old.id, earningsIdr: 17_500, walletIdr: 0, state: 'held' })
  t.same(await findUnrest(app), [])
  const asked = await finance.call('POST', `/wallet-holds/${hold.id}/release`, { body: { to: 'owner', reason: 'it is the same person' } })
  t.match(asked, { status: 202 })
  t.match(await boss.call('POST', `/approvals/${asked.body.approval.id}/approve`, { body: {} }), { status: 200 })
  t.match((await anew.call('GET', '/api/v1/mitra/earnings')).body, { payableIdr: 17_500 })
  t.same(await findUnrest(app), [])
})
