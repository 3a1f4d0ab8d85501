import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPayablesFrom } from '../ledger/index.ts'
import { findPayableAccountIds, findStatuses } from '../mitras/index.ts'
import { sumHeldEarnings } from '../sessions/index.ts'
import { findBatch, sumOpenPayouts } from './queries.ts'
import { availableIdr } from './rules.ts'
import { payoutBatches, type PayoutBatch } from './tables.ts'

const THIS_WEEK = sql`date_trunc('week', app_now() at time zone 'Asia/Jakarta')::date`

/** The batch of the week, for the timetable: once a week, whoever prepares it. Undefined: there is nothing to pay out. */
export async function prepareWeeklyBatch(ctx: Ctx): Promise<PayoutBatch | undefined> {
  return transact(ctx, (tx) => prepareWeekly(tx, undefined))
}

/** Gathers what waits to be paid out into a draft. The same key answers the same batch. Throws `conflict` where nothing waits. */
export async function makeBatch(tx: Tx, wanted: { kind: PayoutBatch['kind']; staffId: string; requestKey: string }): Promise<{ batch: PayoutBatch; isNew: boolean }> {
  const [known] = await tx.sql.select().from(payoutBatches).where(and(eq(payoutBatches.madeBy, wanted.staffId), eq(payoutBatches.requestKey, wanted.requestKey)))
  if (known) return { batch: known, isNew: false }
  if (wanted.kind === 'weekly') {
    const before = await findWeekly(tx)
    const batch = before ?? await prepareWeekly(tx, wanted)
    if (!batch) throw new AppError('conflict', 'Nobody is to be paid out.')
    return { batch, isNew: before === undefined && batch.madeBy === wanted.staffId }
  }
  const id = tx.ids.next()
  const [made] = await tx.sql.insert(payoutBatches).values({ id, kind: 'requested', madeBy: wanted.staffId, requestKey: wanted.requestKey }).onConflictDoNothing().returning()
  if (!made) throw new AppError('conflict', 'This is being made already.')
  const batch = await gather(tx, id)
  if (batch.payouts === 0) throw new AppError('conflict', 'No mitra has asked for a payout.')
  return { batch, isNew: true }
}

async function findWeekly(tx: Tx): Promise<PayoutBatch | undefined> {
  const [row] = await tx.sql.select().from(payoutBatches).where(and(eq(payoutBatches.kind, 'weekly'), eq(payoutBatches.week, THIS_WEEK)))
  return row
}

async function prepareWeekly(tx: Tx, by: { staffId: string; requestKey: string } | undefined): Promise<PayoutBatch | undefined> {
  // Two at once: the second waits for the first, and finds its batch.
  const [made] = await tx.sql.insert(payoutBatches)
    .values({ id: tx.ids.next(), kind: 'weekly', week: THIS_WEEK, madeBy: by?.staffId ?? null, requestKey: by?.requestKey ?? null }).onConflictDoNothing().returning()
  if (!made) return findWeekly(tx)
  await addDue(tx)
  const batch = await gather(tx, made.id)
  if (batch.payouts > 0) return batch
  // A week without payouts is none that is over: who asks later in it is still to get one.
  await tx.sql.delete(payoutBatches).where(eq(payoutBatches.id, made.id))
  return undefined
}

/** A payout of all that is available for each approved mitra who can be paid out and has not asked themselves. */
async function addDue(tx: Tx): Promise<void> {
  const leastIdr = tx.settings.get('minPayoutIdr')
  const owed = await findPayablesFrom(tx.sql, leastIdr)
  const ids = [...owed.keys()]
  const [held, open, accounts, statuses] = [await sumHeldEarnings(tx.sql, ids), await sumOpenPayouts(tx.sql, ids), await findPayableAccountIds(tx.sql, ids), await findStatuses(tx.sql, ids)]
  const due = ids.flatMap((mitraId) => {
    const amountIdr = availableIdr({ payableIdr: owed.get(mitraId)!, heldIdr: held.get(mitraId) ?? 0, openIdr: open.get(mitraId) ?? 0 })
    const accountId = accounts.get(mitraId)
    if (open.has(mitraId) || amountIdr < leastIdr || accountId === undefined || statuses.get(mitraId)?.status !== 'approved') return []
    return [{ id: tx.ids.next(), mitra_id: mitraId, bank_account_id: accountId, amount_idr: amountIdr }]
  })
  if (due.length === 0) return
  await tx.sql.execute(sql`
    insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind)
    select id, mitra_id, bank_account_id, 'requested', amount_idr, 'system'
    from jsonb_to_recordset(${JSON.stringify(due)}::jsonb) as r(id uuid, mitra_id uuid, bank_account_id uuid, amount_idr bigint)
    order by mitra_id on conflict do nothing`)
}

/** Puts every payout that waits and is in no batch into this one. */
async function gather(tx: Tx, batchId: string): Promise<PayoutBatch> {
  await tx.sql.execute(sql`
    with taken as (
      update payouts set batch_id = ${batchId}, version = version + 1
      where id = any(array(select id from payouts where state = 'requested' and batch_id is null order by id for update skip locked))
      returning amount_idr)
    update payout_batches b set amount_idr = t.total, payouts = t.payouts
    from (select coalesce(sum(amount_idr), 0) as total, count(*) as payouts from taken) t where b.id = ${batchId}`)
  const batch = (await findBatch(tx.sql, batchId))!
  tx.log.info({ event: 'payout_batch_made', batchId, kind: batch.kind, payouts: batch.payouts, amountIdr: batch.amountIdr }, 'a batch of payouts is made')
  return batch
}
