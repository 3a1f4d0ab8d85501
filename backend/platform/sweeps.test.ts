import pg from 'pg'
import t, { type Test } from 'tap'
import { startBackground, type Background } from '../testing/background.ts'
import { eventually } from '../testing/wait.ts'
import { sql } from './drizzle.ts'
import { startSweeps, type Watched } from './sweeps.ts'

/** Every statement to this database from now on, as it is sent: whatever was in this process before may still have something to say to its own. */
function listen(t: Test, { db }: Background): string[] {
  const sent: string[] = []
  const kept = Object.getOwnPropertyDescriptor(pg.Client.prototype, 'query')!
  const plain = kept.value as (...given: unknown[]) => unknown
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [first] = given as [string | { text: string }]
    if (this.database === db.name) sent.push(typeof first === 'string' ? first : first.text)
    return plain.apply(this, given)
  } as typeof pg.Client.prototype.query
  t.teardown(() => {
    Object.defineProperty(pg.Client.prototype, 'query', kept)
  })
  return sent
}

const isLook = (text: string) => text.includes(' as place where ')

t.test('what is watched', async (t) => {
  const app = await startBackground(t, { started: false })
  const watch = (watched: Watched[]) => {
    const sweeps = startSweeps(app.ctx, [], { everyMs: () => 20, watched })
    t.after(() => sweeps.stop(1000))
    return sweeps
  }
  const never = { isDue: () => sql`false`, run: async () => t.fail('it is not due') }

  await t.test('is asked for by one statement a look, and runs where it is due', async (t) => {
    const sent = listen(t, app)
    const ran = { first: 0, second: 0 }
    const sweeps = watch([
      { what: 'first', isDue: () => sql`app_now() > ${'2020-01-01'}::timestamptz`, run: async () => (ran.first += 1) },
      { what: 'never', ...never },
      { what: 'second', isDue: () => sql`true`, run: async () => (ran.second += 1) },
    ])
    await eventually(() => ran.first >= 5 && ran.second >= 5, 'both run at every look')
    await sweeps.stop(1000)
    t.ok(sent.every(isLook), 'nothing else is asked')
  })

  await t.test('goes on at once after a full batch, and looks again after any other', async (t) => {
    const sent = listen(t, app)
    const taken = [4, 4, 4, 3, 4, 1]
    const looks: number[] = []
    const sweeps = watch([{ what: 'batches', batch: 4, isDue: () => sql`${taken.length} > 0`, run: async () => {
      looks.push(sent.filter(isLook).length)
      return taken.shift() ?? 0
    } }])
    await eventually(() => taken.length === 0, 'all are taken')
    await sweeps.stop(1000)
    t.same(looks, [1, 1, 1, 1, 2, 2])
  })

  await t.test('keeps nobody back by a turn that hangs: it has as many hands as it says', async (t) => {
    const { promise: hangs, resolve: end } = Promise.withResolvers<void>()
    const begun = { one: 0, two: 0, beside: 0 }
    const sweeps = watch([
      { what: 'one', isDue: () => sql`true`, run: () => ((begun.one += 1), hangs) },
      { what: 'two', hands: 2, isDue: () => sql`true`, run: () => ((begun.two += 1), hangs) },
      { what: 'beside', isDue: () => sql`true`, run: async () => (begun.beside += 1) },
    ])
    await eventually(() => begun.beside >= 10, 'what is due beside them goes on')
    t.match(begun, { one: 1, two: 2 })
    let isStopped = false
    const stopping = sweeps.stop(30_000).then(() => (isStopped = true))
    t.notOk(isStopped, 'the end waits for turns that are under way')
    end()
    await stopping
    const { one, two } = begun
    t.same([one, two], [1, 2], 'and nothing is begun after it')
  })

  await t.test('looks for itself where one of the questions can’t be answered, and what fails comes again', async (t) => {
    const ran = { well: 0, failing: 0 }
    watch([
      { what: 'unasked', isDue: () => sql`exists (select from a_table_of_another_version)`, run: async () => 0 },
      { what: 'failing', isDue: () => sql`true`, run: async () => {
        ran.failing += 1
        throw new Error('it fails')
      } },
      { what: 'well', isDue: () => sql`true`, run: async () => (ran.well += 1) },
    ])
    await eventually(() => ran.well >= 3 && ran.failing >= 3, 'both are run')
    const errors = await countErrors(app)
    t.ok(errors['look']! >= 3 && errors['failing']! >= 3, JSON.stringify(errors))
  })
})

async function countErrors(app: Background): Promise<Partial<Record<string, number>>> {
  const { values } = await app.ctx.metrics.sweepErrors.get()
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['what']), value]))
}

t.test('an idle replica asks once a beat for all that is looked for together, and for few things else', async (t) => {
  const app = await startBackground(t, { started: false, housekeeping: false, timed: false, measureMs: 3_600_000, settings: { sweepMs: 20 } })
  const sent = listen(t, app)
  app.replicas[0]!.start()
  await eventually(() => sent.filter(isLook).length >= 30, 'it has looked')
  await app.replicas[0]!.stopWorker()
  // What is measured is asked for once, at the start.
  const again = [...Map.groupBy(sent.filter((text) => !isLook(text)), (text) => text)].filter(([, times]) => times.length > 3).map(([text]) => text)
  t.same(again.filter((text) => /\b(outbox|provider_inbox|refunds|payouts|mitra_schedules|break_until|announcements|notify_requests|message_flags|safety_cases|erasures|scheduled_notices|email_addresses|pushes|letters)\b/.test(text)), [])
  t.ok(again.length <= 12, `${again.length} statements a beat: ${again.join('; ')}`)
})
