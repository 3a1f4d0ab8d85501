import { and, desc, eq, inArray, isNotNull, isNull, lt, or, sql, sum, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import { isWithin, type TimeRange } from '../../platform/day-range.ts'
import type { Tx, World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findAccountsById } from '../mitras/index.ts'
import type { PayoutView } from './contract.ts'
import type { PayoutState } from './rules.ts'
import { payoutBatches, payouts, type Payout, type PayoutBatch } from './tables.ts'

type Page<F> = F & { cursor?: string | undefined; limit: number }
export type PayoutFilter = TimeRange & { mitraId?: string | undefined; batchId?: string | undefined; state?: PayoutState | undefined; needsStaff?: boolean | undefined; /** From when on they are the mitra's to see. */ begins?: SQL }

/** The newest first. `cursor` is the last id of the page before. */
export async function findPayouts(handle: Queryable, { mitraId, batchId, state, needsStaff, begins, cursor, limit, ...range }: Page<PayoutFilter>): Promise<{ items: Payout[]; nextCursor: string | null }> {
  const rows = await handle.select().from(payouts)
    .where(and(
      mitraId === undefined ? undefined : eq(payouts.mitraId, mitraId),
      batchId === undefined ? undefined : eq(payouts.batchId, batchId),
      state === undefined ? undefined : eq(payouts.state, state),
      needsStaff === undefined ? undefined : needsStaff ? isNotNull(payouts.needsStaff) : isNull(payouts.needsStaff),
      isWithin(payouts.id, payouts.requestedAt, range),
      begins === undefined ? undefined : sql`${payouts.requestedAt} > ${begins}`,
      cursor === undefined ? undefined : lt(payouts.id, cursor),
    ))
    .orderBy(desc(payouts.id)).limit(limit + 1)
  const items = rows.slice(0, limit)
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null }
}

/** These payouts, by id. */
export async function findPayoutsById(handle: Queryable, ids: readonly string[]): Promise<Map<string, Payout>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select().from(payouts).where(isAnyOf(payouts.id, ids))
  return new Map(rows.map((row) => [row.id, row]))
}

export async function findPayout(handle: Queryable, id: string): Promise<Payout | undefined> {
  const [row] = await handle.select().from(payouts).where(eq(payouts.id, id))
  return row
}

/** The payout of ours that an event is about: by its reference, which is its id, or by the provider's id. */
export async function findByProvider(handle: Queryable, { referenceId, providerId }: { referenceId: string | undefined; providerId: string }): Promise<Payout | undefined> {
  const isOurs = eq(payouts.providerPayoutId, providerId)
  const [row] = await handle.select().from(payouts).where(referenceId === undefined ? isOurs : or(eq(payouts.id, referenceId), isOurs)).limit(1)
  return row
}

/** Its row, locked until the transaction ends: whatever becomes of a payout begins with this. */
export async function lockPayout(tx: Tx, id: string): Promise<Payout | undefined> {
  const [row] = await tx.sql.select().from(payouts).where(eq(payouts.id, id)).for('update')
  return row
}

/** What a mitra has asked for that is not sent yet. */
export async function findOpenPayout(handle: Queryable, mitraId: string): Promise<Payout | undefined> {
  const [row] = await handle.select().from(payouts).where(and(eq(payouts.mitraId, mitraId), inArray(payouts.state, ['requested', 'approved'])))
  return row
}

/** What these mitras have asked for that is not sent yet, in rupiah; who has nothing open is not in the map. */
export async function sumOpenPayouts(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, number>> {
  if (mitraIds.length === 0) return new Map()
  const rows = await handle.select({ mitraId: payouts.mitraId, openIdr: sum(payouts.amountIdr) }).from(payouts)
    .where(and(isAnyOf(payouts.mitraId, mitraIds), inArray(payouts.state, ['requested', 'approved']))).groupBy(payouts.mitraId)
  return new Map(rows.map((row) => [row.mitraId, Number(row.openIdr)]))
}

/** Whether money of theirs is asked for or on its way. */
export async function hasOpenPayout(handle: Queryable, mitraId: string): Promise<boolean> {
  const rows = await handle.select({ id: payouts.id }).from(payouts).where(and(eq(payouts.mitraId, mitraId), inArray(payouts.state, ['requested', 'approved', 'sent']))).limit(1)
  return rows.length > 0
}

/** How many payouts a person has to look at, and how many batches wait to be handed in or approved. */
export async function countPayoutsForStaff(handle: Queryable): Promise<{ payouts: number; batches: number }> {
  const { rows: [row] } = await handle.execute<{ payouts: string; batches: string }>(sql`
    select (select count(*) from payouts where needs_staff is not null) as payouts, (select count(*) from payout_batches where state in ('draft', 'submitted')) as batches`)
  return { payouts: Number(row?.payouts ?? 0), batches: Number(row?.batches ?? 0) }
}

export async function findBatches(handle: Queryable, { state, cursor, limit }: Page<{ state?: PayoutBatch['state'] | undefined }>): Promise<{ items: PayoutBatch[]; nextCursor: string | null }> {
  const rows = await handle.select().from(payoutBatches)
    .where(and(state === undefined ? undefined : eq(payoutBatches.state, state), cursor === undefined ? undefined : lt(payoutBatches.id, cursor)))
    .orderBy(desc(payoutBatches.id)).limit(limit + 1)
  const items = rows.slice(0, limit)
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null }
}

export async function findBatch(handle: Queryable, id: string): Promise<PayoutBatch | undefined> {
  const [row] = await handle.select().from(payoutBatches).where(eq(payoutBatches.id, id))
  return row
}

/** Payouts as they are shown, in the same order. */
export async function viewPayouts(handle: Queryable, world: Pick<World, 'env'>, rows: readonly Payout[]): Promise<PayoutView[]> {
  const accounts = await findAccountsById(handle, world, rows.map((row) => row.bankAccountId))
  return rows.map((row) => {
    const { bankCode, accountNumberMasked } = accounts.get(row.bankAccountId)!
    return {
      id: row.id, state: row.state, amountIdr: row.amountIdr, bankAccount: { bankCode, accountNumberMasked }, createdAt: row.requestedAt.toISOString(),
      ...(row.sentAt ? { sentAt: row.sentAt.toISOString() } : {}), ...(row.settledAt ? { settledAt: (row.reversedAt ?? row.settledAt).toISOString() } : {}),
      ...(row.failureCode === null ? {} : { failureCode: row.failureCode }),
    }
  })
}

/** Payouts that succeeded in the last `days` and are still thought to have, the oldest first; read in pages while it is asked for. */
export async function* readSucceeded(handle: Queryable, { days }: { days: number }, pageSize = 500): AsyncGenerator<{ id: string; providerPayoutId: string }[]> {
  for (let last: string | undefined; ;) {
    // By time and id: `last` may have been sent back since, and is where it was.
    const page = await handle.select({ id: payouts.id, providerPayoutId: payouts.providerPayoutId }).from(payouts)
      .where(and(
        eq(payouts.state, 'succeeded'), isNotNull(payouts.providerPayoutId), sql`${payouts.settledAt} >= app_now() - make_interval(days => ${days})`,
        last === undefined ? undefined : sql`(${payouts.settledAt}, ${payouts.id}) > (select settled_at, id from payouts where id = ${last})`,
      ))
      .orderBy(payouts.settledAt, payouts.id).limit(pageSize)
    yield page.map(({ id, providerPayoutId }) => ({ id, providerPayoutId: providerPayoutId! }))
    if (page.length < pageSize) return
    last = page.at(-1)!.id
  }
}

/** Payouts that were asked for on these days in Asia/Jakarta, both within, the oldest first; read in pages while it is asked for. */
export async function* readPayouts(handle: Queryable, days: { from: string; until: string }, pageSize = 1000): AsyncGenerator<Payout> {
  let last: string | undefined
  for (;;) {
    const page = await handle.select().from(payouts)
      .where(and(
        sql`${payouts.requestedAt} >= ${days.from}::date::timestamp at time zone 'Asia/Jakarta'`,
        sql`${payouts.requestedAt} < (${days.until}::date + 1)::timestamp at time zone 'Asia/Jakarta'`,
        last === undefined ? undefined : sql`${payouts.id} > ${last}`,
      ))
      .orderBy(payouts.id).limit(pageSize)
    yield* page
    if (page.length < pageSize) return
    last = page.at(-1)!.id
  }
}

/** Another one whenever a payout or a batch is made: for another module’s statement. */
export const payoutsMark = sql`(select concat((select id from payouts order by id desc limit 1), ' ', (select id from payout_batches order by id desc limit 1)))`
