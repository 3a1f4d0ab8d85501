import { randomUUID } from 'node:crypto'
import t from 'tap'
import { CRASH_POINTS, watchCrashPoints, type CrashPoint } from '../platform/crash-points.ts'
import { call, startTestApp, type TestApp } from '../testing/app.ts'
import { createActs, type Cast } from '../testing/crash-acts.ts'
import { FLOWS, flowOf, type FlowName } from '../testing/crash-flows.ts'
import { castFlow, comeToRest, CRASH_SETTINGS, runFlow } from '../testing/crash-run.ts'
import { findUnrest } from '../testing/final-state.ts'
import { signIn } from '../testing/people.ts'
import { findInDatabase, findInText, findInValkey, keepLog, newCanary, type Canary } from '../testing/strays.ts'
import { eventually } from '../testing/wait.ts'

/** Where what people give away may stand in clear. Whatever is encrypted, hashed or left out is found nowhere. */
const SPOKEN = ['email', 'phone', 'text']
const ALLOWED = [
  // What they said to each other, kept as evidence where it was reported or flagged, with what the report says.
  ...['messages.body', 'case_evidence.body', 'safety_cases.note', 'ratings.comment'].flatMap((place) => SPOKEN.map((mark) => `${place}: ${mark}`)),
  'users.display_name: name',
].toSorted()

t.test('every point is passed by the flow that says so, and no flow leaves behind what people gave away', async (t) => {
  const canary = newCanary()
  const { log, lines } = keepLog()
  const app = await startTestApp(t, { settings: CRASH_SETTINGS, log, letters: true })
  const people = { displayName: canary.name, phone: () => canary.phone() }
  t.same(CRASH_POINTS.filter((point) => flowOf(point) === undefined), [], 'each has its flow')
  for (const name of Object.keys(FLOWS) as FlowName[]) {
    const passed = new Set<CrashPoint>()
    const stop = watchCrashPoints((point) => void passed.add(point))
    await runFlow(app, name, await castFlow(app, { people }))
    // What a worker commits can be seen before the worker hears that it has committed.
    await eventually(() => FLOWS[name].points.every((point) => passed.has(point)), 'every point is passed').catch(() => undefined)
    stop()
    t.same(FLOWS[name].points.filter((point) => !passed.has(point)), [], name)
  }
  t.same(await findUnrest(app), [])
  await giveAway(app, await castFlow(app, { people }), canary)

  t.same(await findInDatabase(app, canary), ALLOWED, 'in the database')
  const inValkey = await findInValkey(app.valkey.url, canary)
  t.same(inValkey.found, [], 'in Valkey')
  t.ok(inValkey.read > 0, `${inValkey.read} keys were read`)
  t.same(lines.filter((line) => findInText(line, canary).length > 0), [], 'in the log')
  t.ok(lines.length > 100, `${lines.length} lines were read`)
  t.same(findInText((await call(app.internalUrl, 'GET', '/metrics')).text, canary), [], 'in the metrics')
  const { xendit, fcm } = app.simulators.control
  t.same(findInText(JSON.stringify([xendit.invoices(), xendit.refunds.all()]), canary), [], 'at the payment provider')
  t.same(findInText(JSON.stringify(fcm.messages()), canary), [], 'at the push provider')
})

/** Everything that people can say of themselves, said; and said again where it is refused, and where the database is cut off under it. */
async function giveAway(app: TestApp, cast: Cast, canary: Canary): Promise<void> {
  const acts = createActs(app, cast)
  const said = `${canary.word} ${canary.email} ${canary.phones.at(-1)}`
  const sessionId = await acts.start()
  await acts.pay(sessionId)
  await acts.answer(cast.mitra, 'accept')
  const conversationId = (await acts.insist(cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)).body.session.conversationId as string
  const path = `/api/v1/conversations/${conversationId}/messages`
  await acts.insist(cast.customer, 'POST', path, { body: { clientId: randomUUID(), body: said } })
  await acts.insist(cast.mitra, 'POST', path, { body: { clientId: randomUUID(), body: `${said} bunuh diri` } })
  await acts.insist(cast.customer, 'GET', `/api/v1/messages/search?q=${encodeURIComponent(canary.word)}`)
  await acts.insist(cast.customer, 'POST', '/api/v1/reports', { body: { sessionId, reason: 'other', text: said } })
  await acts.end(sessionId)
  await acts.insist(cast.customer, 'POST', `/api/v1/sessions/${sessionId}/rating`, { body: { score: 2, comment: said } })
  await acts.insist(cast.mitra, 'PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: canary.account, accountHolderName: canary.holder } })
  await signIn(app, { kind: 'customer', phone: canary.phone() })
  await acts.askEmail(canary.email)
  const { mail } = app.simulators.control
  await acts.proveEmail(await eventually(() => /^\d{6}$/m.exec(mail.messages(canary.email)[0]?.text ?? '')?.[0], 'the code arrives'))
  // One that the mail server refuses, in words that may quote it.
  await app.query('update email_challenges set resend_at = app_now() where user_id = $1', [cast.customer.id])
  app.simulators.control.setFaults({ mail: { fault: 'unknown' } })
  await acts.askEmail(`x.${canary.email}`)
  await eventually(async () => (await app.query(`select 1 from letters where user_id = $1 and state = 'failed'`, [cast.customer.id])).length === 1, 'it is refused')
  app.simulators.control.resetFaults()
  // Refused, in every way in which a value could be quoted.
  const refused: [string, string, object][] = [
    ['POST', path, { clientId: said, body: said, [said]: said }],
    ['POST', '/api/v1/auth/otp/request', { phone: `${canary.phones[0]}x${canary.email}`, kind: 'customer' }],
    ['PUT', '/api/v1/me/email', { address: `${canary.email} ${said}` }],
    ['POST', '/api/v1/me/email/verify', { code: canary.email }],
    ['GET', `/api/v1/unsubscribe/${encodeURIComponent(said)}`, {}],
    ['PATCH', '/api/v1/me', { displayName: said.repeat(50), birthDate: said }],
    ['GET', `/api/v1/sessions/${encodeURIComponent(said)}`, {}],
  ]
  for (const [method, place, body] of refused) await cast.customer.call(method, place, method === 'GET' ? {} : { body })
  await call(app.internalUrl, 'POST', '/internal/v1/auth/login', { body: { email: canary.email, password: `${said} 12345678` } })
  const sending = Array.from({ length: 20 }, (_, at) => cast.customer.call('PATCH', '/api/v1/me', { body: { displayName: canary.name, birthDate: '1990-01-01', language: at % 2 ? 'id' : 'en' } }).catch(() => undefined))
  await app.db.terminateBackends()
  await Promise.all(sending)
  await eventually(() => cast.customer.call('GET', '/api/v1/me').then(({ status }) => status === 200, () => false), 'the database is back')
  await comeToRest(app)
}
