import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { clearStage, packageOf, stage, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { flushTold, judgeEstimates, purgeEstimates, refreshHabits, tellWaiting } from './index.ts'

type Estimate = { session_id: string; told_at: Date; position: number; p50_seconds: number | null; p90_seconds: number | null; outcome: string | null; verdict: string | null; waited_seconds: number | null }

t.test('waiting times: foretold, told, kept, compared', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, waitTellSeconds: 300, anonymousRequests: 1_000_000 }, worker: { housekeeping: false, timed: false } })
  const { ctx } = app.replicas[0]!
  const { id: packageId } = await packageOf(app, 15)
  t.beforeEach(() => clearStage(app))
  const told = async (): Promise<Estimate[]> => {
    for (const replica of app.replicas) await flushTold(replica.ctx)
    return app.query<Estimate>('select * from wait_estimates order by told_at, position')
  }
  const forget = async () => {
    await told()
    await app.query('delete from wait_estimates')
  }
  const ask = async (count: number) => {
    const people = await crowd(app, { kind: 'customer', count })
    const ids: string[] = []
    for (const person of people) ids.push((await expect(201, startSession(person, { packageId }))).body.session.id)
    return people.map((person, at) => ({ person, id: ids[at]! }))
  }

  await t.test('how people behave is measured from what they did', async (t) => {
    await stage(app, 'ended')
    await clearStage(app)
    await stage(app, 'expired')
    await clearStage(app)
    await stage(app, 'unserved')
    const [mitra] = await crowd(app, { kind: 'mitra', count: 1 })
    for (const online of [true, false]) await expect(200, mitra!.call('PUT', '/api/v1/mitra/status', { body: { online } }))
    await refreshHabits(ctx)
    await refreshHabits(ctx)
    const rows = await app.query<{ what: string; samples: number; exposure: number; quantiles: number[] | null }>('select * from wait_habits')
    const of = (what: string) => rows.find((row) => row.what === what)
    t.match(of('served'), { samples: 1 })
    t.ok(of('served')!.quantiles!.length === 65 && of('served')!.quantiles![0]! < 0.2, 'ended early')
    t.match(of('paidShare'), { samples: 2, exposure: 3, quantiles: null })
    t.match(of('acceptedShare'), { samples: 1, exposure: 2 })
    t.ok(of('unpaid')!.quantiles!.every((seconds, at, all) => at === 0 || seconds >= all[at - 1]!))
    t.ok(of('mitrasComing')!.samples >= 1 && of('mitraGoing')!.samples >= 1, 'who came online, and went')
  })

  await t.test('whoever joins is told the end that is known; nobody there, no promise', async (t) => {
    const scene = await stage(app, 'active')
    const [first, second] = await ask(2)
    const wait = async (one: typeof first) => (await one!.person.call('GET', `/api/v1/sessions/${one!.id}`)).body.session.queue
    const [before, behind] = [await wait(first), await wait(second)]
    t.same([before.position, behind.position], [1, 2])
    t.ok(before.waitSeconds.p50 > 600 && before.waitSeconds.p50 <= before.waitSeconds.p90, JSON.stringify(before))
    t.ok(behind.waitSeconds.p50 > before.waitSeconds.p50, JSON.stringify(behind))
    await scene.travel(800)
    const later = await eventually(async () => {
      const queue = await wait(first)
      return queue.waitSeconds.p50 < before.waitSeconds.p50 - 400 && queue
    }, 'the end comes nearer')
    t.ok(later.waitSeconds.p50 <= 300)
  })

  await t.test('every estimate that was told is kept once, compared with what happened, counted, and in the report', async (t) => {
    await forget()
    const scene = await stage(app, 'active')
    const [first, second, third, fourth] = await ask(4)
    await Promise.all([1, 2, 3].map(() => first!.person.call('GET', `/api/v1/sessions/${first!.id}`)))
    t.ok((await told()).length >= 4)
    const viewer = await staffByRows(app, 'viewer')
    // What was announced when they asked may be told a moment later, once; what staff look at would be told each time.
    await eventually(async () => {
      const before = (await told()).length
      await expect(200, viewer.call('GET', `/sessions/${first!.id}`))
      return (await told()).length === before
    }, 'what staff look at is told to nobody')
    t.equal(new Set((await told()).map((row) => row.session_id)).size, 4)
    t.equal(await judgeEstimates(ctx, 100), 0, 'nothing has happened yet')

    // The first and the fourth were told so long ago that the p50 is over, the third that even the p90 is.
    const age = (id: string, column: string) => app.query<Estimate>(`update wait_estimates set told_at = told_at - make_interval(secs => ${column} + 1) where session_id = $1 returning *`, [id])
    const keyOf = (row: Estimate) => `${row.session_id} ${row.told_at.toISOString()}`
    const aged = new Set([...(await age(first!.id, 'p50_seconds')), ...(await age(fourth!.id, 'p50_seconds')), ...(await age(third!.id, 'p90_seconds'))].map(keyOf))
    await expect(200, scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await eventually(async () => (await app.query(`select 1 from chat_sessions where id = $1 and state = 'held'`, [first!.id])).length > 0, 'the first has a place')
    for (const one of [second, third, fourth]) await expect(200, one!.person.call('POST', `/api/v1/sessions/${one!.id}/cancel`))
    await Promise.all(app.replicas.map((replica) => judgeEstimates(replica.ctx, 100)))
    // When others leave, who is still there may be told anew: that is not what is compared here.
    const judged = Map.groupBy((await told()).filter((row) => row.outcome !== null && (row.session_id === second!.id || aged.has(keyOf(row)))), (row) => row.session_id)
    const of = (id: string) => [...new Set(judged.get(id)!.map((row) => `${row.outcome} ${row.verdict}`))]
    t.same([first, second, third, fourth].map((one) => of(one!.id)), [['found within_p90'], ['left left_before'], ['left late'], ['left left_between']])
    const counted = (await Promise.all(app.replicas.map(async (replica) => (await replica.ctx.metrics.registry.getMetricsAsJSON()).find(({ name }) => name === 'wait_estimates_total')?.values ?? []))).flat()
    const total = counted.reduce((sum, one) => sum + one.value, 0)
    t.ok(total >= judged.values().reduce((sum, rows) => sum + rows.length, 0), 'each is counted where it was compared')

    const day = (at: Date) => new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
    const today = await app.clock.now()
    const query = `from=${day(new Date(today.getTime() - 86_400_000))}&until=${day(today)}`
    const report = await viewer.call('GET', `/reports/waiting-times?${query}`)
    t.match(report, { status: 200, body: { name: 'waiting-times', isComplete: true } })
    const at = (name: string) => report.body.header.indexOf(name) as number
    const firsts = (report.body.rows as (string | number)[][]).filter((row) => row[at('place')] === 'first told')
    const sum = (name: string) => firsts.reduce((all, row) => all + Number(row[at(name)]), 0)
    t.same([sum('told'), sum('within_p50'), sum('within_p90'), sum('late'), sum('left_before'), sum('left_between'), sum('open')], [4, 0, 1, 1, 1, 1, 0])
    const csv = await viewer.call('GET', `/reports/waiting-times?${query}&format=csv`)
    t.match(csv.text, /^day,place,told,within_p50,within_p90,late,left_before,left_between,/)
    t.equal((await viewer.call('GET', '/reports/ledger-entries')).status, 403, 'money is not shown with it')
  })

  await t.test('those who wait are told when their place or time changes, and only then', async (t) => {
    await forget()
    await stage(app, 'active')
    const [first, second] = await ask(2)
    const socket = await connect(second!.person.on(1))
    const queues = () => socket.frames.filter((frame) => frame.type === 'session:updated').map((frame) => (frame['session'] as { queue?: { position: number; waitSeconds: { p50: number } } }).queue)
    await eventually(async () => (await told()).some((row) => row.session_id === second!.id), 'they were told once')
    // A time may change materially between two moments of a slow machine: that is told, once, and then there is nothing new.
    const untilQuiet = () => eventually(async () => {
      const count = await tellWaiting(ctx)
      await told()
      return count === 0
    }, 'nothing new')
    await untilQuiet()
    await expect(200, first!.person.call('POST', `/api/v1/sessions/${first!.id}/cancel`))
    await tellWaiting(ctx)
    await eventually(async () => (await told()).some((row) => row.session_id === second!.id && row.position === 1), 'one step nearer')
    await untilQuiet()
    await eventually(async () => {
      await app.query(`update wait_estimates set told_at = told_at - interval '61 seconds'`)
      await tellWaiting(ctx)
      return queues().at(-1)?.position === 1
    }, 'now and then in any case: what was lost on the way comes again')
    t.same([...new Set((await told()).filter((row) => row.session_id === second!.id).map((row) => row.position))], [2, 1], 'the place behind, then the one in front')
    await socket.close()
  })

  await t.test('who waits for one mitra alone is cancelled when that one goes: all of them in one transaction, each told', async (t) => {
    const scene = await stage(app, 'active', { named: true })
    const people = await crowd(app, { kind: 'customer', count: 5 })
    for (const [at, person] of people.entries()) await expect(201, startSession(person, { packageId, mitraId: scene.mitra.id, anyMitra: at === 0 }))
    await expect(200, scene.mitra.call('PUT', '/api/v1/mitra/status', { body: { online: false } }))
    const rows = () => app.query<{ customer_id: string; state: string; end_reason: string | null; transaction: string }>('select customer_id, state, end_reason, xmin::text as transaction from chat_sessions where customer_id = any($1) order by id', [people.map(({ id }) => id)])
    await eventually(async () => (await rows()).filter(({ state }) => state === 'cancelled').length === 4, 'those who would take nobody else')
    const found = await rows()
    t.same(found.map(({ state, end_reason: reason }) => [state, reason]), [['queued', null], ...people.slice(1).map(() => ['cancelled', 'mitra_unavailable'])])
    t.equal(new Set(found.slice(1).map(({ transaction }) => transaction)).size, 1)
    const told = await app.query<{ count: number }>(`select count(*)::int as count from notifications where user_id = any($1) and kind = 'session'`, [people.slice(1).map(({ id }) => id)])
    t.equal(told[0]!.count, 4)
  })

  await t.test('what was told long ago is removed', async (t) => {
    const before = (await told()).length
    await app.query(`update wait_estimates set told_at = told_at - interval '31 days' where (session_id, told_at) in (select session_id, told_at from wait_estimates limit 1)`)
    await purgeEstimates(ctx, 500)
    t.equal((await told()).length, before - 1)
  })
})
