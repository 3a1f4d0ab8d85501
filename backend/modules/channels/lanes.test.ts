import { randomUUID } from 'node:crypto'
import t from 'tap'
import { personWithDevices, startBackground, type Background } from '../../testing/background.ts'
import { startTestSimulators } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { PgDialect, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { PushMessage, PushResult } from '../../platform/gateways.ts'
import { arePushesDue, createFcmGateway, drainPushes, LANES, queuePushes, sweepPushes, type NewPush, type PushHooks, type PushVerdict } from './index.ts'
import { areClaimable } from './claim-pushes.ts'
import { CLAIMS_MAX } from './rules.ts'

type Plan = { 'Node Type': string; 'Index Name'?: string; 'Shared Hit Blocks': number; 'Shared Read Blocks': number; Plans?: Plan[] }
type Row = { id: string; state: string; reason: string | null; tries: number; priority: number; title: string; body: string }
const rows = (app: Background, userId: string) => app.query<Row>('select id, state, reason, tries, priority, title, body from pushes where user_id = $1 order by id', [userId])

const newPush = (userId: string, more: Partial<NewPush> = {}): NewPush => {
  const key = randomUUID()
  return { userId, kind: 'session', dedupeKey: key, title: 'Judul', body: 'Isi', data: { kind: 'session' }, tag: key, ttlSeconds: 3600, priority: 'normal', ...more }
}
const queue = (ctx: Ctx, pushes: readonly NewPush[]) => transact(ctx, (tx) => queuePushes(tx, pushes))

/** The context with what `send` answers for a call, and the messages of each call. */
function watching(ctx: Ctx, send: (messages: readonly PushMessage[], plain: Ctx['gateways']['push']) => Promise<PushResult[]>) {
  const calls: PushMessage[][] = []
  const { push } = ctx.gateways
  const watched: Ctx = { ...ctx, gateways: { ...ctx.gateways, push: { ...push, enabled: push.enabled, send: (messages) => (calls.push([...messages]), send(messages, push)) } } }
  return { ctx: watched, calls }
}

async function explain(app: Background, statement: SQL): Promise<{ nodes: Plan[]; blocks: number }> {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement)
  const [row] = await app.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, buffers, format json) ${text}`, params)
  const plan = row!['QUERY PLAN'][0].Plan
  const below = (node: Plan): Plan[] => [node, ...(node.Plans ?? []).flatMap(below)]
  return { nodes: below(plan), blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] }
}

t.test('a hundred thousand in a lane that hangs keep no offer, and its claim reads its own rows alone', async (t) => {
  const app = await startBackground(t, { started: false })
  const [crowd, mitra] = [await personWithDevices(app, ['crowd']), await personWithDevices(app, ['ring'])]
  app.fcm.setToken('crowd', 'hang')
  await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at, priority)
    select gen_random_uuid(), $1, 'system_announcement', n::text, 'Kabar', 'Kabar', '{"kind": "system_announcement"}', n::text, app_now() + interval '1 day', 3 from generate_series(1, 100000) n`, [crowd])
  await app.query('analyze pushes')
  const held = Promise.all([drainPushes(app.ctx, 'low', {}, { most: 20 }), drainPushes(app.ctx, 'low', {}, { most: 20 })])
  await eventually(() => app.simulators.control.calls('fcm.send') > 0, 'the lane is at it')
  await queue(app.ctx, Array.from({ length: 3 }, () => newPush(mitra, { kind: 'offer', data: { kind: 'offer' }, priority: 'urgent' })))
  await drainPushes(app.ctx, 'urgent')
  t.ok((await rows(app, mitra)).every((row) => row.state === 'sent'), 'the rings have left')
  const [left] = await app.query<{ count: number }>(`select count(*)::int as count from pushes where user_id = $1 and state = 'queued'`, [crowd])
  t.equal(left!.count, 100_000, 'the others wait')
  t.equal(app.fcm.messages('ring').length, 3)

  // Held back until the morning.
  await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at, due_at, priority)
    select gen_random_uuid(), $1, 'offer', n::text, 'Kabar', 'Kabar', '{"kind": "offer"}', 'held ' || n, app_now() + interval '1 day', app_now() + interval '8 hours', -(n % 2) from generate_series(1, 120000) n`, [crowd])
  await app.query('analyze pushes')
  for (const lane of LANES) {
    const claim = await explain(app, sql`select id from pushes where ${areClaimable(lane, 0)} order by priority, due_at limit 100 for update skip locked`)
    const look = await explain(app, sql`select 1 where ${arePushesDue(app.ctx, lane)}`)
    for (const [what, { nodes, blocks }] of Object.entries({ claim, look })) {
      t.ok(nodes.some((node) => node['Index Name'] === 'pushes_lane'), `${lane}, ${what}: by the index of lanes`)
      t.notOk(nodes.some((node) => /Sort|Seq Scan/.test(node['Node Type'])), `${lane}, ${what}: in the order of the index`)
      t.ok(blocks < 200, `${lane}, ${what}: ${blocks} blocks`)
    }
  }
  await held
})

t.test('one step at a time, without workers and sweeps of their own', async (t) => {
  const app = await startBackground(t, { started: false })
  await app.clock.stop()
  t.beforeEach(() => {
    app.simulators.control.reset()
  })

  t.test('a commit wakes each of its lanes once; what another version calls otherwise is not lost', async (t) => {
    const userId = await personWithDevices(app, ['one'])
    const woken: string[] = []
    const ctx: Ctx = { ...app.ctx, enqueue: (name) => woken.push(name) }
    await queue(ctx, LANES.flatMap((priority) => Array.from({ length: 4 }, () => newPush(userId, { priority }))))
    t.same(woken.toSorted(), ['pushes', 'pushes-high', 'pushes-low', 'pushes-urgent'])
    t.same((await rows(app, userId)).map((row) => row.priority), LANES.flatMap((_, index) => Array.from({ length: 4 }, () => index)))
    await app.query(`update pushes set priority = 7 where priority = 3; update pushes set priority = -1 where priority = 0`)
    woken.length = 0
    for (const lane of LANES) t.equal(await drainPushes(ctx, lane, {}, { most: 4 }), 4, lane)
    t.same(woken, ['pushes-urgent', 'pushes-high', 'pushes', 'pushes-low'], 'a full batch wakes whoever goes on')
    t.ok((await rows(app, userId)).every((row) => row.state === 'sent'))
    const order = app.fcm.messages('one').map((message) => (message as { android: { priority: string } }).android.priority)
    t.same(order, [...Array(8).fill('high'), ...Array(8).fill('normal')])
  })

  t.test('a ring that a version without lanes has queued presses all the same', async (t) => {
    const userId = await personWithDevices(app, ['of-before'])
    const insert = (key: string, isPressing: boolean) => app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, high_priority, dedupe_key, expires_at)
      values (gen_random_uuid(), $1, 'offer', $2, 'Permintaan baru', 'Isi', '{"kind": "offer"}', $3, $2, app_now() + interval '45 seconds')`, [userId, key, isPressing])
    await insert('offer:1', true)
    await insert('credit:1', false)
    t.equal(await drainPushes(app.ctx, 'normal'), 2)
    const sent = app.fcm.messages('of-before').map((one) => (one as { android: { priority: string; notification: { tag: string } } }).android)
    t.same(Object.fromEntries(sent.map(({ priority, notification }) => [notification.tag, priority])), { 'offer:1': 'high', 'credit:1': 'normal' })
  })

  t.test('no more is begun than can be answered in time: a crowd leaves a hundred a claim', async (t) => {
    const userId = await personWithDevices(app, ['crowd-of-one'])
    const { ctx, calls } = watching(app.ctx, async (messages) => messages.map((): PushResult => ({ outcome: 'accepted' })))
    await queue(ctx, Array.from({ length: 250 }, () => newPush(userId)))
    for (const took of [100, 100, 50]) t.equal(await drainPushes({ ...ctx, enqueue: () => {} }, 'normal'), took)
    t.same(calls.map((call) => call.length), [100, 100, 50])
  })

  t.test('500 a call; after a call that failed as a whole 25, then each alone: one bad neighbour costs nobody else', async (t) => {
    const people = await Promise.all(Array.from({ length: 60 }, (_, index) => personWithDevices(app, [`many-${index}`])))
    const bad = people[17]!
    const { ctx, calls } = watching(app.ctx, async (messages, plain) =>
      messages.some((message) => message.token === 'many-17') ? messages.map((): PushResult => ({ outcome: 'retry', afterSeconds: undefined, reason: 'app/deadline' })) : plain.send(messages))
    await queue(ctx, people.map((userId) => newPush(userId)))
    const sizes: number[][] = []
    for (let turn = 0; turn < 4; turn++) {
      calls.length = 0
      await drainPushes(ctx, 'normal')
      sizes.push(calls.map((call) => call.length).toSorted((a, b) => b - a))
      await app.clock.advance(60)
    }
    // Alone are those who shared the small call with the bad one: which that was is the order's.
    const alone = sizes[2]!.length
    t.ok(alone === 25 || alone === 10, `${alone} alone`)
    t.same(sizes, [[60], [25, 25, 10], Array(alone).fill(1), []])
    t.match(await rows(app, bad), [{ state: 'failed', reason: 'app/deadline', tries: 3 }])
    const others = await app.query<{ count: number }>(`select count(*)::int as count from pushes where state = 'sent' and user_id = any($1)`, [people])
    t.same(others, [{ count: 59 }])
    t.equal(app.fcm.attempts().length, 59, 'each once')
  })

  t.test('a device that hangs is known by itself: its neighbours in the call are sent', async (t) => {
    const people = await Promise.all(['well-a', 'hangs', 'well-b'].map((token) => personWithDevices(app, [token])))
    app.fcm.setToken('hangs', 'hang')
    await queue(app.ctx, people.map((userId) => newPush(userId)))
    await drainPushes(app.ctx, 'normal')
    const states = (await Promise.all(people.map((userId) => rows(app, userId)))).flat()
    t.match(states, [{ state: 'sent' }, { state: 'queued', reason: 'app/network-timeout', tries: 1 }, { state: 'sent' }])
    t.equal(app.fcm.attempts('well-a').length, 1)
  })

  t.test('devices that hang keep their own pushes alone: their neighbours are settled meanwhile, and the lane goes on', async (t) => {
    const theirs = await startTestSimulators()
    t.after(() => theirs.stop())
    const push = createFcmGateway({ ...app.ctx.env, FCM_SIMULATOR: theirs.url }, app.ctx.log, app.ctx.metrics, { requestMs: 300_000, deadlineMs: 300_000 })
    const batches: Promise<number>[] = []
    const goOn = () => void batches.push(drainPushes(ctx, 'normal', {}, { most: 5 }))
    const ctx: Ctx = { ...app.ctx, gateways: { ...app.ctx.gateways, push }, enqueue: goOn }
    const tokens = Array.from({ length: 7 }, (_, batch) => Array.from({ length: 5 }, (_, at) => `${at === 2 ? 'stuck' : 'free'}-${batch}-${at}`))
    const people = await Promise.all(tokens.flat().map((token) => personWithDevices(app, [token])))
    for (const token of tokens.flat().filter((one) => one.startsWith('stuck'))) theirs.control.fcm.setToken(token, 'hang')
    for (let batch = 0; batch < tokens.length; batch++) {
      await queue({ ...ctx, enqueue: () => {} }, people.slice(batch * 5, batch * 5 + 5).map((userId) => newPush(userId)))
      await app.clock.advance(1)
    }
    goOn()
    const states = () => app.query(`select state, tries, count(*)::int as pushes from pushes where user_id = any($1) group by 1, 2 order by 1`, [people])
    await eventually(async () => (await states()).some((row) => row.state === 'sent' && row.pushes === 28), 'all that FCM answered are settled')
    t.same(await states(), [{ state: 'queued', tries: 1, pushes: 7 }, { state: 'sent', tries: 1, pushes: 28 }])
    await theirs.stop()
    await Promise.all(batches)
    t.same(await app.query('select reason, count(*)::int as pushes from pushes where user_id = any($1) and claimed_until is null group by 1 order by 2', [people]), [{ reason: 'app/network-error', pushes: 7 }, { reason: null, pushes: 28 }])
    t.same(tokens.flat().filter((token) => theirs.control.fcm.attempts(token).length !== 1), [], 'each was called for once')
  })

  t.test('a full batch that a sweep finds wakes its lane: others go on meanwhile', async (t) => {
    const userId = await personWithDevices(app, ['swept'])
    const woken: string[] = []
    const ctx: Ctx = { ...app.ctx, enqueue: (name) => void woken.push(name) }
    await queue({ ...app.ctx, enqueue: () => {} }, Array.from({ length: 7 }, () => newPush(userId, { priority: 'low' })))
    await app.clock.advance(3)
    t.equal(await sweepPushes(ctx, 'low', {}, { most: 4 }), 4)
    t.same(woken, ['pushes-low'])
    t.equal(await sweepPushes(ctx, 'low', {}, { most: 4 }), 3)
    t.same(woken, ['pushes-low'], 'there were no more')
  })

  t.test('who waits for a hand when the replica is stopped begins no batch', async (t) => {
    const userId = await personWithDevices(app, ['stopped'])
    const [stop, asked, mayGoOn] = [new AbortController(), { batches: 0 }, Promise.withResolvers<void>()]
    const hooks: PushHooks = { all: [async () => {
      asked.batches += 1
      await mayGoOn.promise
      return new Map()
    }] }
    await queue({ ...app.ctx, enqueue: () => {} }, Array.from({ length: 5 }, () => newPush(userId, { priority: 'low' })))
    const drain = () => drainPushes({ ...app.ctx, enqueue: () => {} }, 'low', hooks, { most: 1, stopping: stop.signal })
    const held = [drain(), drain(), drain(), drain()]
    await eventually(() => asked.batches === 4, 'all hands are at it')
    const waiting = drain()
    stop.abort()
    mayGoOn.resolve()
    t.same([await Promise.all(held), await waiting, await drain()], [[1, 1, 1, 1], 0, 0])
    t.same(await app.query('select state, attempts, count(*)::int as pushes from pushes where user_id = $1 group by 1, 2 order by 2', [userId]), [{ state: 'queued', attempts: 0, pushes: 1 }, { state: 'sent', attempts: 1, pushes: 4 }])
    await app.query('delete from pushes where user_id = $1', [userId])
  })

  t.test('hooks are asked once a batch right before the call: they drop, hold, and give words that are not stored', async (t) => {
    const people = Object.fromEntries(await Promise.all(['dropped', 'held', 'worded', 'plain', 'unknown'].map(async (name) => [name, await personWithDevices(app, [`hook-${name}`])] as const)))
    const asked: number[] = []
    const hooks: PushHooks = {
      byKind: {
        message: async (_, pushes) => {
          asked.push(pushes.length)
          const verdicts: Record<string, PushVerdict> = {
            [people['dropped']!]: { drop: 'already_read' }, [people['held']!]: { holdSeconds: 100, reason: 'quiet_hours' },
            [people['worded']!]: { title: 'Sari', body: 'rahasia', data: { count: '3' }, quiet: true },
          }
          return new Map(pushes.flatMap((push) => (verdicts[push.userId] ? [[push.id, verdicts[push.userId]!] as const] : [])))
        },
        safety: async () => {
          throw new Error('a hook that fails')
        },
      },
    }
    await queue(app.ctx, [...['dropped', 'held', 'worded', 'plain'].map((name) => newPush(people[name]!, { kind: 'message', data: { kind: 'message' } })), newPush(people['unknown']!, { kind: 'safety' })])
    await drainPushes(app.ctx, 'normal', hooks)
    const stateOf = async (name: string) => (await rows(app, people[name]!))[0]
    t.same(asked, [4])
    t.match(await stateOf('dropped'), { state: 'dropped', reason: 'already_read', tries: 0 })
    t.match(await stateOf('held'), { state: 'queued', reason: 'quiet_hours', tries: 0 })
    t.match(await stateOf('worded'), { state: 'sent', title: 'Judul', body: 'Isi' })
    t.match(await stateOf('plain'), { state: 'sent' })
    t.match(await stateOf('unknown'), { state: 'queued', tries: 0 }, 'asked about again when its claim is over')
    const [worded] = app.fcm.messages('hook-worded')
    t.match(worded, { notification: { title: 'Sari', body: 'rahasia' }, data: { kind: 'message', count: '3', pushId: (await stateOf('worded'))!.id }, android: { priority: 'normal' } })
    t.same(['dropped', 'held', 'unknown'].map((name) => app.fcm.attempts(`hook-${name}`).length), [0, 0, 0])
    await app.clock.advance(110)
    for (const lane of LANES) await sweepPushes(app.ctx, lane)
    t.match([await stateOf('held'), await stateOf('unknown')], [{ state: 'sent' }, { state: 'sent' }])
  })

  t.test('a push that can’t be sent fails with a reason, and its neighbours are sent', async (t) => {
    const [large, fine] = [await personWithDevices(app, ['large']), await personWithDevices(app, ['fine'])]
    await queue(app.ctx, [newPush(large, { data: { kind: 'session', big: 'x'.repeat(5000) } }), newPush(fine)])
    await drainPushes(app.ctx, 'normal')
    t.match(await rows(app, large), [{ state: 'failed', reason: 'payload_too_large' }])
    t.match(await rows(app, fine), [{ state: 'sent' }])
  })

  t.test('one device has it, the other never answers: it was sent', async (t) => {
    const userId = await personWithDevices(app, ['near', 'far'])
    app.fcm.setToken('far', 'internal')
    await queue(app.ctx, [newPush(userId)])
    for (let turn = 0; turn < 3; turn++) {
      await drainPushes(app.ctx, 'normal')
      await app.clock.advance(60)
    }
    t.match(await rows(app, userId), [{ state: 'sent', tries: 3 }])
    t.same(['near', 'far'].map((token) => app.fcm.attempts(token).length), [1, 3])
  })

  t.test('what waited time and again, as somebody moved their quiet hours, is no push that ends its workers', async (t) => {
    const userId = await personWithDevices(app, ['patient'])
    await queue(app.ctx, [newPush(userId)])
    const holding: PushHooks = { all: [async (_, pushes) => new Map(pushes.map((push) => [push.id, { holdSeconds: 1, reason: 'quiet_hours' }]))] }
    for (let claim = 0; claim <= CLAIMS_MAX; claim++) {
      await drainPushes(app.ctx, 'normal', holding)
      await app.clock.advance(2)
    }
    await drainPushes(app.ctx, 'normal')
    t.match(await rows(app, userId), [{ state: 'sent', tries: 1 }])
  })

  t.test('tokens that can’t be removed just now make nobody get a push again', async (t) => {
    const [dead, well] = [await personWithDevices(app, ['gone']), await personWithDevices(app, ['here'])]
    app.fcm.setToken('gone', 'unregistered')
    await queue(app.ctx, [newPush(dead), newPush(well)])
    await app.query('create function refuse() returns trigger language plpgsql as $$ begin raise exception $m$not now$m$; end $$; create trigger refuse before delete on devices execute function refuse()')
    await t.rejects(drainPushes(app.ctx, 'normal'))
    await eventually(async () => (await rows(app, well))[0]!.state === 'sent', 'what was sent is known')
    await app.query('drop trigger refuse on devices; drop function refuse()')
    t.match(await rows(app, dead), [{ state: 'dropped', reason: 'no_device' }])
  })
})
