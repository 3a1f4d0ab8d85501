import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, type Person } from '../../testing/people.ts'
import { staffOf } from '../../testing/staff.ts'
import { packageOf, stage, STAGE_SETTINGS } from '../../testing/stage.ts'

/** A session that ended so long ago, as a row: that it can be ended over HTTP is proven elsewhere. */
async function ended(app: TestApp, customerId: string, mitraId: string, agoSeconds = 60): Promise<string> {
  const id = app.replicas[0]!.ctx.ids.next()
  await app.query(`
    insert into chat_sessions (id, state, customer_id, mitra_id, package_id, minutes, price_idr, mitra_share_percent, ended_at, ended_by, end_reason)
    values ($1, 'ended', $2, $3, $4, 15, 25000, 70, app_now() - make_interval(secs => $5), 'system', 'time_up')`, [id, customerId, mitraId, (await packageOf(app, 15)).id, agoSeconds])
  return id
}
const rate = (person: Person, sessionId: string, body: object) => person.call('POST', `/api/v1/sessions/${sessionId}/rating`, { body })
const DAYS = 86_400

t.test('ratings', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { ...STAGE_SETTINGS, ratingLeastRaters: 3, ratingPriorRaters: 2, ratingPriorHundredths: 400, maskContacts: true } })
  const newMitra = async () => (await crowd(app, { kind: 'mitra', count: 1 }))[0]!
  const customers = await crowd(app, { kind: 'customer', count: 6, displayName: 'Citra Lestari' })
  const shown = async (mitra: Person) => (await expect(200, customers[0]!.call('GET', `/api/v1/mitras/${mitra.id}`))).body.rating

  await t.test('a rating is given once, within its time, by the customer alone', async (t) => {
    const mitra = await newMitra()
    const [citra, stranger] = customers as [Person, Person]
    const sessionId = await ended(app, citra.id, mitra.id)
    t.match(await rate(stranger, sessionId, { score: 1 }), { status: 404, body: { code: 'not_found' } })
    t.match(await rate(mitra, sessionId, { score: 5 }), { status: 403, body: { code: 'forbidden' } })
    for (const score of [0, 6, 4.5, '5']) t.match(await rate(citra, sessionId, { score }), { status: 400, body: { code: 'validation_failed' } }, `score ${score}`)
    t.match((await citra.call('GET', `/api/v1/sessions/${sessionId}/rating`)).body, { rating: null, until: /Z$/ })
    const both = await Promise.all([0, 1].map((replica) => rate(citra.on(replica), sessionId, { score: 4, comment: '  Hangat.  ' })))
    t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 409], 'two at once: one counts')
    t.match(both.find((answer) => answer.status === 201)!.body, { rating: { sessionId, score: 4, comment: 'Hangat.', createdAt: /Z$/ } })
    t.equal(both.find((answer) => answer.status === 409)!.body.code, 'already_rated')
    t.match(await rate(citra, sessionId, { score: 1 }), { status: 409, body: { code: 'already_rated' } })
    t.match((await citra.call('GET', `/api/v1/sessions/${sessionId}/rating`)).body, { rating: { score: 4 }, until: null })
    t.match(await rate(citra, await ended(app, citra.id, mitra.id, 7 * DAYS - 30), { score: 4 }), { status: 201 }, 'the last half minute')
    const late = await ended(app, citra.id, mitra.id, 7 * DAYS)
    t.match(await rate(citra, late, { score: 4 }), { status: 409, body: { code: 'rating_window_over' } })
    t.same((await citra.call('GET', `/api/v1/sessions/${late}/rating`)).body, { rating: null, until: null })
    await app.query(`update chat_sessions set ended_at = ended_at - interval '8 days' where id = $1`, [sessionId])
    t.match(await rate(citra, sessionId, { score: 4 }), { status: 409, body: { code: 'already_rated' } }, 'who has rated is told so')
    await app.query('update chat_sessions set state = $2 where id = $1', [late, 'unserved'])
    t.match(await rate(citra, late, { score: 4 }), { status: 409, body: { code: 'session_state_conflict' } }, 'nobody was served')
  })

  await t.test('an average is over persons: forty ratings of one are one, under another number too', async (t) => {
    const mitra = await newMitra()
    const angry = customers[5]!
    await app.query('update users set phone_hash = $2 where id = $1', [angry.id, Buffer.from(randomUUID())])
    for (const one of customers.slice(0, 2)) await expect(201, rate(one, await ended(app, one.id, mitra.id), { score: 5 }))
    t.equal(await shown(mitra), null, 'two persons are too few')
    await expect(201, rate(customers[2]!, await ended(app, customers[2]!.id, mitra.id), { score: 5 }))
    t.same(await shown(mitra), { average: 4.6, count: 3 }, '(2 × 4 + 3 × 5) / 5')
    const again = await Promise.all(Array.from({ length: 20 }, () => ended(app, angry.id, mitra.id)))
    await Promise.all(again.slice(0, 10).map((id, index) => expect(201, rate(angry.on(index % 2), id, { score: index % 2 === 0 ? 1 : 2 }))))
    t.same(await shown(mitra), { average: 4.08, count: 4 }, '(2 × 4 + 3 × 5 + 1.5) / 6')
    await app.query('update users set phone_hash = $2 where id = $1', [angry.id, Buffer.from(randomUUID())])
    for (const id of again.slice(10)) await expect(201, rate(angry, id, { score: 1 }))
    t.same(await shown(mitra), { average: 4.04, count: 4 }, '(2 × 4 + 3 × 5 + 1.25) / 6')
    const account = (await crowd(app, { kind: 'customer', count: 1 }))[0]!
    await app.query(`update users set erased_at = app_now() where id = $1`, [angry.id])
    await app.query(`update users set phone_hash = (select rater_hash from ratings where customer_id = $2 limit 1) where id = $1`, [account.id, angry.id])
    await expect(201, rate(account, await ended(app, account.id, mitra.id), { score: 1 }))
    t.equal((await shown(mitra)).count, 4, 'a new account of the same number is the same person')
    t.match((await customers[0]!.call('GET', '/api/v1/mitras?limit=100')).body.items.find((item: { id: string }) => item.id === mitra.id), { rating: { count: 4 } }, 'the list shows it too')
    t.match((await mitra.call('GET', '/api/v1/mitra/profile')).body.rating, { count: 4 })
    const [score] = await app.query<{ raters: number; sum: string }>('select raters, mean_sum as sum from mitra_scores where mitra_id = $1', [mitra.id])
    const [brute] = await app.query<{ raters: number; sum: string }>(`select count(*)::int as raters, sum(mean) as sum from (select round(avg(score), 6) as mean from ratings where mitra_id = $1 group by rater_hash) m`, [mitra.id])
    t.same(score, brute, 'what is kept is what the ratings say')
  })

  await t.test('a comment is no way to meet outside either, while contacts are masked', async (t) => {
    const mitra = await newMitra()
    const sessionId = await ended(app, customers[0]!.id, mitra.id)
    t.match((await rate(customers[0]!, sessionId, { score: 5, comment: 'Makasih! WA aku 0812-3456-7890 ya' })).body, { rating: { comment: 'Makasih! WA aku ••• ya' } })
    t.same(await app.query('select comment from ratings where session_id = $1', [sessionId]), [{ comment: 'Makasih! WA aku ••• ya' }], 'covered before it is stored')
  })

  await t.test('the mitra reads comments and days, and nothing that tells who or when; staff hide them, and it is audited', async (t) => {
    const mitra = await newMitra()
    const texts = ['Baik sekali', 'Kurang sabar', 'Terima kasih']
    const sessions: string[] = []
    for (const [index, comment] of texts.entries()) {
      const one = customers[index]!
      sessions.push(await ended(app, one.id, mitra.id))
      await expect(201, rate(one, sessions[index]!, { score: 3 + index, comment }))
    }
    await expect(201, rate(customers[4]!, await ended(app, customers[4]!.id, mitra.id), { score: 5 }))
    const read = async (query = '') => (await expect(200, mitra.call('GET', `/api/v1/mitra/ratings${query}`))).body
    const all = await read()
    t.same(all.rating, { average: 4.17, count: 4 })
    t.same(all.items.map((item: { comment: string }) => item.comment).toSorted(), texts.toSorted(), 'those without a comment are none')
    for (const item of all.items) t.same(Object.keys(item).toSorted(), ['comment', 'day', 'id', 'score'])
    t.notOk(customers.some((one) => JSON.stringify(all).includes(one.id)) || /Citra/.test(JSON.stringify(all)) || sessions.some((id) => JSON.stringify(all).includes(id)), 'nobody is named')
    const [first, ...rest] = [await read('?limit=2'), await read(`?limit=2&cursor=${(await read('?limit=2')).nextCursor}`)]
    t.same([...first!.items, ...rest[0]!.items], all.items, 'page by page')
    t.equal(rest[0]!.nextCursor, null)

    const [ana, vivi] = await Promise.all([staffOf(app, 'moderator'), staffOf(app, 'viewer')])
    const path = `/internal/v1/ratings/${sessions[1]}`
    t.equal((await vivi.call('POST', `${path}/hide`, { reason: 'rude' })).status, 403)
    t.match(await ana.call('POST', `/internal/v1/ratings/${randomUUID()}/hide`, { reason: 'rude' }), { status: 404, body: { code: 'not_found' } })
    const hidden = await Promise.all([1, 2].map(() => ana.call('POST', `${path}/hide`, { reason: 'rude' })))
    for (const answer of hidden) t.match(answer, { status: 200, body: { rating: { id: sessions[1], comment: 'Kurang sabar', hiddenBy: ana.id, hiddenReason: 'rude' } } })
    t.equal((await app.query(`select 1 from audit_log where act = 'rating.comment_hidden' and target_id = $1`, [sessions[1]])).length, 1, 'audited once')
    t.same((await read()).items.map((item: { comment: string }) => item.comment).toSorted(), ['Baik sekali', 'Terima kasih'])
    t.same((await read()).rating, all.rating, 'the score counts on')
    t.match((await ana.call('GET', `/internal/v1/ratings?mitraId=${mitra.id}&limit=2`)).body.items, [{ score: 5, comment: null }, { comment: 'Terima kasih' }])
    const listed = async (query: string) => ((await expect(200, ana.call('GET', `/internal/v1/ratings?mitraId=${mitra.id}&${query}`))).body.items as { sessionId: string }[]).map((one) => one.sessionId)
    t.same([await listed('hidden=true'), await listed('score=4'), await listed(`customerId=${customers[2]!.id}`)], [[sessions[1]], [sessions[1]], [sessions[2]]])
    t.same((await listed('commented=true')).toSorted(), sessions.toSorted())
    t.match((await ana.call('GET', `/internal/v1/ratings?mitraId=${mitra.id}`)).body.names, { [mitra.id]: { kind: 'mitra' }, [ana.id]: { kind: 'staff' } })
    await ana.call('POST', `${path}/unhide`, { reason: 'a mistake' })
    t.equal((await read()).items.length, 3)
  })
})

t.test('a session that ended over HTTP is rated', async (t) => {
  const app = await startTestApp(t, { settings: STAGE_SETTINGS })
  const scene = await stage(app, 'ended')
  t.match(await rate(scene.customer, scene.sessionId, { score: 5 }), { status: 201, body: { rating: { score: 5 } } })
})
