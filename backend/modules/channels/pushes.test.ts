import t from 'tap'
import { personWithDevices, startBackground, type Background } from '../../testing/background.ts'
import { freePort } from '../../testing/servers/processes.ts'
import { startTestSimulators, type TokenFaultInput } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { purgeDevices } from '../identity/index.ts'
import { transact } from '../../platform/database.ts'
import { notify, type Notice } from '../notifications/index.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { createFcmGateway, drainPushes, LANES, sweepPushes, type PushHooks } from './index.ts'

let notices = 0

function give(app: Background, userId: string, more: Pick<Notice, 'tag' | 'ttlSeconds' | 'priority'> = {}, replica = 0): Promise<void> {
  const notice: Notice = {
    userId, template: 'session.accepted', dedupeKey: `key-${(notices += 1)}`, text: { id: { title: 'Sesi selesai', body: 'Terima kasih.' } }, data: { sessionId: 's-1' }, ...more,
  }
  return transact(app.replicas[replica]!.ctx, (tx) => notify(tx, [notice]))
}

const drain = async (ctx: Ctx, hooks?: PushHooks) => (await Promise.all(LANES.map((lane) => drainPushes(ctx, lane, hooks)))).reduce((sum, count) => sum + count)
const sweep = async (ctx: Ctx, hooks?: PushHooks) => (await Promise.all(LANES.map((lane) => sweepPushes(ctx, lane, hooks)))).reduce((sum, count) => sum + count)

type Row = { id: string; state: string; reason: string | null; attempts: number; tries: number; pending_tokens: string[] | null; due_in: number }
const rows = (app: Background) => app.query<Row>('select id, state, reason, attempts, tries, pending_tokens, extract(epoch from due_at - app_now())::float8 as due_in from pushes order by id')
const settled = (app: Background) => eventually(async () => {
  const found = await rows(app)
  return found.length > 0 && found.every((row) => row.state !== 'queued') ? found : undefined
}, 'every push is settled')

t.test('a push reaches every device of its person, with the tag, and once', async (t) => {
  const app = await startBackground(t, { replicas: 2 })
  const userId = await personWithDevices(app, ['phone', 'tablet'])
  await personWithDevices(app, ['a-stranger'])
  await give(app, userId)
  t.match(await settled(app), [{ state: 'sent', attempts: 1, tries: 1 }])
  t.match(app.fcm.messages('phone'), [{
    token: 'phone', notification: { title: 'Sesi selesai', body: 'Terima kasih.' }, data: { kind: 'session', sessionId: 's-1' },
    android: { priority: 'high', ttl: /^(?:600|5\d\d)s$/, notification: { tag: 'session:s-1', channel_id: 'sessions' } },
  }])
  t.equal(app.fcm.messages('tablet').length, 1)
  t.equal(app.fcm.messages('a-stranger').length, 0)
})

t.test('60 pushes, run by two replicas’ jobs and sweeps and by hand at once, are each sent once', async (t) => {
  const app = await startBackground(t, { replicas: 2, settings: { sweepMs: 20 } })
  const people = await Promise.all(Array.from({ length: 20 }, (_, index) => personWithDevices(app, [`device-${index}`])))
  await Promise.all(Array.from({ length: 60 }, (_, index) => give(app, people[index % 20]!, { tag: `tag-${index}`, priority: 'normal' }, index % 2)))
  await Promise.all(app.replicas.flatMap(({ ctx }) => Array.from({ length: 10 }, () => drain(ctx))))
  const done = await settled(app)
  t.ok(done.every((row) => row.state === 'sent'))
  const tags = app.fcm.attempts().map(({ message }) => (message as { android: { notification: { tag: string } } }).android.notification.tag)
  t.equal(tags.length, 60)
  t.equal(new Set(tags).size, 60)
})

const FATES: { fault: TokenFaultInput; state: string; reason: string | null; isRemoved: boolean; name: string }[] = [
  { name: 'unregistered', fault: 'unregistered', state: 'dropped', reason: 'no_device', isRemoved: true },
  { name: 'invalid token', fault: 'invalid-token', state: 'dropped', reason: 'no_device', isRemoved: true },
  { name: 'token of another project', fault: 'sender-id-mismatch', state: 'dropped', reason: 'no_device', isRemoved: true },
  { name: 'bad payload', fault: 'invalid-payload', state: 'failed', reason: 'invalid-argument', isRemoved: false },
  { name: 'Apple’s certificate', fault: 'third-party-auth', state: 'failed', reason: 'third-party-auth-error', isRemoved: false },
  { name: 'quota', fault: { behaviour: 'quota-exceeded', retryAfterSeconds: 90 }, state: 'queued', reason: 'message-rate-exceeded', isRemoved: false },
  { name: 'internal', fault: 'internal', state: 'queued', reason: 'internal-error', isRemoved: false },
  { name: 'unavailable', fault: { behaviour: 'unavailable', retryAfterSeconds: 1 }, state: 'queued', reason: 'server-unavailable', isRemoved: false },
  { name: 'cut connection', fault: 'reset', state: 'queued', reason: 'app/network-error', isRemoved: false },
]

const ANSWERS = [
  { error: 'garbage', reason: 'app/unable-to-parse-response' }, { error: 'shapeless', reason: 'app/unreadable-answer' }, { error: 'truncate', reason: 'app/network-timeout' },
  { error: 'html502', reason: 'unknown-error' }, { error: 'reset', reason: 'app/network-error' }, { error: 500, reason: 'internal-error' }, { error: 503, reason: 'server-unavailable' },
] as const

t.test('one step at a time, without workers and sweeps of their own', async (t) => {
  const app = await startBackground(t, { started: false, replicas: 2 })
  await app.clock.stop()
  t.beforeEach(async () => {
    await app.query('delete from pushes')
    await app.query('delete from devices')
    app.simulators.control.reset()
  })

  t.test('each answer of FCM comes to its action, with one request a try', async (t) => {
    const well = await personWithDevices(app, ['well'])
    for (const { name, fault, state, reason, isRemoved } of FATES) {
      const token = `device ${name}`
      const userId = await personWithDevices(app, [token])
      app.fcm.setToken(token, fault)
      await give(app, userId)
      const [push] = await app.query<{ id: string }>('select id from pushes where user_id = $1', [userId])
      t.equal(await drain(app.ctx), 1, name)
      const [row] = (await rows(app)).filter(({ id }) => id === push!.id)
      t.match(row, { state, reason, attempts: 1, tries: 1 }, `${name}: the push`)
      const [device] = await app.query('select 1 from devices where token = $1', [token])
      t.equal(device === undefined, isRemoved, `${name}: the device`)
      t.equal(app.fcm.attempts(token).length, 1, `${name}: requests`)
      if (fault === 'unregistered') t.equal(await drain(app.ctx), 0, 'what is settled is not run again')
      if (reason === 'message-rate-exceeded') t.ok(row!.due_in > 60, 'Retry-After is honoured')
      // FCM takes what is for others: what it said was no word about the whole project.
      await give(app, well)
      t.equal(await drain(app.ctx), 1)
    }
  })

  t.test('an answer that is none, or is cut off, is tried again', async (t) => {
    const userId = await personWithDevices(app, ['phone'])
    for (const { error, reason } of ANSWERS) {
      app.simulators.control.setFaults({ fcm: { api: { error, times: 1 } } })
      await give(app, userId)
      await drain(app.ctx)
      t.match((await rows(app)).at(-1), { state: 'queued', reason, tries: 1 }, String(error))
      await app.clock.advance(5)
      await drain(app.ctx)
      t.match((await rows(app)).at(-1), { state: 'sent', tries: 2 }, `${error}, afterwards`)
    }
    t.equal((await app.query('select 1 from devices')).length, 1)
  })

  t.test('a service account of another project empties no table of devices', async (t) => {
    const theirs = await startTestSimulators({ fcm: { projectId: 'their-project' } })
    t.after(() => theirs.stop())
    const env = { ...app.ctx.env, FCM_SIMULATOR: theirs.url, FIREBASE_PROJECT_ID: 'our-project' }
    await give(app, await personWithDevices(app, ['phone']))
    await app.clock.advance(5)
    await sweep({ ...app.ctx, gateways: { ...app.ctx.gateways, push: createFcmGateway(env, app.ctx.log, app.ctx.metrics) } })
    t.match(await rows(app), [{ state: 'failed', reason: 'mismatched-credential' }])
    t.equal((await app.query('select 1 from devices')).length, 1)
  })

  t.test('only the devices that are still open are tried again, with the same tag', async (t) => {
    const userId = await personWithDevices(app, ['well', 'busy', 'dead'])
    app.fcm.setToken('busy', { behaviour: 'internal', times: 2 })
    app.fcm.setToken('dead', 'unregistered')
    await give(app, userId)
    t.equal(await sweep(app.ctx), 0, 'the workers have their chance first')
    for (let attempt = 1; attempt <= 3; attempt++) {
      await app.clock.advance(30)
      t.equal(await sweep(app.ctx), 1, `try ${attempt}`)
      if (attempt < 3) t.match(await rows(app), [{ state: 'queued', tries: attempt, pending_tokens: ['busy'] }])
    }
    t.match(await rows(app), [{ state: 'sent', tries: 3, pending_tokens: null }])
    const tries = app.fcm.attempts()
    t.same(Object.fromEntries(['well', 'busy', 'dead'].map((token) => [token, tries.filter((one) => one.token === token).length])), { well: 1, busy: 3, dead: 1 })
    t.ok(tries.every(({ message }) => (message as { android: { notification: { tag: string } } }).android.notification.tag === 'session:s-1'))
    t.same((await app.query<{ token: string }>('select token from devices order by token')).map(({ token }) => token), ['busy', 'well'])
  })

  t.test('a device that changed hands between two tries is not pushed to', async (t) => {
    const [userId, other] = await Promise.all([personWithDevices(app, ['phone']), personWithDevices(app)])
    app.fcm.setToken('phone', { behaviour: 'internal', times: 1 })
    await give(app, userId)
    await app.clock.advance(5)
    await sweep(app.ctx)
    await app.query('update devices set user_id = $1, sign_in_id = (select id from sign_ins where user_id = $1)', [other])
    await app.clock.advance(30)
    await sweep(app.ctx)
    t.match(await rows(app), [{ state: 'dropped', reason: 'no_device' }])
    t.equal(app.fcm.messages('phone').length, 0)
  })

  t.test('a device that no app has named for a month is pushed to; one of a year is forgotten', async (t) => {
    const userId = await personWithDevices(app, ['month', 'year'])
    await app.query(`update devices set last_seen_at = app_now() - case token when 'month' then interval '40 days' else interval '271 days' end`)
    t.equal(await purgeDevices(app.ctx, 500), 1)
    await give(app, userId)
    await drain(app.ctx)
    t.same(['month', 'year'].map((token) => app.fcm.attempts(token).length), [1, 0])
  })

  t.test('what nobody wants any more is dropped: expired, without a device, switched off, given up after three tries', async (t) => {
    const offer = { tag: 'offer', ttlSeconds: 45 }
    const userId = await personWithDevices(app, ['phone'])
    app.fcm.setToken('phone', 'internal')
    await give(app, userId, offer)
    await app.clock.advance(46)
    await sweep(app.ctx)
    t.match(await rows(app), [{ state: 'dropped', reason: 'expired' }])
    t.equal(app.fcm.attempts().length, 0)

    await give(app, await personWithDevices(app))
    await give(app, userId)
    await app.query(`insert into preferences (user_id, values) values ($1, '{"notificationsEnabled": false}')`, [userId])
    await app.clock.advance(5)
    await sweep(app.ctx)
    t.match((await rows(app)).slice(1), [{ state: 'dropped', reason: 'no_device' }, { state: 'dropped', reason: 'no_device' }])

    await app.query('delete from preferences')
    await give(app, userId, { ...offer, ttlSeconds: 86_400 })
    for (let attempt = 1; attempt <= 4; attempt++) {
      await app.clock.advance(400)
      await sweep(app.ctx)
    }
    t.match((await rows(app)).at(-1), { state: 'failed', reason: 'internal-error', tries: 3 })
    t.equal(app.fcm.attempts('phone').length, 3)

    app.fcm.setToken('phone', { behaviour: 'quota-exceeded', retryAfterSeconds: 60 })
    await give(app, userId, offer)
    await app.clock.advance(5)
    await sweep(app.ctx)
    t.match((await rows(app)).at(-1), { state: 'dropped', reason: 'expired', tries: 1 }, 'a try that would come too late is not waited for')
  })

  t.test('a worker that died in the middle is followed after its claim; one that kills every worker ends', async (t) => {
    const userId = await personWithDevices(app, ['phone'])
    await give(app, userId)
    await app.query(`update pushes set claimed_until = app_now() + interval '300 seconds', attempts = 1`)
    await app.clock.advance(200)
    t.equal(await sweep(app.ctx), 0)
    await app.clock.advance(101)
    t.equal(await sweep(app.ctx), 1)
    t.match(await rows(app), [{ state: 'sent', attempts: 2, tries: 1 }], 'a claim that died before its call is no try')

    for (const spent of ['tries = 3', 'attempts = 20']) {
      await give(app, userId)
      await app.query(`update pushes set ${spent} where state = 'queued'`)
      await app.clock.advance(5)
      await sweep(app.ctx)
      t.match((await rows(app)).at(-1), { state: 'failed', reason: 'too_many_tries' }, spent)
    }
    t.equal(app.fcm.messages('phone').length, 1)
  })

  t.test('a worker that was followed changes nothing any more', async (t) => {
    const userId = await personWithDevices(app, ['phone'])
    await give(app, userId)
    const [sent, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { gateways } = app.ctx
    const slowly: typeof gateways.push = {
      ...gateways.push,
      async send(messages) {
        const answers = await gateways.push.send(messages)
        sent.resolve()
        await mayGoOn.promise
        return answers
      },
    }
    const slow = drain({ ...app.ctx, gateways: { ...gateways, push: slowly } })
    await sent.promise
    await app.clock.advance(21)
    app.fcm.setToken('phone', 'internal')
    t.equal(await drain(app.replicas[1]!.ctx), 1)
    t.match(await rows(app), [{ state: 'queued', attempts: 2 }])
    mayGoOn.resolve()
    await slow
    t.match(await rows(app), [{ state: 'queued', attempts: 2, pending_tokens: ['phone'] }], 'the slow one’s success comes too late to decide')
  })

  t.test('FCM that hangs keeps nobody longer than the deadline', async (t) => {
    app.fcm.setToken('phone', 'hang')
    const gateway = createFcmGateway(app.ctx.env, app.ctx.log, app.ctx.metrics, { deadlineMs: 200 })
    const [answer] = await gateway.send([{ token: 'phone', title: 'a', body: 'b', data: {}, tag: 't', ttlSeconds: 5, priority: 'high', quiet: false }])
    t.match(answer, { outcome: 'retry', reason: 'app/deadline' })
  })

  t.test('simulators that were started again elsewhere are found', async (t) => {
    // Outside of the range in which another process may take it meanwhile.
    const first = await startTestSimulators({ port: await freePort() })
    const gateway = createFcmGateway({ ...app.ctx.env, FCM_SIMULATOR: first.url }, app.ctx.log, app.ctx.metrics)
    const message = { token: 'phone', title: 'a', body: 'b', data: {}, tag: 't', ttlSeconds: 5, priority: 'high' as const, quiet: false }
    t.match(await gateway.send([message]), [{ outcome: 'accepted' }])
    await first.stop()
    t.match(await gateway.send([message]), [{ outcome: 'retry' }])
    const again = await startTestSimulators({ port: Number(new URL(first.url).port) })
    t.after(() => again.stop())
    t.match(await gateway.send([message]), [{ outcome: 'accepted' }])
    t.equal(again.control.fcm.messages('phone').length, 1)
  })
})
