import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { StaffRole } from '../../platform/access.ts'
import { transact } from '../../platform/database.ts'
import { startTestApp, type Answer, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { account, post } from '../ledger/index.ts'
import { setBankAccount } from '../mitras/index.ts'
import { openSuspense } from '../payments/index.ts'

const ROLES: readonly StaffRole[] = ['super_admin', 'admin', 'finance', 'moderator', 'viewer']
/** What becomes of an act that a role asks for: done at once, done once a second person has approved it, asked of others, refused. */
type Outcome = 'alone' | 'second' | 'request' | 'refused'
type Row = {
  what: string
  /** Roles that are not named are refused. */
  roles: Partial<Record<StaffRole, Outcome>>
  ask(app: TestApp, staff: StaffPerson): Promise<{ answer: Answer; targetId: string }>
  /** The audit row of the act itself, once it is done. */
  done: string
}

async function suspend(app: TestApp): Promise<string> {
  const [payer] = await crowd(app, { kind: 'customer', count: 1 })
  return transact(app.replicas[0]!.ctx, async (tx) => {
    const suspense = await openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId: payer!.id, amountIdr: 9000, reason: 'payer_gone' })
    await post(tx, { key: `test:${suspense.id}`, flow: 'late_payment', entries: [{ account: account.providerClearing, amountIdr: -9000 }, { account: suspense.account, amountIdr: 9000 }] })
    return suspense.id
  })
}

/** The rows of each module's acts, one list each. */
const SUSPENSE = (['wallet', 'revenue'] as const).map((to): Row => ({
  what: `suspended money into ${to}`, roles: { super_admin: 'second', finance: 'second' }, done: 'suspense.resolved',
  async ask(app, staff) {
    const targetId = await suspend(app)
    return { targetId, answer: await staff.call('POST', `/suspense/${targetId}/resolve`, { body: { to, reason: 'a test' } }) }
  },
}))

/** Of each a mitra of its own: nobody has two open. */
const PAYOUT = (['failed', 'succeeded'] as const).map((outcome): Row => ({
  what: `a payout that stands still has ${outcome}`, roles: { super_admin: 'second', finance: 'second' }, done: 'payout.settled',
  async ask(app, staff) {
    const { ctx } = app.replicas[0]!
    const [[mitra], id] = [await crowd(app, { kind: 'mitra', count: 1 }), randomUUID()]
    const { id: accountId } = await setBankAccount(ctx, mitra!.id, { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'Made' })
    await app.query(`insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind, approved_at, sent_at, needs_staff)
      values ($1, $2, $3, 'sent', 9000, 'system', app_now(), app_now(), 'stuck')`, [id, mitra!.id, accountId])
    await transact(ctx, (tx) => post(tx, { key: `payout:${id}:send`, flow: 'payout.sent', entries: [{ account: account.payable(mitra!.id), amountIdr: -9000 }, { account: account.payoutsPending, amountIdr: 9000 }] }))
    return { targetId: id, answer: await staff.call('POST', `/payouts/${id}/settle`, { body: { outcome, reference: 'TRX-1', reason: 'a test' } }) }
  },
}))

/** The limit of a day counts what was given alone: one such credit for each. */
const CREDIT = ([['credit within the daily limit', 400_000, 'alone'], ['credit above the daily limit', 600_000, 'second']] as const).map(([what, amountIdr, outcome]): Row => ({
  what, roles: { super_admin: outcome, admin: outcome, finance: outcome }, done: 'credit.given',
  async ask(app, staff) {
    const [who] = await crowd(app, { kind: 'customer', count: 1 })
    const answer = await staff.call('POST', `/customers/${who!.id}/credit`, { body: { amountIdr, reason: 'a test' }, headers: { 'idempotency-key': randomUUID() } })
    const [row] = await app.query<{ id: string }>('select id from staff_credits where customer_id = $1', [who!.id])
    return { targetId: row?.id ?? who!.id, answer }
  },
}))

t.test('who may do what with money alone, who with a second person, and that all of it is written down', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, settings: { sweepMs: 10_000 }, atNoon: true })
  const people = new Map<StaffRole, StaffPerson>()
  for (const role of ROLES) people.set(role, await staffByRows(app, role))
  const second = await staffByRows(app, 'finance')
  const auditOf = async (targetId: string) => (await app.query<{ act: string; actor_id: string }>('select act, actor_id from audit_log where target_id = $1 order by seq', [targetId])).map((row) => [row.act, row.actor_id])

  for (const row of [...SUSPENSE, ...PAYOUT, ...CREDIT]) {
    const { what, roles, done } = row
    for (const [role, staff] of people) {
      const wanted = roles[role] ?? 'refused'
      const { answer, targetId } = await row.ask(app, staff)
      const name = `${what}, by ${role}: ${wanted} (${answer.status})`
      if (wanted === 'refused') {
        t.match(answer, { status: 403, body: { code: 'forbidden' } }, name)
        t.same(await auditOf(targetId), [], name)
        continue
      }
      if (wanted !== 'second') {
        t.ok(answer.status === 200 || answer.status === 201, name)
        t.equal((await auditOf(targetId)).length, 1, name)
        continue
      }
      t.match(answer, { status: 202, body: { approval: { state: 'pending' } } }, name)
      const { id } = answer.body.approval as { id: string }
      for (const other of people.values()) {
        const isDecider = other.role === 'super_admin' || other.role === 'finance'
        if (other === staff && isDecider) t.match(await other.call('POST', `/approvals/${id}/approve`, { body: {} }), { status: 403, body: { code: 'approval_self' } }, `${name}: never the same person`)
        else if (!isDecider) t.match(await other.call('POST', `/approvals/${id}/approve`, { body: {} }), { status: 403, body: { code: 'forbidden' } }, `${name}: not approved by ${other.role}`)
      }
      t.match(await second.call('POST', `/approvals/${id}/approve`, { body: {}, replica: 1 }), { status: 200, body: { approval: { state: 'approved' } } }, `${name}: approved by another`)
      t.same(await auditOf(targetId), [['approval.requested', staff.id], ['approval.approved', second.id], [done, second.id]], `${name}: written down`)
    }
  }
  t.match(await people.get('finance')!.call('POST', `/approvals/${randomUUID()}/approve`, { body: {} }), { status: 404 })
})
