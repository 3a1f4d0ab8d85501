import type { StatePlace } from './final-state.ts'
import type { Books } from './money-model.ts'
import { eventually } from './wait.ts'

const PATIENCE = { timeoutMs: 60_000 }

/** What the ledger and the provider have otherwise than the books, once everything is done that waits. */
export async function findDifferences(place: StatePlace, books: Books, whose: { customerId: string; mitraId: string; began: ReadonlyMap<string, number> }): Promise<string[]> {
  await settleDown(place)
  const ids = [whose.customerId, whose.mitraId]
  const { xendit } = place.simulators.control
  const balances = new Map((await place.query<{ account: string; idr: string }>(`
    select account, sum(amount_idr) as idr from ledger_entries where account = any($1) group by account`, [[`customer_wallet:${ids[0]}`, `customer_promo:${ids[0]}`, `mitra_payable:${ids[1]}`]])).map((row) => [row.account, Number(row.idr)]))
  const escrows = await place.query<{ id: string; state: string; over: boolean; idr: string }>(`
    select s.id, s.state, s.ended_at is not null as over, coalesce(sum(e.amount_idr), 0) as idr from chat_sessions s left join ledger_entries e on e.account = 'session_escrow:' || s.id where s.customer_id = $1 group by s.id`, [ids[0]])
  const [suspense] = await place.query<{ rows: string; money: string }>(`
    select coalesce(sum(i.amount_idr) filter (where i.state = 'open'), 0) as rows,
      (select coalesce(sum(e.amount_idr), 0) from suspense_items j join ledger_entries e on e.account = 'suspense:' || j.id where j.customer_id = $1) as money from suspense_items i where i.customer_id = $1`, [ids[0]])
  const now = await sharedSums(place)
  const found: Record<string, [unknown, unknown]> = {
    wallet: [balances.get(`customer_wallet:${ids[0]}`) ?? 0, books.walletIdr], promo: [balances.get(`customer_promo:${ids[0]}`) ?? 0, books.promoIdr],
    payable: [balances.get(`mitra_payable:${ids[1]}`) ?? 0, books.payableIdr], suspense: [Number(suspense!.rows), books.suspenseIdr], suspended: [Number(suspense!.money), books.suspenseIdr],
    ...Object.fromEntries(Object.entries(books.shared).map(([name, idr]) => [name, [(now.get(name) ?? 0) - (whose.began.get(name) ?? 0), idr]])),
    ...Object.fromEntries(escrows.map(({ id, over, idr }) => [`escrow ${id}`, [Number(idr), over || books.session?.id !== id ? 0 : books.session.escrowIdr]])),
    state: [escrows.find(({ over }) => !over)?.state, books.session?.state],
    ...Object.fromEntries(books.payouts.map(({ id }) => [`payouts ${id}`, [xendit.payouts(id).length, 1]])),
    ...Object.fromEntries(books.refunds.map(({ id, payment }) => [`refunds ${id}`, [xendit.refunds.all(payment.invoiceId).filter((one) => one.reference_id === id).length, 1]])),
    ...Object.fromEntries(books.payments.map(({ id }) => [`invoices ${id}`, [xendit.invoices().filter((one) => one.external_id === id).length, 1]])),
  }
  return Object.entries(found).filter(([, [is, wanted]]) => is !== wanted).map(([what, [is, wanted]]) => `${what}: ${String(is)}, the model has ${String(wanted)}`)
}

/** What went back for the unused time: by the clock, so only its bounds are known. */
export async function returnedOf(place: StatePlace, sessionId: string): Promise<number> {
  const [row] = await place.query<{ returned: number; price: number; seconds: number; used: number }>(`
    select s.returned_idr::int as returned, s.price_idr::int as price, s.minutes * 60 as seconds, extract(epoch from s.ended_at - s.accepted_at)::float8 as used from chat_sessions s where s.id = $1`, [sessionId])
  const least = Math.floor(row!.price * (1 - row!.used / row!.seconds))
  if (row!.returned > row!.price) throw new Error(`${row!.returned} of ${row!.price} went back`)
  if (row!.returned < least - 1) throw new Error(`only ${row!.returned} of ${row!.price} went back after ${row!.used} s`)
  return row!.returned
}

/** What stands in the accounts that all share. */
export async function sharedSums(place: StatePlace): Promise<Map<string, number>> {
  const rows = await place.query<{ account: string; idr: string }>(`
    select account, sum(amount_idr) as idr from ledger_entries where account = any($1) group by account`, [['platform_revenue', 'promotions', 'provider_clearing', 'refunds_pending', 'payouts_pending']])
  return new Map(rows.map((row) => [row.account, Number(row.idr)]))
}

/** Everything that is due has been done; what failed before is not waited for. */
export async function settleDown(place: StatePlace): Promise<void> {
  await eventually(async () => {
    const [row] = await place.query<{ outbox: string; inbox: string }>(`
      with hurried as (update outbox set due_at = app_now() - interval '3 seconds' where done_at is null and parked_at is null and attempts > 0 and claimed_until is null),
        hurried_too as (update provider_inbox set due_at = app_now() - interval '3 seconds' where state = 'received' and claimed_until is null and due_at > app_now())
      select (select count(*) from outbox where done_at is null and parked_at is null and (due_at <= app_now() or attempts > 0)) as outbox, (select count(*) from provider_inbox where state = 'received') as inbox`)
    return Number(row!.outbox) + Number(row!.inbox) === 0
  }, 'everything is done', PATIENCE)
}
