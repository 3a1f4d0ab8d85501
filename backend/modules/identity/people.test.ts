import t from 'tap'
import { transact } from '../../platform/database.ts'
import { call, startTestApp } from '../../testing/app.ts'
import { newPhone, signIn } from '../../testing/sign-in.ts'
import { ensurePerson, findDeviceTokens, findPeople, findPhone, findSamePersonPairs, maskPhone, reencryptPhones, removeDeviceTokens } from './index.ts'

t.test('what other modules ask of identity', async (t) => {
  const app = await startTestApp(t, { simulators: false, worker: { timed: false } })
  const { ctx } = app.replicas[0]!
  const nobody = '01890000-0000-7000-8000-000000000000'

  await t.test('numbers that a replaced key wrote are written anew, and then the old key is not needed', async (t) => {
    const phone = newPhone()
    const who = await signIn(app, { phone })
    const key = (id: string, byte: number, active: boolean) => ({ id, key: Buffer.alloc(32, byte).toString('base64'), active })
    const rotating = { ...ctx, env: { ...ctx.env, DATA_ENCRYPTION_KEYS: [...ctx.env.DATA_ENCRYPTION_KEYS.map((one) => ({ ...one, active: false })), key('next', 9, true)] } }
    const after = { env: { ...ctx.env, DATA_ENCRYPTION_KEYS: [key('next', 9, true)] } }
    await t.rejects(findPhone(ctx.sql, after, who.id), 'the new key alone does not read it yet')
    while (await reencryptPhones(rotating, 2) > 0);
    t.equal(await findPhone(ctx.sql, after, who.id), phone)
    // Back, for the tests that follow.
    while (await reencryptPhones({ ...ctx, env: { ...ctx.env, DATA_ENCRYPTION_KEYS: [...ctx.env.DATA_ENCRYPTION_KEYS, key('next', 9, false)] } }, 500) > 0);
  })

  await t.test('people are found by their ids, all at once', async (t) => {
    const [one, two] = [await signIn(app), await signIn(app, { kind: 'mitra' })]
    const found = await findPeople(ctx.sql, [one.id, two.id, nobody, one.id])
    t.same([...found.keys()].toSorted(), [one.id, two.id].toSorted())
    t.match(found.get(two.id), { kind: 'mitra', displayName: null, language: 'id', timeZone: 'Asia/Jakarta', bannedAt: null, erasedAt: null })
    t.equal((await findPeople(ctx.sql, [])).size, 0)
  })

  await t.test('one person is told by the number, or by a push token that both have had', async (t) => {
    const customer = await signIn(app)
    const sameNumber = await signIn(app, { kind: 'mitra', phone: customer.phone })
    const sameDevice = await signIn(app, { kind: 'mitra' })
    const stranger = await signIn(app, { kind: 'mitra' })
    for (const { token } of [customer, sameDevice]) {
      await call(app.url, 'POST', '/api/v1/me/devices', { token, body: { token: 'one-and-the-same-phone', platform: 'android' } })
    }
    const others = [sameNumber.id, sameDevice.id, stranger.id]
    const pairs = [sameNumber.id, sameDevice.id].map((id) => `${customer.id}:${id}`).toSorted()
    t.same([...(await findSamePersonPairs(ctx.sql, [customer.id], others))].toSorted(), pairs)
    t.same([...(await findSamePersonPairs(ctx.sql, [stranger.id], [customer.id, sameDevice.id]))], [])
    t.same([...(await findSamePersonPairs(ctx.sql, [customer.id, stranger.id], others))].toSorted(), pairs)
    t.equal((await findSamePersonPairs(ctx.sql, [customer.id], [])).size, 0)
  })

  await t.test('dead push tokens are forgotten', async (t) => {
    const person = await signIn(app)
    for (const token of ['a-living-token', 'a-dead-token']) await call(app.url, 'POST', '/api/v1/me/devices', { token: person.token, body: { token, platform: 'ios' } })
    await removeDeviceTokens(ctx.sql, ['a-dead-token', 'unknown'])
    t.same((await findDeviceTokens(ctx.sql, [person.id, nobody])).get(person.id), [{ userId: person.id, token: 'a-living-token', platform: 'ios' }])
    await removeDeviceTokens(ctx.sql, [])
  })

  await t.test('a number is read for staff, and masked', async (t) => {
    const person = await signIn(app)
    t.equal(await findPhone(ctx.sql, ctx, person.id), person.phone)
    t.equal(await findPhone(ctx.sql, ctx, nobody), undefined)
    t.notMatch(maskPhone(person.phone), person.phone.slice(4, 9))
  })

  await t.test('an account is made once for a number and kind', async (t) => {
    const phone = newPhone()
    const ensure = () => transact(ctx, (tx) => ensurePerson(tx, { kind: 'mitra', phone }))
    const [first, second] = await Promise.all([ensure(), ensure()])
    t.equal(first.user.id, second.user.id)
    t.not(first.isNew, second.isNew)
    t.equal((await signIn(app, { kind: 'mitra', phone })).id, first.user.id)
  })
})
