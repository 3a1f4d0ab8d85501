import { randomUUID } from 'node:crypto'
import { Redis } from 'iovalkey'
import t from 'tap'
import { z } from 'zod'
import type { Ctx } from './platform/ctx.ts'
import { sql } from './platform/drizzle.ts'
import { transact } from './platform/database.ts'
import { reaction, reactionsByTopic, runOutboxRow, writeOutbox, type OutboxEntry, type Reaction } from './platform/outbox.ts'
import { QUEUE_PREFIX } from './platform/queues.ts'
import { startBackground, type Background, type BackgroundOptions } from './testing/background.ts'
import { eventually } from './testing/wait.ts'
import type { Test } from 'tap'

/** Who waited for what never comes would wait for ever; a busy machine alone takes its seconds. */
const WITHIN_MS = 20_000
const payload = z.object({ id: z.uuid() })

/** Writes down each time it runs; twice for one id is a double effect. */
const noting = (topic: string, before?: (ctx: Ctx, id: string) => Promise<void>): Reaction => reaction({
  topic, payload,
  async run(ctx, { id }) {
    await before?.(ctx, id)
    await ctx.sql.execute(sql`insert into effects (id, topic) values (${id}, ${topic})`)
  },
})

/** Replicas with a table in which the tests' reactions write down what they did. */
async function start(t: Test, options: BackgroundOptions & { held?: boolean } = {}): Promise<Background> {
  const app = await startBackground(t, { ...options, started: false })
  await app.query('create table effects (id uuid not null, topic text not null, at timestamptz not null default clock_timestamp()); grant all on effects to public')
  if (!options.held) for (const replica of app.replicas) replica.start()
  return app
}

const entries = (topic: string, count: number): OutboxEntry[] => Array.from({ length: count }, () => ({ topic, payload: { id: randomUUID() } }))
const write = (ctx: Ctx, some: OutboxEntry[]) => transact(ctx, (tx) => writeOutbox(tx, some))
const isDone = async (app: Background) => (await app.query<{ left: number }>('select count(*)::int as left from outbox where done_at is null and parked_at is null'))[0]!.left === 0
const effects = async (app: Background) => (await app.query<{ id: string; topic: string }>('select id, topic from effects')).map(({ id }) => id)

t.test('20 writers that commit out of order: not one of 2,000 rows is skipped, and none runs twice', async (t) => {
  const app = await start(t, { replicas: 2, reactions: [noting('test.count')], settings: { sweepMs: 50 } })
  const written: string[] = []
  await Promise.all(Array.from({ length: 20 }, async (_, writer) => {
    const { ctx } = app.replicas[writer % 2]!
    for (let turn = 0; turn < 10; turn++) {
      const some = entries('test.count', 10)
      await transact(ctx, async (tx) => {
        await writeOutbox(tx, some)
        // Rows with older ids become visible after rows with newer ones.
        await tx.sql.execute(sql`select pg_sleep(${(writer % 5) / 100})`)
      })
      written.push(...some.map((entry) => entry.payload['id']!))
    }
  }))
  await eventually(() => isDone(app), 'all is done', { timeoutMs: 60_000 })
  const ran = await effects(app)
  t.equal(ran.length, 2000)
  t.same(new Set(ran), new Set(written))
  // Where Valkey stood still while they were written, the sweeps have done them all.
  const byJobs = async () => (await app.replicas[0]!.ctx.metrics.outboxDone.get()).values.some(({ labels, value }) => labels['by'] === 'job' && value > 0)
  await eventually(async () => (await byJobs()) || write(app.ctx, entries('test.count', 5)).then(() => false), 'jobs do it as well')
})

t.test('a row that is due later runs then', async (t) => {
  const app = await start(t, { reactions: [noting('test.later')] })
  const [entry] = entries('test.later', 1)
  await write(app.ctx, [{ ...entry!, dueInSeconds: 600 }])
  await app.clock.advance(300)
  await write(app.ctx, entries('test.later', 1))
  await eventually(async () => (await effects(app)).length === 1, 'the one that is due')
  t.notOk(await isDone(app))
  await app.clock.advance(301)
  await eventually(() => isDone(app), 'the later one')
  t.same((await effects(app)).at(-1), entry!.payload['id'])
})

t.test('a reaction that fails after its claim ran out leaves the row to who follows', async (t) => {
  const app = await start(t, { held: true })
  const ends: { resolve(): void; reject(error: Error): void }[] = []
  const reactions = reactionsByTopic([noting('test.late', () => {
    const { promise, ...end } = Promise.withResolvers<void>()
    ends.push(end)
    return promise
  })])
  await write(app.ctx, entries('test.late', 1))
  const [row] = await app.query<{ id: string }>('select id from outbox')
  const late = runOutboxRow(app.ctx, reactions, row!.id, 'job')
  await eventually(() => ends.length === 1, 'the first is at it')
  await app.clock.advance(31)
  const follower = runOutboxRow(app.ctx, reactions, row!.id, 'sweep')
  await eventually(() => ends.length === 2, 'another follows')
  ends[0]!.reject(new Error('too late'))
  await late
  t.match(await app.query('select attempts, claimed_until is not null as is_claimed, last_error from outbox'), [{ attempts: 2, is_claimed: true, last_error: null }])
  ends[1]!.resolve()
  await follower
  t.ok(await isDone(app))
  t.equal((await effects(app)).length, 1)
})

t.test('Valkey wiped, stopped, hanging and never there: everything is done, once, and nobody waits', async (t) => {
  const app = await start(t, { replicas: 2, reactions: [noting('test.valkey')] })
  const client = new Redis(app.valkey.url)
  client.on('error', () => {})
  t.after(() => client.disconnect())
  let total = 0
  const round = async (name: string, count = 50) => {
    const startedAt = performance.now()
    await Promise.all(app.replicas.map(({ ctx }) => write(ctx, entries('test.valkey', count / 2))))
    const tookMs = performance.now() - startedAt
    total += count
    await eventually(() => isDone(app), `${name}: all is done`, { timeoutMs: 30_000 })
    t.equal(new Set(await effects(app)).size, total, name)
    t.equal((await effects(app)).length, total, `${name}: once`)
    return tookMs
  }
  await round('with Valkey')
  for (let wipe = 0; wipe < 3; wipe++) {
    const some = round(`wiped (${wipe + 1})`)
    await client.flushall()
    await some
  }
  app.valkey.kill('SIGSTOP')
  t.ok((await round('hanging')) < WITHIN_MS, 'a commit does not wait for a queue')
  app.valkey.kill('SIGCONT')
  await round('hanging no more')
  await app.valkey.stop()
  t.ok((await round('stopped')) < WITHIN_MS)
  const rescued = await app.ctx.metrics.sweepRescues.get()
  t.ok(rescued.values.some(({ labels, value }) => labels['what'] === 'outbox' && value > 0), 'the sweep did it')
})

t.test('workers that started without Valkey, and lost it, hear of jobs again when it is back', async (t) => {
  const app = await start(t, { held: true, reactions: [noting('test.back')] })
  const { startValkey } = await import('./testing/servers/valkey.ts')
  await app.valkey.stop()
  app.replicas[0]!.start()
  await write(app.ctx, entries('test.back', 5))
  await eventually(() => isDone(app), 'the sweep alone')
  const jobsDone = async () => (await app.ctx.metrics.outboxDone.get()).values.find(({ labels }) => labels['by'] === 'job')?.value ?? 0
  for (let turn = 1; turn <= 2; turn++) {
    const valkey = await startValkey({ port: app.valkey.port })
    t.after(() => valkey.stop())
    const before = await jobsDone()
    await eventually(async () => {
      await write(app.ctx, entries('test.back', 1))
      return (await jobsDone()) > before
    }, `jobs run again (${turn})`, { timeoutMs: 60_000 })
    await valkey.stop()
  }
  await eventually(() => isDone(app), 'all is done')
  const ran = await effects(app)
  t.equal(new Set(ran).size, ran.length)
})

t.test('a worker that died in the middle of a row is followed after its lease', async (t) => {
  const app = await start(t, { reactions: [noting('test.lease')] })
  await app.query(`insert into outbox (id, topic, payload, attempts, claimed_until) values (gen_random_uuid(), 'test.lease', jsonb_build_object('id', gen_random_uuid()), 1, app_now() + interval '10 minutes')`)
  await write(app.ctx, entries('test.lease', 1))
  await eventually(async () => (await effects(app)).length === 1, 'the other row')
  t.notOk(await isDone(app))
  await app.clock.advance(601)
  await eventually(() => isDone(app), 'the row of the dead worker')
  t.equal((await effects(app)).length, 2)
})

t.test('a reaction that fails is tried later and then parked; one that kills its worker every time is parked too', async (t) => {
  const failing = noting('test.poison', () => Promise.reject(new Error('poison')))
  const app = await start(t, { reactions: [failing, noting('test.well'), noting('test.deadly')] })
  await write(app.ctx, [...entries('test.poison', 1), { topic: 'test.unknown', payload: { id: randomUUID() } }, { topic: 'test.well', payload: { id: 'not an id' } }, ...entries('test.well', 3)])
  await app.query(`insert into outbox (id, topic, payload, attempts) values (gen_random_uuid(), 'test.deadly', jsonb_build_object('id', gen_random_uuid()), 12)`)
  await eventually(async () => (await effects(app)).length === 3, 'the others are done meanwhile')
  await eventually(async () => {
    await app.clock.advance(400)
    return isDone(app)
  }, 'all is done or parked', { timeoutMs: 90_000 })
  const parked = await app.query<{ topic: string; attempts: number; last_error: string }>('select topic, attempts, last_error from outbox where parked_at is not null order by topic')
  t.match(parked, [
    { topic: 'test.deadly' }, { topic: 'test.poison', last_error: 'Error' }, { topic: 'test.unknown' }, { topic: 'test.well', last_error: 'ZodError' },
  ])
  // The clock jumps over leases here: on a slow machine a row is claimed again while its last claim is still at work.
  t.ok(parked.every(({ topic, attempts }) => attempts >= (topic === 'test.deadly' ? 13 : 12)), 'not before its tries are used up')
  t.equal((await effects(app)).length, 3)
})

t.test('two reactions to one topic are refused', async (t) => {
  t.throws(() => reactionsByTopic([noting('test.a'), noting('test.b'), noting('test.a')]), { message: 'two reactions to test.a' })
})

t.test('the schedulers come back after a wipe, and each task runs', async (t) => {
  const app = await start(t, { replicas: 2, scheduleMs: 100 })
  const client = new Redis(app.valkey.url)
  t.after(() => client.disconnect())
  const schedulers = () => client.zcard(`${QUEUE_PREFIX}:housekeeping:repeat`)
  await eventually(async () => (await schedulers()) >= 6, 'schedulers at boot')
  await client.flushall()
  await eventually(async () => (await schedulers()) >= 6, 'schedulers after a wipe')

  await app.query(`
    insert into outbox (id, topic, payload, done_at) select gen_random_uuid(), 'old', '{}', app_now() - interval '8 days' from generate_series(1, 1200);
    insert into outbox (id, topic, payload, done_at) values (gen_random_uuid(), 'new', '{}', app_now());
    insert into outbox (id, topic, payload, parked_at) values (gen_random_uuid(), 'parked', '{}', app_now() - interval '90 days');
    insert into idempotency_keys (scope, key, request_hash, expires_at) values ('s', 'old', '', app_now() - interval '1 second'), ('s', 'new', '', app_now() + interval '1 day');
    insert into otp_challenges (id, phone_hash, phone_encrypted, phone_prefix, kind, ip, channel, created_at, expires_at, resend_at)
      select gen_random_uuid(), '', '', '', 'mitra', '', 'test', t, t, t from unnest(array[app_now(), app_now() - interval '4 days']) t;
    insert into provider_inbox (id, provider, kind, body_sha256, body, state, settled_at) values
      (gen_random_uuid(), 'xendit', 'invoice', 'a', '', 'applied', app_now() - interval '31 days'), (gen_random_uuid(), 'xendit', 'invoice', 'b', '', 'applied', app_now()),
      (gen_random_uuid(), 'xendit', 'invoice', 'c', '', 'parked', app_now() - interval '31 days')`)
  // Schedulers that are new run their task at once.
  await client.flushall()
  const left = async () => (await app.query(`select (select count(*)::int from outbox) as outbox, (select count(*)::int from idempotency_keys) as keys,
    (select count(*)::int from otp_challenges) as challenges, (select count(*)::int from provider_inbox) as inbox`))[0]
  const wanted = { outbox: 2, keys: 1, challenges: 1, inbox: 2 }
  await eventually(async () => JSON.stringify(await left()) === JSON.stringify(wanted), 'what is old is gone').catch(() => {})
  t.same(await left(), wanted)
})

t.test('what waits too long shows in the metric', async (t) => {
  const app = await start(t, { held: true })
  await app.query(`insert into outbox (id, topic, payload, due_at, claimed_until) values (gen_random_uuid(), 'test.stuck', '{}', app_now() - interval '100 seconds', app_now() + interval '1 hour')`)
  app.replicas[0]!.start()
  const age = await eventually(async () => (await app.ctx.metrics.outboxOldestSeconds.get()).values[0]?.value, 'measured')
  t.ok(age >= 100 && age < 160)
})

t.test('a sweep that fails is counted and goes on', async (t) => {
  const app = await start(t, { reactions: [noting('test.sweep')] })
  await app.query('alter table outbox rename to away')
  await eventually(async () => (await app.ctx.metrics.sweepErrors.get()).values.some(({ labels }) => labels['what'] === 'outbox'), 'counted')
  await app.query('alter table away rename to outbox')
  await write(app.ctx, entries('test.sweep', 3))
  await eventually(() => isDone(app), 'it goes on')
})

t.test('stopping', async (t) => {
  t.test('finishes what is under way', async (t) => {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const app = await start(t, { reactions: [noting('test.slow', async () => {
      started.resolve()
      await gate.promise
    })] })
    await write(app.ctx, entries('test.slow', 1))
    await started.promise
    const stopping = app.replicas[0]!.stopWorker(20_000)
    gate.resolve()
    await stopping
    t.ok(await isDone(app))
    await write(app.ctx, entries('test.slow', 1))
    t.equal((await effects(app)).length, 1)
  })

  for (const [name, trouble] of [['hangs', 'SIGSTOP'], ['is gone', 'SIGKILL']] as const) {
    t.test(`keeps to its deadline while Valkey ${name}`, async (t) => {
      const app = await start(t, { reactions: [noting('test.stop')] })
      await write(app.ctx, entries('test.stop', 5))
      await eventually(() => isDone(app), 'work before')
      app.valkey.kill(trouble)
      await eventually(() => !app.ctx.valkey.isUp() || app.ctx.valkey.attempt((client) => client.ping()).then(() => false), 'Valkey is missed')
      const startedAt = performance.now()
      await app.replicas[0]!.stop()
      t.ok(performance.now() - startedAt < WITHIN_MS, `stopped in ${Math.round(performance.now() - startedAt)} ms`)
    })
  }

  t.test('keeps to its deadline with a reaction that never ends, whose row is left to others', async (t) => {
    const started = Promise.withResolvers<void>()
    const app = await start(t, { reactions: [noting('test.endless', () => {
      started.resolve()
      return new Promise(() => {})
    })] })
    await write(app.ctx, entries('test.endless', 1))
    await started.promise
    const startedAt = performance.now()
    await app.replicas[0]!.stopWorker(1000)
    t.ok(performance.now() - startedAt < WITHIN_MS)
    t.notOk(await isDone(app))
  })
})
