import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { expect, type Person } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { clearStage, stage, STAGE_SETTINGS, type Scene } from '../../testing/stage.ts'
import { staffOf, type StaffClient } from '../../testing/staff.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'
import { eraseEvidence } from './escalate-alerts.ts'
import { handleFlags } from './handle-flags.ts'

type Case = { id: string; kind: string; state: string; sessionId: string; subjectId: string; escalations: number }

t.test('safety', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, crisisHotlines: ['Teman 119'], crisisAcknowledgeSeconds: 3600 }, worker: { housekeeping: false }, valkeyPatienceMs: PATIENCE_MS })
  const [ana, budi] = [await staffOf(app, 'moderator'), await staffOf(app, 'admin')]
  const { ctx } = app.replicas[0]!
  t.beforeEach(() => clearStage(app))

  const pathOf = async (scene: Scene) => `/api/v1/conversations/${(await scene.row()).conversation_id}/messages`
  const send = async (scene: Scene, person: Person, body: string, clientId: string = randomUUID()) => expect(201, person.call('POST', await pathOf(scene), { body: { clientId, body } }))
  const casesOf = (scene: Scene) => app.query<{ id: string; kind: string; state: string; subject_id: string }>('select * from safety_cases where session_id = $1 order by id', [scene.sessionId])
  const noticesOf = async (person: Person) => (await expect(200, person.call('GET', '/api/v1/notifications'))).body.items.filter((item: { kind: string }) => item.kind === 'safety')
  const evidenceOf = async (staff: StaffClient, id: string) => (await expect(200, staff.call('POST', `/internal/v1/cases/${id}/evidence`, { reason: 'to see what happened' }))).body
  const handled = () => eventually(async () => (await app.query('select 1 from message_flags')).length === 0, 'what was flagged is handled')
  const report = (person: Person, sessionId: string, text?: string) => person.call('POST', '/api/v1/reports', { body: { sessionId, reason: 'harassment', ...(text === undefined ? {} : { text }) } })

  await t.test('a crisis: the message arrives as it is; once a card, guidance, an alert, however often it is sent', async (t) => {
    const scene = await stage(app, 'active')
    const [hers, his] = await Promise.all([connect(scene.customer), connect(scene.mitra.on(1))])
    const clientId = randomUUID()
    const all = await Promise.all([0, 1, 0, 1, 0].map((replica) => send(scene, scene.customer.on(replica), 'aku mau bunuh d1r1', clientId)))
    t.equal(new Set(all.map((answer) => answer.body.seq)).size, 1)
    t.equal((await his.next('message:received', { matches: (frame) => frame.clientId === clientId })).body, 'aku mau bunuh d1r1', 'never hidden')
    const card = (await hers.next('notification:created', { matches: ({ notification }) => notification.data.card === 'crisis' })).notification
    t.match(card, { body: /Teman 119/, data: { sessionId: scene.sessionId, hotlines: '["Teman 119"]' } })
    await his.next('notification:created', { matches: ({ notification }) => notification.data.card === 'crisis-guidance' })
    await send(scene, scene.customer, 'rasanya ingin mati')
    await handled()
    t.match(await casesOf(scene), [{ kind: 'crisis', state: 'open', subject_id: scene.customer.id }])
    t.equal((await casesOf(scene)).length, 1)
    t.same([(await noticesOf(scene.customer)).length, (await noticesOf(scene.mitra)).length], [1, 1])
    const pushed = await app.query<{ body: string; data: object }>(`select body, data from pushes where kind = 'safety' and user_id = any($1) order by body`, [[scene.customer.id, scene.mitra.id]])
    t.same(pushed.map(({ body }) => body), ['Ada pesan penting tentang sesimu.', 'Ada pesan penting untukmu.'], 'locked screens say nothing of why')
    for (const { data } of pushed) t.same(Object.keys(data).toSorted(), ['kind', 'link', 'sessionId'])
    t.same((await evidenceOf(ana, (await casesOf(scene))[0]!.id)).items.map((item: { body: string }) => item.body), ['aku mau bunuh d1r1', 'rasanya ingin mati'])
    t.same((await expect(200, scene.customer.call('GET', '/api/v1/safety/hotlines'))).body.items, [{ text: 'Teman 119' }])
    await Promise.all([hers.close(), his.close()])
  })

  await t.test('what was stored before a crash is handled after it; by two replicas at once, once', async (t) => {
    const scene = await stage(app, 'active')
    const { conversation_id: conversationId } = await scene.row()
    await app.query(`insert into message_flags (conversation_id, seq, sender_id, kinds, body, sent_at) select $1, n, $2, 'crisis', 'bunuh diri ' || n, app_now() from generate_series(1, 30) n`, [conversationId, scene.customer.id])
    await Promise.all(app.replicas.flatMap((replica) => [handleFlags(replica.ctx, 7), handleFlags(replica.ctx, 7)]))
    await handled()
    t.equal((await casesOf(scene)).length, 1)
    t.equal((await app.query('select 1 from case_evidence where case_id = $1', [(await casesOf(scene))[0]!.id])).length, 30)
    t.equal((await noticesOf(scene.customer)).length, 1)
  })

  await t.test('one flagged among many sends: all are stored in order, only it is flagged; an edit is screened as well', async (t) => {
    const scene = await stage(app, 'active')
    const texts = Array.from({ length: 20 }, (_, n) => (n === 11 ? 'wa aku 0812-3456-7890' : `pesan ${n}`))
    const answers = await Promise.all(texts.map((text) => send(scene, scene.mitra, text)))
    t.equal(new Set(answers.map((answer) => answer.body.seq)).size, 20)
    const plain = answers[3]!.body.seq
    await expect(200, scene.mitra.call('PATCH', `${await pathOf(scene)}/${plain}`, { body: { body: 'ig aku @made_22' } }))
    await expect(200, scene.mitra.call('PATCH', `${await pathOf(scene)}/${plain}`, { body: { body: 'ig aku @made_22' } }))
    await handled()
    const [one, ...others] = await casesOf(scene)
    t.same([one?.kind, one?.subject_id, others.length], ['contact', scene.mitra.id, 0])
    const kept = (await evidenceOf(ana, one!.id)).items as { seq: number; body: string; change: number }[]
    t.same(kept.map(({ body }) => body).toSorted(), ['ig aku @made_22', 'wa aku 0812-3456-7890'])
    t.same(await noticesOf(scene.customer), [], 'nobody is told of a contact')
  })

  await t.test('an alert is escalated until somebody takes it; who waits for alerts hears of each step, on any replica', async (t) => {
    await app.query(`update safety_cases set state = 'closed', closed_at = app_now(), acknowledge_by = null where state <> 'closed'`)
    const alerts = async (query = '') => (await expect(200, ana.call('GET', `/internal/v1/alerts${query}`, undefined, { url: app.replicas[1]!.internalUrl }))).body as { items: Case[]; version: string }
    const next = (version: string) => alerts(`?version=${version}&waitSeconds=20`)
    const none = await alerts()
    t.same(none.items, [])
    const scene = await stage(app, 'active')
    const [raised] = await Promise.all([next(none.version), send(scene, scene.customer, 'I want to kill myself')])
    t.match(raised.items, [{ kind: 'crisis', sessionId: scene.sessionId, subjectId: scene.customer.id, escalations: 0 }])
    const { id } = raised.items[0]!
    const [escalated] = await Promise.all([next(raised.version), app.query('update safety_cases set acknowledge_by = app_now() where id = $1', [id])])
    t.match(escalated.items, [{ id, escalations: 1 }])
    const [[first, second], taken] = await Promise.all([
      Promise.all([ana, budi].map((staff) => staff.call('POST', `/internal/v1/cases/${id}/take`, {}))), next(escalated.version),
    ])
    t.same(new Set([first!.status, second!.status]), new Set([200, 409]), 'of two at once one has it')
    t.same(taken.items, [])
    const owner = first!.status === 200 ? ana : budi
    await expect(200, owner.call('POST', `/internal/v1/cases/${id}/take`, {}))
    await app.query('update safety_cases set opened_at = opened_at - make_interval(hours => 9) where id = $1', [id])
    await expect(200, owner.call('POST', `/internal/v1/cases/${id}/close`, { outcome: 'helped', reason: 'called back' }))
    t.match(await budi.call('POST', `/internal/v1/cases/${id}/close`, { outcome: 'no_action', reason: 'no' }), { status: 409 })
    t.same((await app.query<{ act: string }>('select act from audit_log where target_id = $1 order by seq', [id])).map(({ act }) => act), ['case.taken', 'case.closed'])
    await send(scene, scene.customer, 'I want to kill myself')
    await handled()
    t.equal((await casesOf(scene)).length, 2, 'after the end of a case the next crisis is a new one')
    await expect(200, owner.call('POST', `/internal/v1/cases/${(await alerts()).items[0]!.id}/take`, {}))
  })

  await t.test('a case goes from hand to hand: to a named colleague, taken over, put back with its clock; of two at once one has it', async (t) => {
    const [cara, dedi, vivi] = await Promise.all([staffOf(app, 'moderator'), staffOf(app, 'super_admin'), staffOf(app, 'viewer')])
    const scene = await stage(app, 'active')
    await send(scene, scene.customer, 'aku mau bunuh diri')
    await handled()
    const { id } = (await casesOf(scene))[0]!
    const assign = (staff: StaffClient, to: string, from: string | null, replica = 0) => staff.call('POST', `/internal/v1/cases/${id}/assign`, { to, from, reason: 'knows them' }, { url: app.replicas[replica]!.internalUrl })
    const { body: { case: before, now } } = await expect(200, ana.call('GET', `/internal/v1/cases/${id}`))
    t.equal(before.dueAt, before.acknowledgeBy, 'the clock of a crisis nobody has')
    t.ok(Math.abs(Date.parse(now) - Date.parse(before.openedAt)) < 600_000, 'and the time by which it is shown')
    t.match(await assign(ana, vivi.id, null), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'to' }] } }, 'a viewer may not have one')
    t.match((await expect(200, assign(ana, cara.id, null))).body, { case: { state: 'taken', takenBy: cara.id, acknowledgeBy: null }, names: { [cara.id]: { kind: 'staff', name: 'Test moderator' } } })
    await expect(200, assign(ana, cara.id, null)) // again: it is hers already
    t.match(await assign(ana, dedi.id, null), { status: 409, body: { code: 'conflict' } }, 'somebody has it meanwhile')
    const both = await Promise.all([assign(dedi, dedi.id, cara.id, 0), assign(budi, budi.id, cara.id, 1)])
    t.same(new Set(both.map(({ status }) => status)), new Set([200, 409]), 'two take it over at once')
    const [owner, other] = both[0].status === 200 ? [dedi, budi] : [budi, dedi]
    const listed = async (query: string) => ((await expect(200, ana.call('GET', `/internal/v1/cases?${query}`))).body.items as Case[]).map((one) => one.id)
    t.ok((await listed(`takenBy=${owner.id}&state=unclosed`)).includes(id))
    t.notOk((await listed(`takenBy=${other.id}`)).includes(id))
    t.ok((await listed(`personId=${scene.customer.id}&kind=crisis`)).includes(id))
    const assignees = (await expect(200, ana.call('GET', '/internal/v1/cases/assignees'))).body.items as { id: string }[]
    // Whoever was quicker may have one of the test before.
    const theirs = (await listed(`takenBy=${owner.id}&state=unclosed&limit=100`)).length
    t.match(assignees.find((one) => one.id === owner.id), { taken: theirs, displayName: /Test/ })
    t.notOk(assignees.some((one) => one.id === vivi.id))

    await expect(201, cara.call('POST', `/internal/v1/cases/${id}/notes`, { text: 'Ibu sudah ditelepon' }))
    t.match((await expect(200, cara.call('POST', `/internal/v1/cases/${id}/release`, { reason: 'my shift ends' }))).body.case, { state: 'open', takenBy: null, acknowledgeBy: /Z$/ })
    await expect(200, cara.call('POST', `/internal/v1/cases/${id}/release`, { reason: 'again' }))
    t.ok((await expect(200, ana.call('GET', '/internal/v1/alerts'))).body.items.some((one: Case) => one.id === id), 'it is an alert again')
    t.notOk((await listed('late=true')).includes(id), 'with its whole time')
    await app.query('update safety_cases set acknowledge_by = app_now() where id = $1', [id])
    await eventually(async () => (await listed('late=true&order=oldest')).includes(id), 'over its time it is late')
    const opened = (await app.query<{ opened_at: Date }>('select opened_at from safety_cases where id = $1', [id]))[0]!.opened_at.getTime()
    const within = (from: number, to: number) => listed(`openedAfter=${new Date(opened + from).toISOString()}&openedBefore=${new Date(opened + to).toISOString()}&limit=100`)
    t.same([(await within(-1, 5)).includes(id), (await within(-500, -1)).includes(id), (await within(5, 500)).includes(id)], [true, false, false], 'by its age')
    const given = await expect(201, ana.call('POST', '/internal/v1/sanctions', { userId: scene.customer.id, kind: 'warning', reason: 'to be kind', caseId: id }))
    await expect(200, owner.call('POST', `/internal/v1/cases/${id}/close`, { outcome: 'helped', reason: 'safe' }))
    for (const [path, body] of [['assign', { to: cara.id, from: null }], ['release', { reason: 'x' }]] as const) t.match(await ana.call('POST', `/internal/v1/cases/${id}/${path}`, body), { status: 409, body: { code: 'conflict' } })

    const history = (await expect(200, ana.call('GET', `/internal/v1/cases/${id}/history`))).body
    t.same(history.items.map(({ act }: { act: string }) => act), ['case.opened', 'case.handed_over', 'case.handed_over', 'case.note', 'case.released', 'sanction.warning', 'case.closed'])
    t.match(history.items.find(({ act }: { act: string }) => act === 'case.note'), { text: 'Ibu sudah ditelepon', actorId: cara.id })
    t.match(history.items.find(({ act }: { act: string }) => act === 'sanction.warning'), { details: { sanctionId: given.body.sanction.id } })
    t.match(history.names, { [owner.id]: { kind: 'staff' }, [cara.id]: { name: 'Test moderator' } })
    t.match((await ana.call('GET', `/internal/v1/sanctions?caseId=${id}&kind=warning&createdBy=${ana.id}`)).body, { items: [{ id: given.body.sanction.id }], names: { [scene.customer.id]: { kind: 'customer' } } })
    t.same((await ana.call('GET', `/internal/v1/sanctions?caseId=${id}&active=true`)).body.items, [], 'a warning never stands')
    await app.query('update safety_cases set closed_at = closed_at - make_interval(days => 181) where id = $1', [id])
    await eraseEvidence(ctx, 100)
    t.notOk(JSON.stringify((await expect(200, ana.call('GET', `/internal/v1/cases/${id}/history`))).body).includes('ditelepon'), 'a note goes with the evidence')
    t.match(await cara.call('POST', `/internal/v1/cases/${id}/notes`, { text: 'late' }), { status: 409 })
  })

  await t.test('names are masked for a moderator, and whole for an admin, wherever cases show them', async (t) => {
    const scene = await stage(app, 'active')
    await app.query(`update users set display_name = 'Citra Lestari' where id = $1`, [scene.customer.id])
    await expect(201, report(scene.mitra, scene.sessionId))
    const { id } = (await casesOf(scene))[0]!
    await expect(201, budi.call('POST', '/internal/v1/sanctions', { userId: scene.customer.id, kind: 'warning', reason: 'a test', caseId: id }))
    const told = async (staff: StaffClient) => JSON.stringify(await Promise.all([
      staff.call('GET', `/internal/v1/cases?personId=${scene.customer.id}`), staff.call('GET', `/internal/v1/cases/${id}`), staff.call('GET', `/internal/v1/cases/${id}/history`),
      staff.call('POST', `/internal/v1/cases/${id}/evidence`, { reason: 'a test' }), staff.call('GET', `/internal/v1/sanctions?userId=${scene.customer.id}`), staff.call('GET', '/internal/v1/appeals'),
    ]))
    t.notMatch(await told(ana), /Lestari/)
    t.match(await told(ana), /C\*\*\* L\*\*\*/)
    t.match(await told(budi), /Citra Lestari/)
  })

  await t.test('a report keeps the messages as they were, is one a session and person, and theirs alone', async (t) => {
    const scene = await stage(app, 'active')
    const rude = await send(scene, scene.mitra, 'kata-kata kasar')
    t.match(await report((await stage(app, 'active')).customer, scene.sessionId), { status: 404, body: { code: 'not_found' } })
    t.match(await report((await stage(app, 'held')).customer, randomUUID()), { status: 404 })
    const held = await stage(app, 'held')
    t.match(await report(held.customer, held.sessionId), { status: 409, body: { code: 'session_state_conflict' } })
    const answers = await Promise.all([0, 1, 0, 1].map((replica) => report(scene.customer.on(replica), scene.sessionId, 'dia kasar')))
    t.same(answers.map(({ status }) => status), [201, 201, 201, 201])
    t.equal(new Set(answers.map(({ body }) => body.report.id)).size, 1, 'a repeat answers the first')
    await expect(201, report(scene.mitra, scene.sessionId))
    await expect(200, scene.mitra.call('DELETE', `${await pathOf(scene)}/${rude.body.seq}`))
    const [hers, his] = await casesOf(scene)
    t.same([hers?.subject_id, his?.subject_id], [scene.mitra.id, scene.customer.id])
    const { note, items } = await evidenceOf(budi, hers!.id)
    t.same([note, items.find((item: { seq: number }) => item.seq === rude.body.seq)?.body], ['dia kasar', 'kata-kata kasar'])
    t.match(await app.query(`select reason, details from audit_log where act = 'case.evidence_opened' and target_id = $1`, [hers!.id]), [{ reason: 'to see what happened' }])
    const listed = (await expect(200, ana.call('GET', '/internal/v1/cases?kind=report&state=open&limit=1'))).body
    t.match(listed, { items: [{ kind: 'report' }], nextCursor: String })
    t.notOk(JSON.stringify(listed).includes('kasar'), 'no text outside of the evidence')
    t.match((await expect(200, ana.call('GET', `/internal/v1/cases/${hers!.id}`))).body.case, { id: hers!.id, state: 'open' })
    await expect(200, ana.call('POST', `/internal/v1/cases/${hers!.id}/close`, { outcome: 'acted', reason: 'warned' }))
    t.match(await noticesOf(scene.customer), [{ title: 'Laporanmu sudah selesai', data: { template: 'safety.report_closed', caseId: hers!.id } }], 'whoever reported hears of it')
    t.same(await noticesOf(scene.mitra), [], 'whom it is about does not')
    await app.query('update safety_cases set closed_at = closed_at - make_interval(days => 181) where id = $1', [hers!.id])
    await eraseEvidence(ctx, 100)
    t.same([(await evidenceOf(ana, hers!.id)).items, (await evidenceOf(ana, hers!.id)).note], [[], null], 'erased in time')
    t.ok((await evidenceOf(ana, his!.id)).items.length > 0, 'an open case keeps its own')
  })
})
