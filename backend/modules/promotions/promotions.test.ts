import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect } from '../../testing/people.ts'
import { promoCode, spentOf } from '../../testing/promo-flows.ts'
import { clearStage, newKey, packageOf, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { changePromoCode } from './index.ts'

t.test('promo codes', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const { id: packageId } = await packageOf(app, 15)
  const people = await crowd(app, { kind: 'customer', count: 40 })
  const someone = () => people.pop()!
  const now = Date.now()
  t.beforeEach(() => clearStage(app))

  await t.test('whatever is wrong with a code, the answer is the same: codes cannot be found out by trying', async (t) => {
    const codes = await Promise.all([
      promoCode(app, { startsAt: new Date(now + 3_600_000), endsAt: new Date(now + 7_200_000) }), promoCode(app, { startsAt: new Date(now - 7_200_000), endsAt: new Date(now - 3_600_000) }),
      promoCode(app, { leastPriceIdr: 25_001 }), promoCode(app, { budgetIdr: 9_999 }),
    ])
    const withdrawn = await promoCode(app)
    await transact(app.replicas[0]!.ctx, (tx) => changePromoCode(tx, withdrawn.id, { active: false }))
    const used = await promoCode(app)
    const who = someone()
    const first = await expect(201, startSession(who, { packageId, promoCode: used.code.toLowerCase() }))
    t.equal(await spentOf(app, used.id), 10_000)
    await expect(200, who.call('POST', `/api/v1/sessions/${first.body.session.id}/cancel`))
    await eventually(async () => (await spentOf(app, used.id)) === 0, 'the budget is given back')
    await expect(201, startSession(who, { packageId, promoCode: used.code }))
    const other = await expect(404, startSession(someone(), { packageId, promoCode: 'NO-SUCH-CODE' }))
    for (const code of [...codes, withdrawn].map((one) => one.code)) {
      const refused = await expect(404, startSession(someone(), { packageId, promoCode: code }))
      t.same({ ...refused.body, requestId: '' }, { ...other.body, requestId: '' })
    }
    t.same((await app.query(`select id from chat_sessions where ended_at is null`)).length, 1, 'nobody who was refused stands in the queue')
  })

  await t.test('a budget is never overdrawn, by many at once on two replicas', async (t) => {
    const { id, code } = await promoCode(app, { budgetIdr: 79_999 })
    const answers = await Promise.all(people.splice(0, 16).map((who, i) => startSession(who.on(i % 2), { packageId, promoCode: code })))
    t.same([201, 404].map((status) => answers.filter((answer) => answer.status === status).length), [7, 9])
    t.equal(await spentOf(app, id), 70_000)
    await clearStage(app)
    await eventually(async () => (await spentOf(app, id)) === 0, 'cancelled in the queue: all of it is given back')
  })

  await t.test('a person is a phone number: an account that is erased and made anew has used it already', async () => {
    const { code } = await promoCode(app, { perPersonLimit: 1 })
    const [before, after] = [someone(), someone()]
    await expect(201, startSession(before, { packageId, promoCode: code }))
    await app.query(`update users set erased_at = app_now(), phone_hash = decode(md5(id::text) || md5('x' || id), 'hex') where id = $1`, [after.id])
    const [{ hash } = { hash: null }] = await app.query<{ hash: Buffer }>('select phone_hash as hash from users where id = $1', [before.id])
    await app.query(`update users set erased_at = app_now(), phone_hash = decode(md5('e' || id::text) || md5(id::text), 'hex') where id = $1`, [before.id])
    await app.query('update users set erased_at = null, phone_hash = $2 where id = $1', [after.id, hash])
    await expect(404, startSession(after, { packageId, promoCode: code }))
    await expect(201, startSession(after, { packageId }))
  })

  await t.test('the same key after a crash answers the session that it made, though the code is used by it', async (t) => {
    const { id, code } = await promoCode(app)
    const who = someone()
    const ask = { body: { packageId, promoCode: code }, headers: { 'idempotency-key': newKey() } }
    const first = await expect(201, who.call('POST', '/api/v1/sessions', ask))
    await app.query('delete from idempotency_keys')
    const again = await expect(201, who.on(1).call('POST', '/api/v1/sessions', ask))
    t.equal(again.body.session.id, first.body.session.id)
    t.equal(await spentOf(app, id), 10_000)
  })
})
