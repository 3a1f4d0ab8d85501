import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { personWithDevices, startBackground } from '../../testing/background.ts'
import { transact } from '../../platform/database.ts'
import { refreshRollup } from '../../platform/rollups.ts'
import { ackPushes } from './ack-pushes.ts'
import { NOTICE_DAYS } from './rollups.ts'
import { sumNotices } from './report-notices.ts'

t.test('phones that tell late of a day that was added up', async (t) => {
  const app = await startBackground(t, { started: false })
  const { ctx } = app
  await app.clock.stop()
  const userId = await personWithDevices(app)
  const ids = Array.from({ length: 40 }, () => randomUUID())
  await app.query(`
    insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, state, created_at, due_at, expires_at, sent_at, accepted_at, settled_at)
    select id, $1, 'session', 'tag', 'Title', 'Body', '{}', id::text, 'sent', at, at, at, at, at, at from unnest($2::uuid[]) id, lateral (select app_now() - interval '2 days' as at) x`, [userId, ids])
  const [{ day } = { day: '' }] = await app.query<{ day: string }>(`select day_of(app_now() - interval '2 days')::text as day`)
  const changes = () => app.query<{ from_day: string }>(`select from_day::text from rollup_changes where rollup = 'notices'`)
  const ack = (id: string) => transact(ctx, (tx) => ackPushes(tx, userId, [{ pushId: id, event: 'delivered' }]))
  const delivered = async () => (await sumNotices(ctx.sql, { from: day, until: day }, 'day')).find(({ kind }) => kind === 'all')?.delivered
  const summed = async () => (await app.query<{ delivered: number }>('select sum(delivered)::int as delivered from notice_days where day = $1', [day]))[0]?.delivered
  const connect = async () => {
    const client = new pg.Client({ connectionString: app.db.ownerUrl })
    await client.connect()
    t.after(() => client.end())
    return client
  }
  await refreshRollup(ctx, NOTICE_DAYS)
  t.same([await changes(), await delivered()], [[], 0])

  await t.test('write one row for it, however many they are', async (t) => {
    await ack(ids.pop()!)
    await Promise.all(ids.splice(0, 29).map(ack))
    t.same(await changes(), [{ from_day: day }])
    t.equal(await delivered(), 30)
    await refreshRollup(ctx, NOTICE_DAYS)
    t.same([await changes(), await summed()], [[], 30])
  })

  await t.test('are not missed by a turn that comes between their look and their commit, and keep it from nothing', async (t) => {
    await ack(ids.pop()!)
    const phone = await connect()
    await phone.query('begin')
    await phone.query('update pushes set delivered_at = app_now() where id = $1', [ids.pop()])
    await refreshRollup(ctx, NOTICE_DAYS)
    await phone.query('commit')
    t.same([(await changes()).length, await delivered()], [1, 32])
    await refreshRollup(ctx, NOTICE_DAYS)
    t.same([await changes(), await summed()], [[], 32])
  })

  await t.test('wait for no turn that has taken the row, and are told of beside it', async (t) => {
    await ack(ids.pop()!)
    const turn = await connect()
    await turn.query(`begin; delete from rollup_changes where rollup = 'notices'`)
    await ack(ids.pop()!)
    await turn.query('commit')
    t.same([(await changes()).length, await delivered()], [1, 34])
  })
})
