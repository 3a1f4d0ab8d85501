import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { startMitras, type MitrasApp } from '../../testing/mitras.ts'
import { eventually } from '../../testing/wait.ts'
import { approveMitra, claimSlots, deactivateMitra, findMitras, listMitras, reactivateMitra, rejectMitra, setCapacity, type Mitra } from './index.ts'
import { setOnline } from './set-online.ts'

const STATUSES = ['draft', 'applied', 'approved', 'rejected', 'deactivated'] as const
const ACTS = { approve: approveMitra, reject: rejectMitra, deactivate: deactivateMitra, reactivate: reactivateMitra }
/** What becomes of each; whoever is there already stays there, and everything else is refused. */
const MOVES: Record<keyof typeof ACTS, { from: string; to: string; audited: string }> = {
  approve: { from: 'applied', to: 'approved', audited: 'mitra.approved' },
  reject: { from: 'applied', to: 'rejected', audited: 'mitra.rejected' },
  deactivate: { from: 'approved', to: 'deactivated', audited: 'mitra.deactivated' },
  reactivate: { from: 'deactivated', to: 'approved', audited: 'mitra.reactivated' },
}

const run = (ctx: Ctx, name: keyof typeof ACTS, act: { mitraId: string; staffId: string; reason: string }): Promise<Mitra> => transact(ctx, (tx) => ACTS[name](tx, act))
const audited = (app: MitrasApp, mitraId: string) =>
  app.query<{ act: string }>('select act, actor_id, reason, details from audit_log where target_id = $1 order by seq', [mitraId])

t.test('every act from every status: it moves, it was done before, or it is refused', async (t) => {
  const app = await startMitras(t)
  const staffId = await app.newStaff()
  for (const name of Object.keys(ACTS) as (keyof typeof ACTS)[]) {
    const move = MOVES[name]
    for (const status of STATUSES) {
      const mitraId = await app.newMitra({ status })
      const act = { mitraId, staffId, reason: 'because' }
      if (status === move.from) {
        t.match(await run(app.ctx, name, act), { mitraId, status: move.to, statusReason: 'because', version: 2 }, `${name} of ${status}`)
        t.match(await audited(app, mitraId), [{ act: move.audited, actor_id: staffId, reason: 'because', details: { to: move.to } }])
      } else if (status === move.to) {
        t.match(await run(app.ctx, name, act), { status, version: 1 }, `${name} of ${status} is done already`)
        t.equal((await audited(app, mitraId)).length, 0)
      } else {
        await t.rejects(run(app.ctx, name, act), { code: 'conflict' }, `${name} of ${status} is refused`)
        t.equal((await findMitras(app.ctx.sql, [mitraId])).get(mitraId)!.status, status)
      }
    }
    await t.rejects(run(app.ctx, name, { mitraId: app.ctx.ids.next(), staffId, reason: 'x' }), { code: 'not_found' })
  }
})

t.test('two acts at once on two replicas: one wins, the other is told or changes nothing', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const staffId = await app.newStaff()
  for (let round = 0; round < 5; round++) {
    const applied = await app.newMitra({ status: 'applied' })
    const act = { mitraId: applied, staffId, reason: 'test' }
    const both = await Promise.allSettled([run(app.replicas[0]!.ctx, 'approve', act), run(app.replicas[1]!.ctx, 'reject', act)])
    t.equal(both.filter((answer) => answer.status === 'fulfilled').length, 1)
    t.match(both.find((answer) => answer.status === 'rejected'), { reason: { code: 'conflict' } })
    t.equal((await audited(app, applied)).length, 1)

    const approved = await app.newMitra({ online: true })
    const same = { mitraId: approved, staffId, reason: 'test' }
    const answers = await Promise.all(app.replicas.map(({ ctx }) => run(ctx, 'deactivate', same)))
    t.strictSame(answers.map((mitra) => mitra.status), ['deactivated', 'deactivated'])
    t.equal((await audited(app, approved)).length, 1)
    t.strictSame((await app.topics()).filter((topic) => topic.endsWith(approved)), [`mitras.unavailable ${approved}`])

    const capacities = await Promise.all([3, 7].map((capacity, index) => transact(app.replicas[index]!.ctx, (tx) => setCapacity(tx, { mitraId: approved, staffId, capacity }))))
    t.equal((await audited(app, approved)).length, 3)
    t.ok([3, 7].includes((await findMitras(app.ctx.sql, [approved])).get(approved)!.capacity))
    t.strictSame(capacities.map((mitra) => mitra.capacity), [3, 7])
  }
})

t.test('going online and being deactivated at once end in no new matches', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const staffId = await app.newStaff()
  for (let round = 0; round < 8; round++) {
    const mitraId = await app.newMitra()
    const [, online] = await Promise.allSettled([
      run(app.replicas[0]!.ctx, 'deactivate', { mitraId, staffId, reason: 'test' }),
      setOnline(app.replicas[1]!.ctx, mitraId, true),
    ])
    if (online.status === 'rejected') t.match(online.reason, { code: 'mitra_not_approved' })
    t.match((await findMitras(app.ctx.sql, [mitraId])).get(mitraId), { status: 'deactivated', wantsOnline: false, isOnline: false })
    t.equal((await app.slots(mitraId)).open_capacity, 0)
    t.ok((await app.intervals(mitraId, 'online')).every((interval) => interval.ended_at !== null))
  }
})

t.test('deactivation acts at once: no new match, hours closed, sockets told; reactivated, offline until the mitra wishes', async (t) => {
  const app = await startMitras(t)
  const staffId = await app.newStaff()
  const mitraId = await app.newMitra({ capacity: 2 })
  const act = { mitraId, staffId, reason: 'complaints' }
  await setOnline(app.ctx, mitraId, true)
  await transact(app.ctx, (tx) => claimSlots(tx, [mitraId]))
  await run(app.ctx, 'deactivate', act)
  t.equal((await transact(app.ctx, (tx) => claimSlots(tx, [mitraId]))).size, 0)
  t.equal((await app.slots(mitraId)).used, 1, 'running sessions go on')
  t.match(await app.intervals(mitraId, 'online'), [{ ended_at: Date }])
  t.match(await app.intervals(mitraId, 'busy'), [{ ended_at: null }])
  await t.rejects(setOnline(app.ctx, mitraId, true), { code: 'mitra_not_approved' })
  await t.rejects(setOnline(app.ctx, mitraId, false), { code: 'mitra_not_approved' })
  await eventually(() => app.replicas[0]!.frames.find(({ to, frame }) => to[0] === mitraId && frame.type === 'mitra:status' && (frame['status'] as { status: string }).status === 'deactivated'), 'the socket is told')

  t.match(await run(app.ctx, 'reactivate', act), { status: 'approved', wantsOnline: false, isOnline: false, deactivatedAt: null })
  t.strictSame(await app.topics(), ['available', 'unavailable', 'available'].map((word) => `mitras.${word} ${mitraId}`))
  t.match(await setOnline(app.ctx, mitraId, true), { online: true, available: true, used: 1, capacity: 2 })
})

t.test('the rows themselves refuse who is online without being approved', async (t) => {
  const app = await startMitras(t)
  const mitraId = await app.newMitra({ online: true })
  await t.rejects(app.query(`update mitras set status = 'deactivated' where user_id = $1`, [mitraId]), { code: '23514' })
  await t.rejects(app.query('update mitras set capacity = 11 where user_id = $1', [mitraId]), { code: '23514' })
  await t.rejects(app.query('update mitra_slots set used = -1 where mitra_id = $1', [mitraId]), { code: '23514' })
  for (const change of [`capacity = 4`, `stale = true`, `stale = false`, `wants_online = false, stale = false`]) {
    await app.query(`update mitras set ${change} where user_id = $1`, [mitraId])
    const [row] = await app.query('select case when wants_online and not stale then capacity else 0 end as open from mitras where user_id = $1', [mitraId])
    t.equal((await app.slots(mitraId)).open_capacity, row!['open'], `slots follow ${change}`)
  }
})

t.test('staff list mitras by status, page by page', async (t) => {
  const app = await startMitras(t)
  const applied = await Promise.all(Array.from({ length: 5 }, () => app.newMitra({ status: 'applied' })))
  await app.newMitra()
  const first = await listMitras(app.ctx.sql, { status: 'applied', limit: 3 })
  const second = await listMitras(app.ctx.sql, { status: 'applied', limit: 3, after: first.at(-1)!.mitraId })
  t.strictSame([...first, ...second].map((mitra) => mitra.mitraId), applied.toSorted())
  t.match(first[0], { displayName: /^Mitra \d/, status: 'applied', used: 0, isOnline: false })
  t.equal((await listMitras(app.ctx.sql, { limit: 100 })).length, 6)
})
