import { transact } from '../platform/database.ts'
import { account, post } from '../modules/ledger/index.ts'
import { clearStage, newKey, stage as stageSession } from './stage.ts'
import { crowd } from './crowd.ts'
import { expect, type Person } from './people.ts'
import { staffByRows, type StaffPerson } from './staff-rows.ts'
import type { Answer, TestApp } from './app.ts'
import { eventually } from './wait.ts'

export type PayoutRow = { id: string; state: string; amount_idr: string; failure_code: string | null; needs_staff: string | null; provider_payout_id: string | null; send_tries: number; batch_id: string | null }

/** Mitras who have earned something, two members of finance, and what a test of payouts asks about. */
export async function payoutStage(app: TestApp) {
  const { ctx } = app.replicas[0]!
  const [finance, boss] = [await staffByRows(app, 'finance'), await staffByRows(app, 'super_admin')]
  const sum = async (name: string) => Number((await app.query<{ sum: string }>('select coalesce(sum(amount_idr), 0) as sum from ledger_entries where account = $1', [name]))[0]!.sum)
  const rows = (mitra: Person) => app.query<PayoutRow>('select * from payouts where mitra_id = $1 order by id', [mitra.id])

  const stage = {
    app, finance, boss, sum, rows,
    /** What came of a session's settlement, in short; below zero: what a clawback takes. */
    async earn(mitra: Pick<Person, 'id'>, amountIdr: number): Promise<void> {
      const key = newKey()
      await transact(ctx, (tx) => post(tx, { key: `test:${key}`, flow: 'test.earned', entries: [{ account: account.platformRevenue, amountIdr: -amountIdr }, { account: account.payable(mitra.id), amountIdr }] }))
    },
    async newMitra(earnedIdr = 0, number = '7310284596'): Promise<Person> {
      const [mitra] = await crowd(app, { kind: 'mitra', count: 1 })
      if (number !== '') await expect(200, mitra!.call('PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: number, accountHolderName: 'I Made Wirawan' } }))
      if (earnedIdr !== 0) await stage.earn(mitra!, earnedIdr)
      return mitra!
    },
    /** What a mitra earned by promotional credit is held back. */
    async hold(mitra: Person, amountIdr: number): Promise<void> {
      const { sessionId } = await stageSession(app, 'cancelled')
      await clearStage(app)
      await app.query(`insert into earning_holds (session_id, mitra_id, amount_idr, held_until) values ($1, $2, $3, app_now() + interval '14 days')`, [sessionId, mitra.id, amountIdr])
    },
    ask: (mitra: Person, body: object = {}, key = newKey()): Promise<Answer> => mitra.call('POST', '/api/v1/mitra/payouts', { body, headers: { 'idempotency-key': key } }),
    make: (kind: 'requested' | 'weekly', by: StaffPerson = finance, key = newKey()): Promise<Answer> => by.call('POST', '/payouts', { body: { kind }, headers: { 'idempotency-key': key } }),
    /** A batch of everything that waits, handed in by finance; answers its id and that of what waits for a second person. */
    async handIn(kind: 'requested' | 'weekly' = 'requested'): Promise<{ batchId: string; approvalId: string }> {
      const { body } = await expect(201, stage.make(kind))
      const submitted = await expect(202, finance.call('POST', `/payout-batches/${body.batch.id}/submit`, { body: { reason: 'the payouts of today' } }))
      return { batchId: body.batch.id, approvalId: submitted.body.approval.id }
    },
    approve: (approvalId: string, by: StaffPerson = boss, replica = 0): Promise<Answer> => by.call('POST', `/approvals/${approvalId}/approve`, { body: {}, replica }),
    async until(mitra: Person, state: string): Promise<PayoutRow> {
      return eventually(async () => (await rows(mitra)).findLast((row) => row.state === state), `a payout is ${state}`)
    },
    /** A payout that the provider has and that no bank has said anything about yet. */
    async sent(earnedIdr = 100_000): Promise<{ mitra: Person; payout: PayoutRow; providerId: string }> {
      const mitra = await stage.newMitra(earnedIdr)
      await expect(201, stage.ask(mitra))
      await expect(200, stage.approve((await stage.handIn()).approvalId))
      const payout = await eventually(async () => (await rows(mitra)).find((row) => row.provider_payout_id !== null), 'the provider has the payout')
      return { mitra, payout, providerId: payout.provider_payout_id! }
    },
    money: async (mitra: Person) => ({ payable: await sum(`mitra_payable:${mitra.id}`), pending: await sum('payouts_pending') }),
    notices: async (mitra: Person) => (await app.query<{ title: string }>(`select title from notifications where user_id = $1 and kind = 'payout' order by created_at, id`, [mitra.id])).map((row) => row.title),
  }
  return stage
}
export type PayoutStage = Awaited<ReturnType<typeof payoutStage>>

/** Everything is retried by time only when it is due: tests make it due. */
export async function hurry(app: Pick<TestApp, 'query'>): Promise<void> {
  await app.query(`update outbox set due_at = app_now() - interval '3 seconds' where topic = 'payouts.send' and done_at is null and claimed_until is null`)
}
