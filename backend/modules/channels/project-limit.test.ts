import { randomUUID } from 'node:crypto'
import t from 'tap'
import { personWithDevices, startBackground, type Background } from '../../testing/background.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { drainPushes, measurePushes, queuePushes, sweepPushes, type NewPush } from './index.ts'
import { hearLimit, heldSeconds } from './project-limit.ts'

type Row = { state: string; reason: string | null; tries: number; attempts: number; holds: number }
const rows = (app: Background, userId: string) => app.query<Row>('select state, reason, tries, attempts, holds from pushes where user_id = $1 order by id', [userId])
const calls = (app: Background) => app.simulators.control.calls('fcm.send')
const refuse = (app: Background, error: 429 | 503, retryAfterSeconds?: number) => app.simulators.control.setFaults({ fcm: { api: { error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) } } })

function queue(ctx: Ctx, people: readonly string[], more: Partial<NewPush> = {}): Promise<void> {
  return transact(ctx, (tx) => queuePushes(tx, people.map((userId) => {
    const key = randomUUID()
    return { userId, kind: 'session', dedupeKey: key, title: 'Judul', body: 'Isi', data: { kind: 'session' }, tag: key, ttlSeconds: 3600, priority: 'normal', ...more }
  })))
}

t.test('what FCM says of the whole project', async (t) => {
  const app = await startBackground(t, { started: false, replicas: 6 })
  await app.clock.stop()
  const people = await Promise.all(Array.from({ length: 130 }, (_, index) => personWithDevices(app, [`phone-${index}`])))
  let nowMs = 0
  const advance = (seconds: number) => {
    nowMs += seconds * 1000
    return app.clock.advance(seconds)
  }
  /** A replica that has heard nothing yet, and the jobs that it sets. */
  const replica = (index: number) => {
    const jobs: { queue: string; delayMs: number }[] = []
    const ctx: Ctx = { ...app.replicas[index]!.ctx, clock: { nowMs: () => nowMs, heard: () => {} }, enqueue: (name, _id, options) => void jobs.push({ queue: name, delayMs: options?.delayMs ?? 0 }) }
    return { ctx, jobs }
  }
  const heldFor = async (ctx: Ctx) => {
    await measurePushes(ctx)
    return Number(/^push_held_seconds (\S+)$/m.exec(await ctx.metrics.registry.metrics())![1])
  }
  t.beforeEach(async () => {
    await app.query('delete from pushes')
    app.simulators.control.reset()
  })

  t.test('a flood that FCM wants no more of waits below urgent, and spends no tries', async (t) => {
    const { ctx, jobs } = replica(0)
    refuse(app, 429, 30)
    await queue(ctx, people)
    t.equal(await heldFor(ctx), 0)
    t.equal(await drainPushes(ctx, 'normal'), 100)
    t.equal(calls(app), 100)
    const held = await heldFor(ctx)
    t.ok(held >= 30 && held <= 33, `${held} s`)
    jobs.length = 0
    await queue({ ...ctx, enqueue: () => {} }, people.slice(0, 3), { priority: 'high' })
    for (const lane of ['high', 'normal', 'low', 'normal'] as const) t.equal(await drainPushes(ctx, lane), 0, lane)
    await advance(5)
    for (const lane of ['high', 'normal', 'low'] as const) t.equal(await sweepPushes(ctx, lane), 0, `${lane}, swept`)
    t.equal(calls(app), 100, 'nothing was called for')
    t.same(jobs.map((job) => job.queue), ['pushes-high', 'pushes', 'pushes-low'], 'each lane is woken once')
    t.ok(jobs.every(({ delayMs }) => delayMs >= 30_000 && delayMs <= 33_000), 'when FCM may be asked again')
    t.same(await app.query('select tries, count(*)::int as pushes from pushes group by 1 order by 1'), [{ tries: 0, pushes: 33 }, { tries: 1, pushes: 100 }])

    await queue(ctx, people.slice(0, 1), { kind: 'offer', priority: 'urgent', ttlSeconds: 20 })
    t.equal(await drainPushes(ctx, 'urgent'), 1)
    t.match((await rows(app, people[0]!)).at(-1), { state: 'dropped', reason: 'expired', tries: 1 }, 'a ring tries, and is not waited for')

    // Over, and FCM has not changed its mind: a few find that out.
    await advance(33)
    const before = calls(app)
    jobs.length = 0
    t.equal(await drainPushes(ctx, 'normal'), 10)
    t.equal(await drainPushes(ctx, 'normal'), 0)
    t.equal(calls(app), before + 10)
    t.ok(jobs.every(({ delayMs }) => delayMs > 0), 'nobody is woken before it is known')

    app.simulators.control.reset()
    await advance(34)
    t.equal(await drainPushes(ctx, 'normal'), 10)
    for (const lane of ['high', 'normal', 'normal'] as const) await drainPushes(ctx, lane)
    t.equal(await heldFor(ctx), 0)
    t.same(await app.query(`select state, count(*)::int as pushes, max(tries) as tries from pushes where kind = 'session' group by 1`), [{ state: 'sent', pushes: 133, tries: 2 }])
  })

  t.test('what was claimed before is put back without a try', async (t) => {
    const { ctx } = replica(1)
    refuse(app, 429, 30)
    await queue(ctx, people.slice(0, 5), { priority: 'low' })
    await queue(ctx, people.slice(5, 8))
    const [asked, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const low = drainPushes(ctx, 'low', { all: [async () => {
      asked.resolve()
      await mayGoOn.promise
      return new Map()
    }] })
    await asked.promise
    await drainPushes(ctx, 'normal')
    mayGoOn.resolve()
    await low
    t.equal(calls(app), 3)
    t.match(await rows(app, people[0]!), [{ state: 'queued', reason: 'provider_limit', tries: 0, attempts: 1, holds: 1 }])
    app.simulators.control.reset()
    await advance(34)
    t.equal(await drainPushes(ctx, 'low'), 5)
    t.match(await rows(app, people[0]!), [{ state: 'sent', tries: 1 }])
  })

  t.test('one person’s device that gets too much, and a failure without a time, hold nobody', async (t) => {
    const { ctx } = replica(2)
    app.fcm.setToken('phone-0', { behaviour: 'quota-exceeded', retryAfterSeconds: 30 })
    for (let time = 0; time < 3; time++) {
      await queue(ctx, people.slice(0, 1))
      await drainPushes(ctx, 'normal')
    }
    t.equal(await heldFor(ctx), 0)
    await queue(ctx, people.slice(0, 2))
    await drainPushes(ctx, 'normal')
    t.match(await rows(app, people[1]!), [{ state: 'sent' }])
    t.equal(await heldFor(ctx), 0, 'FCM takes what is for others')
    refuse(app, 503)
    await queue(ctx, people)
    await drainPushes(ctx, 'normal')
    t.equal(await heldFor(ctx), 0)
  })

  t.test('a 503 that says until when holds as well, and nobody is believed for a day', async (t) => {
    const { ctx } = replica(3)
    refuse(app, 503, 86_400)
    await queue(ctx, people.slice(0, 3), { ttlSeconds: 60 })
    await drainPushes(ctx, 'normal')
    const held = await heldFor(ctx)
    t.ok(held >= 300 && held <= 330, `${held} s`)
    t.match(await rows(app, people[0]!), [{ state: 'dropped', reason: 'expired' }], 'what would come too late is dropped, as ever')
  })

  t.test('who was asked before a hold ends nothing by being taken', (t) => {
    const { ctx } = replica(4)
    const say = (result: Parameters<typeof hearLimit>[1][number]['results'][number], ...names: string[]) => hearLimit(ctx, names.map((userId) => ({ push: { userId }, results: [result] })), names.length, () => 0)
    const limited = { outcome: 'retry', afterSeconds: 30, reason: 'message-rate-exceeded' } as const
    say(limited, 'a')
    say({ outcome: 'accepted' }, 'c')
    say(limited, 'b')
    t.equal(heldSeconds(ctx, 'high'), 0, 'one at a time, and FCM takes others between')
    nowMs += 30_000
    say(limited, 'a')
    t.equal(heldSeconds(ctx, 'high'), 0, 'what was over before says nothing any more')
    say(limited, 'b')
    t.equal(heldSeconds(ctx, 'high'), 30)
    t.equal(heldSeconds(ctx, 'urgent'), 0)
    say({ outcome: 'accepted' }, 'c', 'd')
    t.equal(heldSeconds(ctx, 'high'), 30)
    say({ ...limited, afterSeconds: 10 }, 'a', 'b')
    t.equal(heldSeconds(ctx, 'high'), 30, 'never shorter')
    t.end()
  })

  t.test('a call is judged as a whole, whatever of it comes late', (t) => {
    const { ctx } = replica(5)
    const said = (outcome: 'accepted' | 'limited', ...names: string[]) => names.map((userId) => ({
      push: { userId }, results: [outcome === 'accepted' ? { outcome } as const : { outcome: 'retry', afterSeconds: undefined, reason: 'message-rate-exceeded' } as const],
    }))
    const hear = (...parts: ReturnType<typeof said>) => hearLimit(ctx, parts, 10, () => 0)
    const refused = said('limited', 'a', 'b')
    hear(...refused)
    t.equal(heldSeconds(ctx, 'high'), 0, 'two of ten are not most of them')
    hear(...refused, ...said('accepted', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'))
    t.equal(heldSeconds(ctx, 'high'), 0, 'the others were taken, a second later')
    hear(...said('limited', 'a', 'b', 'c', 'd', 'e'))
    t.equal(heldSeconds(ctx, 'high'), 0)
    hear(...said('limited', 'a', 'b', 'c', 'd', 'e', 'f'))
    t.equal(heldSeconds(ctx, 'high'), 60, 'most of it, whatever the others hear: a minute, where no time is named')
    t.end()
  })
})
