import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { decideApproval, expireApprovals, findPendingApprovals, holdApproval, requestApproval, type ApprovalActs } from './index.ts'

const settings = { sweepMs: 10_000, approvalSeconds: 3600 }

t.test('an act that needs a second person', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, settings, worker: { timed: false } })
  const [a, b] = app.replicas.map((replica) => replica.ctx)
  const [asker, decider, other] = [randomUUID(), randomUUID(), randomUUID()]
  const done: string[] = []
  const refused: string[] = []
  let fails = false
  const acts: ApprovalActs = {
    'credit.give': {
      async approve(_tx, approval, deciderId) {
        if (fails) throw new Error('as told')
        done.push(`${approval.id} ${deciderId}`)
        return { act: 'credit.given', details: { amountIdr: approval.amountIdr } }
      },
      async refuse(_tx, approval) {
        refused.push(approval.id)
      },
    },
  }
  const audited: (string | undefined)[] = []
  const parts = { acts, audit: async (_tx: unknown, _approval: unknown, what: { act: string } | undefined) => void audited.push(what?.act) }
  const ask = (targetId: string = randomUUID(), requestedBy: string = asker) => transact(a!, (tx) => requestApproval(tx, { act: 'credit.give', targetType: 'staff_credit', targetId, amountIdr: 600_000, reason: 'they waited', requestedBy }))
  const decide = (id: string, staffId = decider, decision: 'approved' | 'rejected' = 'approved', ctx = a!) => decideApproval(ctx, { id, staffId, decision }, parts)

  t.test('who asked does not decide, by the code and by the table', async (t) => {
    const { id } = await ask()
    for (const decision of ['approved', 'rejected'] as const) await t.rejects(decide(id, asker, decision), { code: 'approval_self' })
    await t.rejects(app.query(`update approvals set state = 'approved', decided_by = $1, decided_at = app_now() where id = $2`, [asker, id]), /approvals_two_persons/)
    t.match(await decide(id), { state: 'approved', decidedBy: decider })
    t.strictSame(done.splice(0), [`${id} ${decider}`])
    t.strictSame(audited.splice(0), ['credit.given'])
    t.match(await decide(id), { state: 'approved' }, 'the same again is answered the same')
    await t.rejects(decide(id, decider, 'rejected'), { code: 'conflict' })
    await t.rejects(decide(id, other), { code: 'conflict' }, 'somebody else is told that it is decided')
    t.strictSame([done, audited], [[], []])
    await t.rejects(decide(randomUUID()), { code: 'not_found' })
  })

  t.test('the same asked again is what waits already; something else about the same is refused', async (t) => {
    const targetId = randomUUID()
    const want = (more: object) => transact(a!, (tx) => requestApproval(tx, { act: 'credit.give', targetType: 'staff_credit', targetId, amountIdr: 600_000, payload: { to: 'wallet', n: 1 }, reason: 'they waited', requestedBy: asker, ...more }))
    const { id } = await want({})
    t.match(await want({ payload: { n: 1, to: 'wallet' }, reason: 'in other words' }), { id, isNew: false, reason: 'they waited' })
    for (const more of [{ payload: { to: 'revenue', n: 1 } }, { payload: {} }, { amountIdr: 1 }, { amountIdr: undefined }, { requestedBy: other }]) await t.rejects(want(more), { code: 'conflict' }, JSON.stringify(more))
    await app.query(`update approvals set state = 'expired', decided_at = app_now() where id = $1`, [id])
  })

  t.test('who holds a target first meets nobody who decides on it', async (t) => {
    const targetId = randomUUID()
    t.equal(await transact(a!, (tx) => holdApproval(tx, 'credit.give', targetId)), undefined)
    // Nothing waits when the first looks: who asks beside them comes after them all the same.
    const order: string[] = []
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>()
    const first = transact(a!, async (tx) => {
      await holdApproval(tx, 'credit.give', targetId)
      held()
      await mayGoOn
      order.push('first')
    })
    await isHeld
    const second = transact(b!, async (tx) => {
      await holdApproval(tx, 'credit.give', targetId)
      order.push('second')
    })
    await eventually(async () => (await app.query(`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`))[0], 'the second waits')
    goOn()
    await Promise.all([first, second])
    t.strictSame(order, ['first', 'second'])
  })

  t.test('two who decide at once on two replicas: one effect', async (t) => {
    const { id } = await ask()
    const results = await Promise.allSettled([decide(id, decider, 'approved', a), decide(id, other, 'approved', b), decide(id, decider, 'approved', b), decide(id, other, 'rejected', a)])
    t.equal(done.length + refused.length, 1)
    const [row] = await app.query<{ decided_by: string; state: string }>('select decided_by, state from approvals where id = $1', [id])
    for (const result of results) {
      if (result.status === 'fulfilled') t.match(result.value, { decidedBy: row!.decided_by, state: row!.state })
      else t.equal(result.reason.code, 'conflict')
    }
    done.splice(0)
    refused.splice(0)
    audited.splice(0)
  })

  t.test('what cannot be done stays undecided; what is rejected is told', async (t) => {
    const { id } = await ask()
    fails = true
    await t.rejects(decide(id), /as told/)
    t.match(await app.query('select state, decided_by from approvals where id = $1', [id]), [{ state: 'pending', decided_by: null }])
    fails = false
    t.match(await decide(id, decider, 'rejected'), { state: 'rejected' })
    t.strictSame([done.splice(0), refused.splice(0), audited.splice(0)], [[], [id], [undefined]])
  })

  t.test('one waits for a target; who asks again gets it, anybody else is told', async (t) => {
    const targetId = randomUUID()
    const [first, second] = await Promise.all([ask(targetId), ask(targetId)])
    t.equal(first.id, second.id)
    await t.rejects(ask(targetId, other), { code: 'conflict' })
    t.same([...(await findPendingApprovals(a!.sql, 'credit.give', [targetId, randomUUID()])).keys()], [targetId])
  })

  t.test('what nobody decides on expires, once', async (t) => {
    const { id } = await ask()
    await app.clock.advance(3601)
    await t.rejects(decide(id), { code: 'conflict' }, 'not even before it is swept')
    await Promise.all([a!, b!].map((ctx) => expireApprovals(ctx, acts, 100)))
    t.match(await app.query('select state, decided_by from approvals where id = $1', [id]), [{ state: 'expired', decided_by: null }])
    t.equal(refused.filter((one) => one === id).length, 1)
    await t.rejects(decide(id), { code: 'conflict' })
  })

  t.test('over HTTP: who may, what is told, what is written down', async (t) => {
    const [finance, boss, admin] = await Promise.all([staffByRows(app, 'finance'), staffByRows(app, 'super_admin'), staffByRows(app, 'admin')])
    const { id } = await ask(randomUUID(), finance.id)
    t.match(await admin.call('GET', '/approvals?state=pending'), { status: 200, body: { items: [{ id, act: 'credit.give', amountIdr: 600_000, requestedBy: { id: finance.id, name: 'Test finance' }, decidedBy: null }] } })
    t.match(await admin.call('POST', `/approvals/${id}/reject`, { body: {} }), { status: 403, body: { code: 'forbidden' } }, 'reading is not deciding')
    t.match(await finance.call('POST', `/approvals/${id}/reject`, { body: {} }), { status: 403, body: { code: 'approval_self' } })
    t.match(await boss.call('POST', `/approvals/${randomUUID()}/approve`, { body: {} }), { status: 404 })
    t.match(await boss.call('POST', `/approvals/${id}/reject`, { body: { reason: 'not this' }, replica: 1 }), { status: 200, body: { approval: { id, state: 'rejected', decidedBy: { id: boss.id }, decisionReason: 'not this' } } })
    t.match(await app.query('select act, actor_id, reason from audit_log order by seq desc limit 1'), [{ act: 'approval.rejected', actor_id: boss.id, reason: 'not this' }])
  })
})
