import t from 'tap'
import { call, startTestApp, type Answer } from '../../testing/app.ts'
import { approvedMitra, customer, introduce, signIn } from '../../testing/people.ts'
import { STAGE_SETTINGS, stage } from '../../testing/stage.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

const V1 = '/internal/v1'
t.test('what staff control', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, valkeyPatienceMs: PATIENCE_MS, atNoon: true })
  const admin = await staffOf(app, 'admin')
  const audits = (targetId: string) => app.query('select act, actor_id, reason, details, ip, request_id from audit_log where target_id = $1 order by seq', [targetId])

  const idsOf = (answer: Answer) => (answer.body.items as { id: string }[]).map((item) => item.id)

  async function applicant(displayName: string) {
    const mitra = await introduce(await signIn(app, { kind: 'mitra' }), displayName)
    await mitra.call('POST', '/api/v1/mitra/application', { body: { bio: 'hello', topics: ['work'] } })
    return mitra
  }

  t.test('an application is approved or rejected once, with a reason that is kept', async (t) => {
    const [one, two] = [await applicant('Sari Dewi'), await applicant('Putri Ayu')]
    const applied = await admin.call('GET', `${V1}/mitras?status=applied&limit=1`)
    t.match(applied.body, { items: [{ id: two.id, mitraId: two.id, displayName: 'Putri Ayu', phone: two.phone, status: 'applied', capacity: 1, used: 0 }], nextCursor: two.id }, 'the newest first')
    t.strictSame(idsOf(await admin.call('GET', `${V1}/mitras?status=applied&cursor=${applied.body.nextCursor}`)), [one.id])
    t.strictSame(idsOf(await admin.call('GET', `${V1}/mitras?q=sari`)), [one.id], 'by a part of the name')
    t.strictSame(idsOf(await admin.call('GET', `${V1}/mitras?q=${encodeURIComponent(two.phone)}`)), [two.id], 'by the whole number')
    t.strictSame((await admin.call('GET', `${V1}/mitras?q=%25`)).body.items, [], 'a wildcard is a letter')

    t.equal((await admin.call('POST', `${V1}/mitras/${one.id}/approve`, {})).status, 400, 'not without a reason')
    const both = await Promise.all(app.replicas.map((replica, index) =>
      admin.call('POST', `${V1}/mitras/${one.id}/${index === 0 ? 'approve' : 'reject'}`, { reason: 'looked at' }, { url: replica.internalUrl })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 409], 'two at once: one decides')
    t.equal((await audits(one.id)).length, 1)
    t.match(await admin.call('POST', `${V1}/mitras/${two.id}/reject`, { reason: 'no papers' }), { status: 200, body: { status: 'rejected', statusReason: 'no papers' } })
    t.match(await audits(two.id), [{ act: 'mitra.rejected', actor_id: admin.id, reason: 'no papers', ip: '127.0.0.1', request_id: /./ }])
    t.match((await two.call('GET', '/api/v1/mitra/application')).body, { status: 'rejected', reason: 'no papers' })
    t.equal((await admin.call('POST', `${V1}/mitras/${crypto.randomUUID()}/approve`, { reason: 'x' })).status, 404)
  })

  t.test('a mitra is deactivated at once, comes back, and gets more slots', async (t) => {
    const mitra = await approvedMitra(app, { online: true })
    const moderator = await staffOf(app, 'moderator')
    const off = await moderator.call('POST', `${V1}/mitras/${mitra.id}/deactivate`, { reason: 'complaints' })
    t.match(off, { status: 200, body: { status: 'deactivated', wantsOnline: false, isOnline: false } })
    t.equal((await mitra.call('PUT', '/api/v1/mitra/status', { body: { online: true } })).status, 403)
    t.equal((await moderator.call('POST', `${V1}/mitras/${mitra.id}/reactivate`, { reason: 'x' })).status, 403, 'a moderator does not bring back')
    const both = await Promise.all(app.replicas.map((replica) => admin.call('POST', `${V1}/mitras/${mitra.id}/reactivate`, { reason: 'settled' }, { url: replica.internalUrl })))
    t.ok(both.every((answer) => answer.status === 200 && answer.body.status === 'approved'))
    t.equal((await audits(mitra.id)).filter((row) => row['act'] === 'mitra.reactivated').length, 1, 'two at once: done and told once')

    t.match(await admin.call('PATCH', `${V1}/mitras/${mitra.id}`, { capacity: 3, reason: 'experienced' }), { status: 200, body: { capacity: 3 } })
    t.match((await audits(mitra.id)).at(-1), { act: 'mitra.capacity_changed', reason: 'experienced', details: { from: 1, to: 3 } })
    for (const body of [{ capacity: 0 }, { capacity: 11 }, { capacity: 1.5 }, {}, { capacity: 2, status: 'approved' }]) t.equal((await admin.call('PATCH', `${V1}/mitras/${mitra.id}`, body)).status, 400)
  })

  t.test('moderator and viewer see names and numbers masked', async (t) => {
    const scene = await stage(app, 'active', { phones: true })
    const name = (await scene.mitra.call('GET', '/api/v1/me')).body.displayName as string
    for (const role of ['moderator', 'viewer'] as const) {
      const staff = await staffOf(app, role)
      const answers = await Promise.all(['/mitras', `/mitras/${scene.mitra.id}`, `/mitras?q=${name}`, '/sessions', `/sessions/${scene.sessionId}`, `/sessions/${scene.sessionId}/timeline`].map((path) => staff.call('GET', V1 + path)))
      for (const answer of answers) {
        t.equal(answer.status, 200)
        for (const person of [scene.customer, scene.mitra]) t.notOk(answer.text.includes(person.phone.slice(3, -3)), `${role} sees no number`)
        t.notMatch(answer.text, /Citra|Made|Sari|Dewi|Putri/, `${role} sees no name`)
      }
      t.match(answers[1]?.body, { displayName: `${name[0]}***`, phone: new RegExp(`^\\+62.*${scene.mitra.phone.slice(-3)}$`) })
    }
    t.match((await admin.call('GET', `${V1}/sessions/${scene.sessionId}`)).body, { session: { customer: { displayName: 'Citra' }, mitra: { displayName: name } } })
  })

  t.test('people are found by part of a name, by a whole number however it is written, and by id', async (t) => {
    const [one, two] = [await introduce(await signIn(app, { kind: 'customer' }), 'Maria Ulfah Kusuma'), await introduce(await signIn(app, { kind: 'customer' }), 'Kusumawati')]
    const viewer = await staffOf(app, 'viewer')
    const found = async (q: string, who = admin, filter = '') => idsOf(await who.call('GET', `${V1}/customers?q=${encodeURIComponent(q)}${filter}`))
    t.strictSame(await found('kusuma'), [two.id, one.id], 'the newest first')
    for (const q of ['ulfah', 'KUSUMA maria', 'm ul', 'aria', 'ulfah ku']) t.strictSame(await found(q), [one.id], q)
    for (const q of ['f', 'kusuma siti', 'ulfah_', 'l%']) t.notOk((await found(q)).includes(one.id), q)
    const national = one.phone.slice(3)
    for (const q of [one.phone, `0${national}`, `62${national}`, `+62 ${national.slice(0, 3)}-${national.slice(3, 7)}-${national.slice(7)}`, `(0${national.slice(0, 3)}) ${national.slice(3)}`, one.id, one.id.toUpperCase()]) t.strictSame(await found(q), [one.id], q)
    t.strictSame(await found(one.phone.slice(0, -1)), [], 'not by a part of the number')
    t.strictSame([await found(one.phone, viewer), await found('ulfah', viewer)], [[], [one.id]], 'who sees numbers masked finds nobody by one')

    await app.query(`update users set suspended_until = app_now() + interval '1 day' where id = $1`, [one.id])
    await app.query('update users set banned_at = app_now() where id = $1', [two.id])
    t.strictSame([await found('kusuma', admin, '&standing=suspended'), await found('kusuma', admin, '&standing=banned'), await found('kusuma', admin, '&standing=active')], [[one.id], [two.id], []])
    t.match(await admin.call('GET', `${V1}/customers/${one.id}`), { body: { customer: { standing: 'suspended' } } })
    await app.query(`insert into safety_cases (id, kind, subject_id, reason) values ($1, 'staff', $2, 'a test')`, [crypto.randomUUID(), two.id])
    t.strictSame([await found('kusuma', admin, '&openCase=true'), idsOf(await admin.call('GET', `${V1}/customers?openCase=true&standing=banned`))], [[two.id], [two.id]])
    t.equal((await viewer.call('GET', `${V1}/customers?openCase=true`)).status, 403, 'who sees no cases doesn’t see who has one')
    await app.query('update users set erased_at = app_now(), display_name = null where id = $1', [two.id])
    t.strictSame([await found('kusuma'), await found(two.id), idsOf(await admin.call('GET', `${V1}/customers?standing=erased`))], [[one.id], [two.id], [two.id]], 'an erased person by id alone')

    const page = await admin.call('GET', `${V1}/customers?limit=1`)
    t.ok(idsOf(await admin.call('GET', `${V1}/customers?limit=100&cursor=${page.body.nextCursor}`)).every((id) => id < page.body.nextCursor))
  })

  t.test('mitras are listed by how they stand, online or not, and with an open case', async (t) => {
    const [on, off] = [await approvedMitra(app, { online: true }), await approvedMitra(app)]
    const found = async (filter: string) => idsOf(await admin.call('GET', `${V1}/mitras?limit=100&${filter}`)).filter((id) => id === on.id || id === off.id)
    t.strictSame([await found('online=true'), await found('online=false'), await found('status=approved'), await found('status=applied')], [[on.id], [off.id], [off.id, on.id], []])
    t.strictSame([await found(`q=${on.id}`), await found(`q=${encodeURIComponent(off.phone)}`), await found(`q=${on.id}&online=false`)], [[on.id], [off.id], []])
    await app.query(`insert into safety_cases (id, kind, subject_id, reason) values ($1, 'staff', $2, 'a test')`, [crypto.randomUUID(), off.id])
    t.strictSame([await found('openCase=true'), await found(`openCase=true&q=${on.id}`), await found(`openCase=true&q=${off.id}`)], [[off.id], [], [off.id]])
    await on.call('PUT', '/api/v1/mitra/status', { body: { online: false } })
  })

  t.test('one box finds people, sessions and payments, as far as the role sees them', async (t) => {
    const scene = await stage(app, 'active', { phones: true })
    const moderator = await staffOf(app, 'moderator')
    const search = async (q: string, who = admin) => (await who.call('GET', `${V1}/search?q=${encodeURIComponent(q)}`)).body.items as { kind: string; id: string; title: string; subtitle: string; state: string }[]
    const { conversationId, payment } = (await admin.call('GET', `${V1}/sessions/${scene.sessionId}`)).body.session
    const invoiceId = String((await app.query('select provider_invoice_id from payments where id = $1', [payment.id]))[0]!['provider_invoice_id'])
    t.match(await search(scene.customer.id), [{ kind: 'customer', id: scene.customer.id, title: 'Citra', subtitle: scene.customer.phone, state: 'active' }])
    t.match(await search(scene.mitra.phone), [{ kind: 'mitra', id: scene.mitra.id, state: 'approved' }])
    for (const q of [scene.sessionId, conversationId]) t.match(await search(q), [{ kind: 'session', id: scene.sessionId, title: /^Citra – /, state: 'active' }])
    for (const q of [payment.id, invoiceId]) t.match(await search(q), [{ kind: 'payment', id: payment.id, title: /^Rp [\d.]+$/, subtitle: invoiceId, state: 'paid' }])
    t.ok((await search('citra')).some((hit) => hit.kind === 'customer' && hit.id === scene.customer.id), 'by part of a name')
    t.strictSame(await search(crypto.randomUUID()), [])
    t.strictSame([await search(scene.customer.phone, moderator), await search(payment.id, moderator)], [[], []], 'neither by a number nor money')
    t.match(await search(scene.customer.id, moderator), [{ title: 'C***', subtitle: /^\+62•+\d{3}$/ }])
    t.match(await search(scene.sessionId, moderator), [{ title: /^C\*\*\* – .\*\*\*/ }])
    t.equal((await admin.call('GET', `${V1}/search`)).status, 400)
  })

  t.test('a mitra’s record has the parts that the role sees', async (t) => {
    const scene = await stage(app, 'active')
    const of = async (role: 'super_admin' | 'finance' | 'moderator' | 'viewer') => (await (await staffOf(app, role)).call('GET', `${V1}/mitras/${scene.mitra.id}/record`)).body
    t.match(await of('super_admin'), {
      mitra: { id: scene.mitra.id, used: 1 }, schedule: { weekly: [], nextEdge: null }, report: { total: { offersAccepted: 1 } }, rating: null,
      offers: [{ sessionId: scene.sessionId, state: 'accepted', endedAt: /Z$/ }], money: { payableIdr: 0, heldIdr: 0, bankAccount: null }, privacy: { erasure: null, exports: [] },
    })
    const [finance, moderator, viewer] = [await of('finance'), await of('moderator'), await of('viewer')]
    t.match([finance.money, finance.privacy, moderator.money, moderator.privacy, viewer.money, viewer.privacy], [{ payableIdr: 0 }, undefined, undefined, undefined, undefined, undefined])
    t.match([moderator.mitra.displayName, viewer.mitra.displayName], [/\*\*\*/, /\*\*\*/])
    t.equal((await admin.call('GET', `${V1}/mitras/${scene.customer.id}/record`)).status, 404)
    const asked = await admin.call('POST', `${V1}/people/${scene.customer.id}/export`, { reason: 'asked by letter' })
    t.equal(asked.status, 200)
    t.match((await admin.call('GET', `${V1}/customers/${scene.customer.id}`)).body, { customer: { privacy: { erasure: null, exports: [{ askedByKind: 'staff' }] } } })
    t.equal((await (await staffOf(app, 'moderator')).call('GET', `${V1}/customers/${scene.customer.id}`)).body.customer.privacy, undefined)
  })

  t.test('a session is found, told from its beginning, and ended with a reason', async (t) => {
    const scene = await stage(app, 'active')
    const path = `${V1}/sessions/${scene.sessionId}`
    t.strictSame(idsOf(await admin.call('GET', `${V1}/sessions?state=active&customerId=${scene.customer.id}`)), [scene.sessionId])
    t.strictSame(idsOf(await admin.call('GET', `${V1}/sessions?state=queued&customerId=${scene.customer.id}`)), [])
    t.match((await admin.call('GET', `${V1}/sessions?limit=1`)).body.nextCursor, /^[\w-]{36}$/)
    const timeline = await admin.call('GET', `${path}/timeline`)
    t.match(timeline.body.items.map((entry: { kind: string }) => entry.kind), ['event'])
    for (const kind of ['event', 'offer', 'payment', 'posting']) t.ok(timeline.body.items.some((entry: { kind: string }) => entry.kind === kind), kind)

    t.equal((await admin.call('POST', `${path}/end`, {})).status, 400, 'not without a reason')
    const both = await Promise.all(app.replicas.map((replica) => admin.call('POST', `${path}/end`, { reason: 'asked by phone' }, { url: replica.internalUrl })))
    t.ok(both.every((answer) => answer.status === 200 && answer.body.session.state === 'ended'), 'a repeat is no failure')
    t.match(await audits(scene.sessionId), [{ act: 'session.ended', actor_id: admin.id, reason: 'asked by phone' }])
    t.equal((await audits(scene.sessionId)).length, 1, 'two at once: told once')
    t.match(await scene.money(), { escrow: 0 })
    for (const [method, suffix] of [['GET', ''], ['GET', '/timeline'], ['POST', '/end']] as const) {
      t.equal((await admin.call(method, `${V1}/sessions/${crypto.randomUUID()}${suffix}`, method === 'POST' ? { reason: 'x' } : undefined)).status, 404)
    }
    const person = await customer(app)
    t.equal((await call(app.internalUrl, 'GET', `${V1}/sessions`, { token: person.token })).status, 401, 'a customer’s token opens nothing here')
  })

  t.test('a parked event is shown and judged once more', async (t) => {
    const finance = await staffOf(app, 'finance')
    const id = crypto.randomUUID()
    await app.query(`insert into provider_inbox (id, provider, kind, body_sha256, body, state, reason, settled_at) values ($1, 'xendit', 'invoice', $2, $3, 'parked', 'unknown_payment', app_now())`,
      [id, Buffer.from(id), JSON.stringify({ id: 'nothing', external_id: crypto.randomUUID(), status: 'PAID', amount: 1, currency: 'IDR' })])
    const shown = await finance.call('GET', `${V1}/inbox-events?state=parked`)
    t.match(shown.body.items, [{ id, provider: 'xendit', kind: 'invoice', state: 'parked', reason: 'unknown_payment' }])
    t.match((await finance.call('GET', `${V1}/system`)).body.inbox, { parked: 1 })
    // Judged at once, it would be parked again for the second one to find.
    await app.query(`create function held() returns trigger language plpgsql as $$ begin new.claimed_until := app_now() + interval '1 hour'; return new; end $$;
      create trigger held before update on provider_inbox for each row when (old.state = 'parked') execute function held()`)
    const both = await Promise.all(app.replicas.map((replica) => finance.call('POST', `${V1}/inbox-events/${id}/replay`, { reason: 'once more' }, { url: replica.internalUrl })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 409], 'two at once: one replays it, and the other is told')
    await app.query(`drop function held cascade; update provider_inbox set claimed_until = null where id = '${id}'`)
    await eventually(async () => (await app.query(`select 1 from provider_inbox where id = $1 and state = 'parked'`, [id])).length === 1, 'it is judged once more')
    t.match(await audits(id), [{ act: 'inbox_event.replayed', reason: 'once more' }])
    t.equal((await audits(id)).length, 1)
    t.equal((await admin.call('POST', `${V1}/inbox-events/${id}/replay`, {})).status, 403)
    t.equal((await finance.call('POST', `${V1}/inbox-events/${crypto.randomUUID()}/replay`)).status, 404)
  })

  t.test('comparisons with the provider are shown with what they compared, found and did not finish', async (t) => {
    const finance = await staffOf(app, 'finance')
    const id = crypto.randomUUID()
    await app.query(`insert into reconciliations (id, scope, from_at, until_at, listed, agreed, healed, parked, compared, unfinished, error, finished_at, fees_until)
      values ($1, 'nightly', app_now() - interval '2 days', app_now(), 5, 3, 1, 1, 9, '{payouts,fees}', 'no_calls_left', app_now(), null)`, [id])
    await app.query(`insert into reconciliation_differences (id, reconciliation_id, kind, provider_id, what, outcome) values ($1, $2, 'statement', 'txn_1', 'fee_changed', 'parked')`, [crypto.randomUUID(), id])
    const shown = { id, scope: 'nightly', listed: 5, agreed: 3, healed: 1, parked: 1, compared: 9, unfinished: ['payouts', 'fees'], error: 'no_calls_left', feesUntil: null }
    const { items } = (await finance.call('GET', `${V1}/reconciliations`)).body
    t.match(items.find((item: { id: string }) => item.id === id), shown)
    t.match((await finance.call('GET', `${V1}/reconciliations/${id}`)).body, { reconciliation: shown, differences: [{ kind: 'statement', providerId: 'txn_1', what: 'fee_changed', outcome: 'parked' }] })
    t.equal((await finance.call('GET', `${V1}/reconciliations/${crypto.randomUUID()}`)).status, 404)
  })

  t.test('packages are made, changed and withdrawn', async (t) => {
    const both = await Promise.all(app.replicas.map((replica) => admin.call('POST', `${V1}/packages`, { minutes: 45, priceIdr: 60_000 }, { url: replica.internalUrl })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [201, 409], 'two at once: one is made')
    const made = both.find((answer) => answer.status === 201)?.body
    t.match(made, { minutes: 45, priceIdr: 60_000, active: true })
    t.match(await admin.call('PATCH', `${V1}/packages/${made.id}`, { priceIdr: 0, reason: 'on the house' }), { status: 200, body: { priceIdr: 0 } })
    t.match(await admin.call('PATCH', `${V1}/packages/${made.id}`, { active: false }), { status: 200, body: { active: false } })
    t.match(await audits(made.id), [{ act: 'package.created', details: { minutes: 45 } }, { act: 'package.changed', reason: 'on the house', details: { priceIdr: 0 } }, { details: { active: false } }])
    t.ok((await admin.call('GET', `${V1}/packages`)).body.items.some((item: { id: string }) => item.id === made.id), 'withdrawn ones are shown to staff')
    for (const body of [{ minutes: 0, priceIdr: 1 }, { minutes: 1.5, priceIdr: 1 }, { minutes: 10, priceIdr: -1 }, { minutes: 10 }, { minutes: 10, priceIdr: 1, active: true }]) t.equal((await admin.call('POST', `${V1}/packages`, body)).status, 400)
    t.equal((await admin.call('PATCH', `${V1}/packages/${crypto.randomUUID()}`, { priceIdr: 1 })).status, 404)
  })

  t.test('the audit log is read, one’s own part by who sees no more, and verified', async (t) => {
    const [moderator, finance] = [await staffOf(app, 'moderator'), await staffOf(app, 'finance')]
    const all = await admin.call('GET', `${V1}/audit?limit=5`)
    t.equal(all.body.items.length, 5)
    t.match(all.body.items[0], { seq: Number, at: /Z$/, act: String, actorKind: String, hash: /^[0-9a-f]{64}$/ })
    const next = await admin.call('GET', `${V1}/audit?limit=5&cursor=${all.body.nextCursor}`)
    t.equal(next.body.items[0].seq, all.body.items[4].seq - 1)
    t.match((await admin.call('GET', `${V1}/audit?actorId=${admin.id}&act=session.ended`)).body.items, [{ act: 'session.ended', actorId: admin.id, actorName: 'Test admin' }])
    for (const staff of [moderator, finance]) {
      t.strictSame((await staff.call('GET', `${V1}/audit`)).body.items.map((item: { act: string; actorId: string }) => [item.act, item.actorId]), [['staff.signed_in', staff.id]])
      t.strictSame((await staff.call('GET', `${V1}/audit?actorId=${admin.id}`)).body.items, [])
    }
    t.match(await admin.call('POST', `${V1}/audit/verify`), { status: 200, body: { ok: true, checked: Number, headHash: /^[0-9a-f]{64}$/ } })
    const row = all.body.items[0]
    t.same((await admin.call('GET', `${V1}/audit/${row.seq}`)).body, row)
    t.match([await moderator.call('GET', `${V1}/audit/${row.seq}`), await admin.call('GET', `${V1}/audit/999999999`)], [{ status: 404 }, { status: 404 }], 'of others it is missing')
    const day = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Jakarta' }).format(new Date(row.at))
    t.equal((await admin.call('GET', `${V1}/audit?from=${day}&to=${day}&limit=1`)).body.items.length, 1)
    t.same((await admin.call('GET', `${V1}/audit?to=2020-01-01`)).body.items, [])
    t.equal((await admin.call('GET', `${V1}/audit?from=yesterday`)).status, 400)
    t.equal((await admin.call('POST', `${V1}/audit/verify`, { after: '3:nothing' })).status, 400)

    await app.query('create table kept as select * from audit_log')
    await app.query('alter table audit_log disable trigger user')
    const verdictAfter = async (...statements: string[]) => {
      for (const statement of statements) await app.query(statement)
      const verdict = (await admin.call('POST', `${V1}/audit/verify`)).body
      await app.query('truncate audit_log')
      await app.query('insert into audit_log select * from kept')
      return verdict
    }
    t.match(await verdictAfter(`update audit_log set reason = 'another' where seq = 3`), { ok: false, checked: 2, brokenSeq: 3, problem: 'content', next: null }, 'flipped')
    t.match(await verdictAfter('delete from audit_log where seq = 4'), { ok: false, checked: 3, brokenSeq: 4, problem: 'missing' }, 'deleted')
    t.match(await verdictAfter('update audit_log set seq = -1 where seq = 2', 'update audit_log set seq = 2 where seq = 3', 'update audit_log set seq = 3 where seq = -1'), { ok: false, checked: 1, brokenSeq: 2 }, 'swapped')
    t.match(await verdictAfter('delete from audit_log where seq > 5'), { ok: false, checked: 5, brokenSeq: 6, problem: 'missing' }, 'cut off')
    t.match(await verdictAfter('truncate audit_log'), { ok: false, checked: 0, brokenSeq: 1, problem: 'missing' }, 'truncated')
    t.match(await verdictAfter(), { ok: true, next: null }, 'whole again')
    await app.query('alter table audit_log enable trigger user')
  })

  t.test('the state of the system is shown, and the mirror rebuilt', async (t) => {
    const system = await admin.call('GET', `${V1}/system`)
    t.match(system.body, {
      replica: { host: String, version: String, environment: 'development' }, versions: { node: process.version, postgres: /^17/, schema: Number },
      postgres: { status: 'up' }, valkey: { status: 'up' }, outbox: { waiting: Number, oldestSeconds: Number, parked: 0 }, mirror: { drift: Number },
    })
    t.match(await admin.call('POST', `${V1}/system/reseed`), { status: 200, body: { reseeded: true } })
    t.match(await app.query(`select actor_id from audit_log where act = 'mirror.reseeded'`), [{ actor_id: admin.id }])
  })

})
