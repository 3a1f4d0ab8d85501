import { Queue } from 'bullmq'
import { Redis } from 'iovalkey'
import pg from 'pg'
import t from 'tap'
import { QUEUES } from '../../platform/jobs.ts'
import { call, startTestApp } from '../../testing/app.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { openSocket, type ReceivedFrame } from '../../testing/socket.ts'
import { clearStage, STAGE_SETTINGS, stage } from '../../testing/stage.ts'
import { staffOf, type StaffClient } from '../../testing/staff.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

const PATH = '/internal/v1/live'

t.test('the live board', async (t) => {
  const valkeyWay = await startFaultProxy(t)
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, crisisAcknowledgeSeconds: 3600 }, through: { valkey: valkeyWay }, valkeyPatienceMs: PATIENCE_MS, atNoon: true })
  t.beforeEach(() => clearStage(app))
  const boss = await staffOf(app, 'super_admin')
  const open = (staff: Pick<StaffClient, 'cookie'>, replica = 0, headers: Record<string, string> = {}) =>
    openSocket(app.replicas[replica]!.internalUrl, { path: PATH, headers: { cookie: staff.cookie, ...headers } })
  const boardsOf = async (replica: number) => (await app.replicas[replica]!.ctx.metrics.liveBoards.get()).values[0]?.value ?? 0
  const says = (what: string, id?: string) => ({ matches: (frame: ReceivedFrame) => frame.what === what && (id === undefined || frame.id === id) })

  t.test('a page gets the whole board, and the next one when something has changed', async (t) => {
    const scene = await stage(app, 'active', { phones: true })
    const socket = await open(boss)
    const areAlive = (frame: ReceivedFrame) => frame.board.health.replicas.filter((replica: { isAlive: boolean }) => replica.isAlive).length === 2
    const { board, serverTime } = await socket.next('board', { matches: (frame) => frame.board.sessions.items.length > 0 && frame.board.health.queues !== null && areAlive(frame) })
    const [session] = board.sessions.items.filter((one: { id: string }) => one.id === scene.sessionId)
    t.match(session, { state: 'active', customer: { id: scene.customer.id, displayName: 'Citra' }, mitra: { id: scene.mitra.id }, minutes: 15, pausedAt: null })
    t.ok(new Date(session.endsAt) > new Date(serverTime), 'its clock runs')
    t.match(board.mitras, { online: 1, free: 0, busy: 1, items: [{ id: scene.mitra.id, state: 'busy', used: 1 }] })
    t.match(board.revenue, { receivedIdr: 25_000 })
    t.match(board.alerts, { total: 0, items: [] })
    t.match(board.health, { postgres: 'up', valkey: 'up', inbox: { parked: 0 }, queues: [{ name: 'outbox' }, {}, {}, {}] })

    const waiting = await stage(app, 'queued')
    const { board: next } = await socket.next('board', { matches: (frame) => frame.board.queue.total === 1 })
    t.match(next.queue, { items: [{ id: waiting.sessionId, position: 1, customer: { id: waiting.customer.id } }] })
    await boss.call('POST', `/internal/v1/sessions/${waiting.sessionId}/end`, { reason: 'over' })
    await boss.call('POST', `/internal/v1/sessions/${scene.sessionId}/end`, { reason: 'over' })
    const { board: last } = await socket.next('board', { matches: (frame) => frame.board.sessions.active === 0 && frame.board.queue.total === 0 })
    t.ok(last.revenue.revenueIdr >= 0)
    await socket.close()
  })

  t.test('who sees names masked sees them masked here; no money and no alerts for who may not', async (t) => {
    const scene = await stage(app, 'active', { phones: true })
    const [viewer, moderator, finance] = await Promise.all([staffOf(app, 'viewer'), staffOf(app, 'moderator'), staffOf(app, 'finance')])
    const boards = await Promise.all([viewer, moderator, finance].map(async (staff) => {
      const socket = await open(staff)
      const { board } = await socket.next('board', { matches: (frame) => frame.board.sessions.items.some((one: { id: string }) => one.id === scene.sessionId) })
      await socket.close()
      return board
    }))
    for (const board of boards.slice(0, 2)) t.notMatch(JSON.stringify(board), /Citra|Made|Sari|Dewi|Putri/)
    t.match(boards[0].sessions.items[0].customer, { displayName: 'C***' })
    t.match(boards[2].sessions.items[0].customer, { displayName: 'Citra' })
    t.same(boards.map((board) => ['revenue', 'alerts'].filter((part) => part in board)), [[], ['alerts'], ['revenue']])
    await boss.call('POST', `/internal/v1/sessions/${scene.sessionId}/end`, { reason: 'over' })
  })

  t.test('a role that is changed on the other replica acts at once', async (t) => {
    const staff = await staffOf(app, 'admin')
    const socket = await open(staff, 1)
    t.ok((await socket.next('board')).board.revenue)
    t.equal((await boss.call('PATCH', `/internal/v1/staff/${staff.id}`, { role: 'viewer', reason: 'new task' }, { url: app.replicas[0]!.internalUrl })).status, 200)
    await socket.next('changed', says('staff', staff.id))
    const { board } = await socket.next('board', { matches: (frame) => !('revenue' in frame.board) })
    t.notOk('alerts' in board)
    await socket.close()
  })

  t.test('a session that has ended, has run out or is somebody’s who was switched off closes its pages', async (t) => {
    const [left, out, off] = await Promise.all([staffOf(app, 'admin'), staffOf(app, 'admin'), staffOf(app, 'admin')])
    const sockets = await Promise.all([open(left, 1), open(out, 1), open(off, 1)])
    await Promise.all(sockets.map((socket) => socket.next('board')))
    t.equal((await left.call('POST', '/internal/v1/auth/logout')).status, 200)
    await app.query(`update staff_sessions set expires_at = app_now() - interval '1 second' where staff_id = $1`, [out.id])
    t.equal((await boss.call('PATCH', `/internal/v1/staff/${off.id}`, { active: false, reason: 'has left' })).status, 200)
    t.same((await Promise.all(sockets.map((socket) => socket.closed))).map(({ code }) => code), [4403, 4401, 4403])
    t.equal((await off.call('GET', '/internal/v1/system')).status, 401)
  })

  t.test('an open page is no sign of life', async (t) => {
    const staff = await staffOf(app, 'viewer')
    const socket = await open(staff)
    await socket.next('board')
    await app.query(`update staff_sessions set last_seen_at = app_now() - interval '59 minutes' where staff_id = $1`, [staff.id])
    const before = await boardsOf(0)
    await eventually(async () => (await boardsOf(0)) > before + 1, 'two more boards')
    await app.query(`update staff_sessions set last_seen_at = last_seen_at - interval '2 minutes' where staff_id = $1`, [staff.id])
    t.equal((await socket.closed).code, 4401)
  })

  t.test('nobody comes in who may not: no session, a page of another site, a page that hides its site', async (t) => {
    const refused = (headers: Record<string, string>, cookie = boss.cookie) => t.rejects(open({ cookie }, 0, headers), { message: /refused: 40[13]/ }, JSON.stringify(headers))
    await refused({}, 'staff=made-up')
    await refused({ origin: 'https://evil.example' })
    await refused({ origin: 'null' })
    await refused({ 'sec-fetch-site': 'same-origin' })
    const own = await open(boss, 0, { origin: app.internalUrl, 'sec-fetch-site': 'same-origin' })
    await own.next('board')
    await own.close()
    t.equal((await boss.call('GET', PATH)).status, 404, 'no socket, no answer')
    t.equal((await call(app.url, 'GET', PATH)).status, 404, 'nothing of it in public')
  })

  t.test('what staff do and what comes by itself is told to every open page', async (t) => {
    const socket = await open(boss, 1)
    await socket.next('board')
    t.equal((await boss.call('PUT', '/internal/v1/settings/offerSeconds', { value: 44, reason: 'shorter' })).status, 200)
    await socket.next('changed', says('settings', 'offerSeconds'))
    const versions = (frame: ReceivedFrame) => new Set(frame.board.health.replicas.filter((one: { isAlive: boolean }) => one.isAlive).map((one: { settingsVersion: number }) => one.settingsVersion))
    const first = app.replicas[0]!.ctx.settings.version()
    await socket.next('board', { matches: (frame) => versions(frame).size === 1 && versions(frame).has(first) })
    const id = crypto.randomUUID()
    await app.query(`insert into safety_cases (id, kind, subject_id, acknowledge_by) select $1, 'crisis', id, app_now() + interval '1 minute' from users limit 1`, [id])
    await socket.next('changed', says('alerts'))
    const { board } = await socket.next('board', { matches: (frame) => frame.board.alerts.total === 1 })
    t.match(board.alerts.items, [{ id, kind: 'crisis', escalations: 0 }])
    t.equal((await boss.call('POST', `/internal/v1/cases/${id}/take`, {})).status, 200)
    await socket.next('board', { matches: (frame) => frame.board.alerts.total === 0 })
    await socket.close()
  })

  t.test('nothing is made while nobody watches, and one board for all who do', async (t) => {
    const beats = async () => (await app.query<{ at: Date }>('select max(seen_at) as at from replicas'))[0]!.at.getTime()
    const sockets = await Promise.all(Array.from({ length: 5 }, () => open(boss)))
    await Promise.all(sockets.map((socket) => socket.next('board')))
    await Promise.all(sockets.map((socket) => socket.close()))
    const settled = await eventually(async () => {
      const before = await boardsOf(0)
      const from = await beats()
      // Replicas say every two seconds that they live: two boards would have been made meanwhile.
      await eventually(async () => (await beats()) > from, 'the replicas live')
      return (await boardsOf(0)) === before
    }, 'the last turn has ended')
    t.ok(settled)
  })

  t.test('a page that comes when the last one has left in the middle of a board is told how it is, and goes on being told', async (t) => {
    const last = await open(boss)
    await last.next('board')
    const holder = new pg.Client({ connectionString: app.db.ownerUrl })
    await holder.connect()
    t.teardown(() => holder.end())
    await holder.query('begin; lock table replicas in access exclusive mode')
    await eventually(async () => (await app.query(`select 1 from pg_locks where relation = 'replicas'::regclass and mode = 'AccessShareLock' and not granted`)).length > 0, 'a board is being made')
    await last.close()
    await eventually(() => app.replicas[0]!.live.size() === 0, 'nobody watches')
    const before = await boardsOf(0)
    await holder.query('rollback')
    // Of a machine that stood still it was given up: no lock is waited for longer than some seconds.
    const until = performance.now() + 10_000
    await eventually(async () => (await boardsOf(0)) > before || performance.now() > until, 'that board is made')
    const next = await open(boss)
    await next.next('board')
    await eventually(async () => (await boardsOf(0)) > before + 2, 'more boards are made for the next page')
    await next.close()
  })

  t.test('with Valkey away it goes on from Postgres, and says so', async (t) => {
    const socket = await open(boss)
    await socket.next('board', { matches: (frame) => frame.board.health.valkey === 'up' })
    valkeyWay.reset()
    valkeyWay.refuse()
    await socket.next('board', { matches: (frame) => frame.board.health.valkey === 'down' && frame.board.health.queues === null })
    t.match(await boss.call('GET', '/internal/v1/system/jobs'), { status: 503, body: { code: 'not_ready' } }, 'nothing is known of the jobs')
    t.match(await boss.call('GET', '/queues/api/queues'), { status: 503, body: { code: 'not_ready' } })
    t.match(await boss.call('GET', '/internal/v1/system'), { status: 200, body: { valkey: { status: 'down' }, queues: null } })
    const staff = await staffOf(app, 'admin')
    const theirs = await open(staff, 1)
    await theirs.next('board')
    t.equal((await boss.call('PATCH', `/internal/v1/staff/${staff.id}`, { active: false, reason: 'has left' })).status, 200)
    t.equal((await theirs.closed).code, 4403)
    valkeyWay.open()
    await socket.next('board', { matches: (frame) => frame.board.health.valkey === 'up' && frame.board.health.queues !== null })
    await eventually(async () => (await boss.call('GET', '/internal/v1/system/jobs')).status === 200, 'the jobs are known again')
    await socket.close()
  })

  t.test('work that was given up is tried again, once, with a reason', async (t) => {
    const id = crypto.randomUUID()
    await app.query(`insert into outbox (id, topic, payload, attempts, parked_at, last_error) values ($1, 'nobody.answers', '{"paymentId": "1"}', 12, app_now(), 'Error')`, [id])
    const finance = await staffOf(app, 'finance')
    t.match((await finance.call('GET', '/internal/v1/system/outbox?topic=nobody.answers')).body, { items: [{ id, topic: 'nobody.answers', ids: { paymentId: '1' }, attempts: 12, error: 'Error' }], nextCursor: null })
    const system = await eventually(async () => {
      const { body } = await finance.call('GET', '/internal/v1/system')
      return body.queues !== null && body.replicas.every((replica: { isAlive: boolean }) => replica.isAlive) ? body : undefined
    }, 'everything is there')
    t.match(system, { outbox: { parked: 1 }, replicas: [{ isAlive: true }, { isAlive: true }], queues: [{ name: 'outbox' }, {}, {}, {}] })
    t.same((await finance.call('GET', `/internal/v1/system/outbox?cursor=${id}`)).body.items, [], 'the next page')
    const path = `/internal/v1/system/outbox/${id}/retry`
    t.equal((await finance.call('POST', path, {})).status, 400, 'not without a reason')
    const both = await Promise.all(app.replicas.map(({ internalUrl }) => finance.call('POST', path, { reason: 'the provider is back' }, { url: internalUrl })))
    t.same(both.map(({ status }) => status).toSorted((a, b) => a - b), [200, 404], 'two at once: one does it')
    t.match(await app.query(`select reason, details from audit_log where target_id = $1`, [id]), [{ reason: 'the provider is back', details: { topic: 'nobody.answers' } }])
    await eventually(async () => (await app.query(`select 1 from outbox where id = $1 and parked_at is null and attempts > 0`, [id])).length === 1, 'it is tried again')
    await app.query('delete from outbox where id = $1', [id])
  })

  t.test('a failed job is shown and put back into its queue; nothing of bull-board changes anything', async (t) => {
    const client = new Redis(app.valkey.url)
    const queue = new Queue('housekeeping', { connection: client, prefix: 'jobs' })
    t.after(async () => {
      await queue.close()
      client.disconnect()
    })
    const job = await queue.add('housekeeping', { id: 'a-task-of-nobody' }, { delay: 3_600_000, removeOnComplete: true })
    await client.multi().zrem('jobs:housekeeping:delayed', job.id!).zadd('jobs:housekeeping:failed', Date.now(), job.id!).hset(`jobs:housekeeping:${job.id}`, 'failedReason', 'stalled', 'finishedOn', String(Date.now())).exec()
    t.match((await boss.call('GET', '/internal/v1/system/jobs')).body.items, [{ queue: 'housekeeping', id: job.id, rowId: 'a-task-of-nobody', reason: 'stalled' }])
    const path = `/internal/v1/system/jobs/${job.id}/retry`
    t.equal((await boss.call('POST', path, { queue: 'outbox', reason: 'another queue' })).status, 404)
    t.match(await boss.call('POST', path, { queue: 'housekeeping', reason: 'once more' }), { status: 200, body: { retried: true } })
    await eventually(async () => (await client.exists(`jobs:housekeeping:${job.id}`)) === 0, 'it has run')
    t.equal((await boss.call('POST', path, { queue: 'housekeeping', reason: 'once more' })).status, 404)

    const page = await boss.call('GET', '/queues')
    t.match(page, { status: 200, headers: { 'content-type': /html/, 'content-security-policy': /default-src 'self'/ } })
    t.notMatch(page.text, /<%/)
    const [script] = /static\/js\/main[^"]+/.exec(page.text)!
    t.equal((await boss.call('GET', `/queues/${script}`)).status, 200)
    t.same((await boss.call('GET', '/queues/api/queues')).body.queues.map((shown: { name: string }) => shown.name).toSorted(), QUEUES.toSorted())
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE']) t.match((await boss.call(method, '/queues/api/queues/outbox/clean/failed', {})).status, /40[45]/, method)
    t.equal((await (await staffOf(app, 'moderator')).call('GET', '/queues')).status, 403)
    t.equal((await call(app.internalUrl, 'GET', '/queues')).status, 401)
  })

  t.test('who does not read is cut, who says too much is sent away', async (t) => {
    const [deaf, loud] = await Promise.all([open(boss), open(boss)])
    await Promise.all([deaf.next('board'), loud.next('board')])
    // Asked for a sign of life this often, a page of a machine that stands still for a second would be cut as well.
    const ping = async (seconds: number) => {
      t.equal((await boss.call('PUT', '/internal/v1/settings/pingSeconds', { value: seconds, reason: 'a test' })).status, 200)
      await eventually(() => app.replicas.every(({ ctx }) => ctx.settings.get('pingSeconds') === seconds), 'it is in force')
    }
    for (let frame = 0; frame < 60; frame++) loud.send('x')
    t.equal((await loud.closed).code, 4429)
    deaf.pause()
    await ping(1)
    const peers = () => app.replicas[0]!.live.size()
    await eventually(() => peers() === 0, 'the page that reads nothing is forgotten')
    deaf.resume()
    deaf.terminate()
    await ping(25)
  })

  t.test('a replica that drains sends its pages away, and lets nobody in', async (t) => {
    const socket = await open(boss, 1)
    await socket.next('board')
    await app.replicas[1]!.live.drain(0)
    t.match(await socket.closed, { code: 1012, reason: /reconnectAfterMs=\d+/ })
    await t.rejects(open(boss, 1), { message: /503/ })
  })
})
