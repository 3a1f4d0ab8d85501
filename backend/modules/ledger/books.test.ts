import { execFile } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { checkBooks, tellBooks } from '../../check-books.ts'
import { startTestApp } from '../../testing/app.ts'
import { call } from '../../testing/http.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { recordCheck } from './index.ts'

const command = join(import.meta.dirname, '../../ledger-check.ts')

t.test('whatever is wrong in the books is found within one check, by every replica and by the command', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, ledgerCheckSeconds: 1 } })
  const { ctx } = app.replicas[0]!
  const run = () => new Promise<{ code: number | string | null | undefined; stdout: string }>((resolve) => {
    execFile(process.execPath, [command], { env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], DATABASE_URL: ctx.env.DATABASE_URL } }, (error, stdout) => resolve({ code: error ? error.code : 0, stdout }))
  })
  // The books are right at every moment, also while people come and go.
  const [sound, scene, finance] = await Promise.all([run(), stage(app, 'ended'), staffByRows(app, 'finance')])
  const metricOf = async (url: string) => Number(/^ledger_drift_idr (\S+)$/m.exec((await call(url, 'GET', '/metrics')).text)?.[1])

  t.same((await checkBooks(ctx)).problems, [])
  t.match(sound, { code: 0, stdout: /^ledger sound: \d+ entries, \d+ accounts$/m })
  t.match(await finance.call('GET', '/ledger/check'), { status: 200, body: { ok: true, driftIdr: 0, problems: [] } })

  await app.query(`update timetable set due_at = app_now() where what = 'check-closings'`)
  await eventually(async () => (await app.query('select 1 from ledger_checks where closings_checked_at is not null and closings_problem is null')).length === 1, 'the closed days are looked at by the timetable')
  const early = new Date((await app.clock.now()).getTime() - 600_000)
  await recordCheck(ctx.sql, { at: early, driftIdr: 99, problems: ['of before'], tookMs: 1, closingsProblem: 'of before' })
  t.match(await finance.call('GET', '/ledger/check'), { status: 200, body: { ok: true, driftIdr: 0, problems: [] } }, 'what a slow check has found of an earlier moment replaces nothing')

  const [lot] = await app.query<{ id: string }>(`insert into promo_lots (id, customer_id, source, amount_idr, remaining_idr, expires_at) values (gen_random_uuid(), $1, 'test', 0 + 1000, 0, app_now() + interval '1 day') returning id`, [scene.customer.id])
  const balanced = `insert into ledger_transactions (id, key, flow) values ('00000000-0000-7000-8000-00000000000%', 'test:%', 'test')`
  const rows: [string, string, string, RegExp, number][] = [
    ['a balance', `update ledger_balances set balance_idr = balance_idr + 7 where account = 'mitra_payable:${scene.mitra.id}'`, `update ledger_balances set balance_idr = balance_idr - 7 where account = 'mitra_payable:${scene.mitra.id}'`, /balance differs from entries: mitra_payable:/, 7],
    ['a lot', `update promo_lots set remaining_idr = 9 where id = '${lot!.id}'`, `update promo_lots set remaining_idr = 0 where id = '${lot!.id}'`, /lots differ from entries/, 9],
    ['an entry that slipped past the trigger', `alter table ledger_entries disable trigger user; ${balanced.replaceAll('%', '1')}; insert into ledger_entries (transaction_id, account, amount_idr) values ('00000000-0000-7000-8000-000000000001', 'platform_revenue', 11); alter table ledger_entries enable trigger user`,
      `alter table ledger_entries disable trigger user; delete from ledger_entries where amount_idr = 11; alter table ledger_entries enable trigger user; alter table ledger_transactions disable trigger user; delete from ledger_transactions where key = 'test:1'; alter table ledger_transactions enable trigger user`, /transaction not zero/, 22],
    ['money in the escrow of a session that is over', `begin; ${balanced.replaceAll('%', '2')}; insert into ledger_entries (transaction_id, account, amount_idr) values ('00000000-0000-7000-8000-000000000002', 'platform_revenue', -13), ('00000000-0000-7000-8000-000000000002', 'session_escrow:${scene.sessionId}', 13); commit`,
      `begin; ${balanced.replaceAll('%', '3')}; insert into ledger_entries (transaction_id, account, amount_idr) values ('00000000-0000-7000-8000-000000000003', 'platform_revenue', 13), ('00000000-0000-7000-8000-000000000003', 'session_escrow:${scene.sessionId}', -13); commit`, /money in the escrow of a session that is over/, 13],
  ]
  for (const [index, [what, spoil, mend, problem, driftIdr]] of rows.entries()) {
    await app.query(spoil)
    if (index === 0) await eventually(async () => (await Promise.all(app.replicas.map((replica) => metricOf(replica.internalUrl)))).every((drift) => drift === driftIdr), `${what}: every replica tells of ${driftIdr}`, { timeoutMs: 60_000 })
    t.match(await finance.call('POST', '/ledger/check'), { status: 200, body: { ok: false, driftIdr } }, what)
    t.match((await finance.call('GET', '/ledger/check')).body.problems, [problem], what)
    if (index === rows.length - 1) t.match(await run(), { code: 1, stdout: problem }, what)
    await app.query(mend)
    // One that began before may still be under way, and be answered to who asks.
    await eventually(async () => (await checkBooks(ctx)).problems.length === 0, `${what}: mended`)
  }
  // That replicas tell it by themselves is proved above: each would wait seconds for its turn again.
  await eventually(async () => {
    await Promise.all(app.replicas.map((replica) => tellBooks(replica.ctx)))
    return (await Promise.all(app.replicas.map((replica) => metricOf(replica.internalUrl)))).every((drift) => drift === 0)
  }, 'no drift is told', { timeoutMs: 30_000 })
})
