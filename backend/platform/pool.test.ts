import t from 'tap'
import { sql } from './drizzle.ts'
import { createTestDatabase } from '../testing/database.ts'
import { by, startFaultProxy } from '../testing/fault-proxy.ts'
import { eventually } from '../testing/wait.ts'
import { createSql } from './database.ts'
import { createLog } from './log.ts'
import { createPool } from './pool.ts'
import { refusalOf } from './problem.ts'

const log = createLog({ level: 'silent', environment: 'test' })

t.test('connections that are silent, killed or refused', async (t) => {
  const db = await createTestDatabase()
  const way = await startFaultProxy(t)
  const pool = createPool({ url: by(way, db.url), max: 3, applicationName: 'pool-test', log, statementMs: 1500 })
  const handle = createSql(pool)
  t.teardown(async () => {
    await pool.end()
    await db.drop()
  })
  const works = () => pool.query('select 1').then(() => true, () => false)
  /** As many statements at once as there are connections. */
  const allWork = async () => (await Promise.all([1, 2, 3].map(works))).every(Boolean)
  const refused = async (work: Promise<unknown>) => refusalOf(await work.then(() => undefined, (error: unknown) => error))

  t.test('a statement of any kind ends in time, and says that the service is not ready', async (t) => {
    const slow = await refused(pool.query('select pg_sleep(60)'))
    t.match(slow, { code: 'not_ready', status: 503 })
    const [row] = (await pool.query<{ transaction_timeout: string; tcp_user_timeout: string }>(`select current_setting('transaction_timeout') as transaction_timeout, current_setting('tcp_user_timeout') as tcp_user_timeout`)).rows
    t.same(row, { transaction_timeout: '30s', tcp_user_timeout: '10000' })
  })

  t.test('transactions whose connection is killed before, in and at the end of them give it back', async (t) => {
    await allWork()
    for (const moment of ['begin', 'within', 'commit']) {
      for (let round = 0; round < 4; round++) {
        const kill = () => db.terminateBackends()
        // A connection that Postgres ends while nobody uses it may be handed out before anybody hears of that.
        const killing = moment === 'begin' ? kill() : undefined
        const outcome = await refused(handle.transaction(async (tx) => {
          await tx.execute(sql`select 1`)
          if (moment === 'begin') return
          await kill()
          if (moment === 'within') await tx.execute(sql`select 1`)
        }).then(() => Promise.reject(new Error('Connection terminated: it was faster'))))
        await killing
        t.match(outcome, { code: 'not_ready' }, `killed: ${moment}`)
      }
    }
    await eventually(allWork, 'no place of the pool is lost')
    t.ok(pool.totalCount <= 3)
  })

  t.test('a silent connection is thrown away, inside a transaction as well, and so are those that idled beside it', async (t) => {
    await eventually(allWork, 'it works')
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    t.equal(pool.idleCount, 3)
    way.halfOpen()
    const outcomes = await Promise.all([
      refused(pool.query('select 1')),
      refused(handle.transaction(async (tx) => void (await tx.execute(sql`select 1`)))),
    ])
    t.match(outcomes, [{ code: 'not_ready' }, { code: 'not_ready' }])
    t.equal(pool.totalCount, 0, 'nobody else meets a dead connection')
    await eventually(allWork, 'new ones work')
    t.equal(way.connections() >= 3, true, 'these are new ones')
  })

  t.test('a transaction that goes silent after its first statement rolls back and frees its locks', async (t) => {
    await pool.query('create temp table if not exists nothing (id int)').catch(() => undefined)
    const outcome = await refused(handle.transaction(async (tx) => {
      await tx.execute(sql`select 1`)
      way.blackhole()
      await tx.execute(sql`select 1`)
    }))
    t.match(outcome, { code: 'not_ready' })
    t.match(await refused(pool.query('select 1')), { code: 'not_ready' }, 'a new connection is not waited for either')
    const many = await Promise.all(Array.from({ length: 100 }, () => pool.query('select 1').then(() => 'answered', (error: Error) => error.message)))
    t.ok(many.filter((message) => message === 'Connection terminated: Postgres is away').length >= 99, 'and once that is known, one at a time tries')
    way.open()
    await eventually(allWork, 'and all is well when Postgres is back')
  })

  t.test('a short blackhole that loses nothing costs nothing but time', async (t) => {
    // With more patience than this process may stand still.
    const patient = createPool({ url: by(way, db.url), max: 1, applicationName: 'pool-test-patient', log, statementMs: 20_000 })
    t.teardown(() => patient.end())
    await patient.query('select 1')
    way.blackhole({ holds: true })
    const asked = patient.query<{ one: number }>('select 1 as one')
    setTimeout(() => way.open(), 300)
    t.same((await asked).rows, [{ one: 1 }])
  })

  t.test('refused and reset', async (t) => {
    way.cut()
    t.match(await refused(pool.query('select 1')), { code: 'not_ready' })
    way.open()
    await eventually(allWork, 'it is back')
    way.resetAfter(200, 'toClient')
    t.match(await refused(pool.query(`select repeat('x', 10000)`)), { code: 'not_ready' })
    way.open()
    await eventually(allWork, 'it is back again')
  })
})
