import type { Simulators } from './simulators/index.ts'
import { eventually } from './wait.ts'

export type StatePlace = { query<Row>(text: string, values?: unknown[]): Promise<Row[]>; simulators: Pick<Simulators, 'control'> }
/** Who took part, by the names under which they stand in the state. */
export type Roles = Readonly<Record<string, { id: string }>>

/**
 * Everything that a flow has left behind for these people, with roles in place of ids and without times: two runs
 * of one flow leave the same, whatever happened on the way.
 */
export async function finalState(place: StatePlace, roles: Roles): Promise<Record<string, unknown>> {
  const ids = Object.values(roles).map((one) => one.id)
  const lists = await Promise.all(Object.entries(QUERIES).map(async ([name, text]) => [name, await place.query(text, [ids])] as const))
  const payments = await place.query<{ id: string }>('select id from payments where customer_id = any($1) order by amount_idr', [ids])
  const invoices = payments.map(({ id }) => place.simulators.control.xendit.invoices().filter((invoice) => invoice.external_id === id).map((invoice) => invoice.status))
  const sent = await place.query<{ id: string }>('select id from payouts where mitra_id = any($1) order by amount_idr', [ids])
  const payoutsAtProvider = sent.map(({ id }) => place.simulators.control.xendit.payouts(id).map((payout) => payout.status))
  return named({ ...Object.fromEntries(lists), invoices, payoutsAtProvider }, roles)
}

// Each list in an order of its own that no interleaving changes.
const QUERIES = {
  sessions: `
    select state, end_reason, ended_by, returned_idr::int, mitra_id, slot_mitra_id, conversation_id is not null as has_conversation, offers_made, minutes
    from chat_sessions where customer_id = any($1) order by queued_at, id`,
  events: `
    select s.minutes, e.event, e.from_state, e.to_state, e.actor_kind, e.reason from session_events e join chat_sessions s on s.id = e.session_id
    where s.customer_id = any($1) order by s.minutes, e.event, e.from_state nulls first, e.to_state`,
  purchases: `
    select p.state, p.price_idr::int, p.promo_idr::int, p.wallet_idr::int, p.invoice_idr::int, p.returned_idr::int from purchases p join chat_sessions s on s.id = p.session_id
    where s.customer_id = any($1) order by p.price_idr`,
  payments: `
    select p.state, p.amount_idr::int, p.wallet_idr::int, p.provider_invoice_id is not null as has_invoice, p.claimed_until is not null as is_claimed
    from payments p where p.customer_id = any($1) order by p.amount_idr`,
  offers: `
    select o.mitra_id, o.state, o.counted from offers o join chat_sessions s on s.id = o.session_id where s.customer_id = any($1) order by o.created_at, o.id`,
  postings: `
    select t.flow, e.account, e.amount_idr::int from ledger_transactions t join ledger_entries e on e.transaction_id = t.id join chat_sessions s on s.id = t.session_id
    where s.customer_id = any($1) order by t.flow, s.minutes, e.amount_idr, e.account like 'session%'`,
  refunds: `
    select r.state, r.method, r.amount_idr::int, r.clawback, r.sources from refunds r where r.customer_id = any($1) order by r.amount_idr, r.state`,
  escrows: `
    select coalesce(sum(e.amount_idr), 0)::int as idr from chat_sessions s left join ledger_entries e on e.account = 'session_escrow:' || s.id
    where s.customer_id = any($1) group by s.id`,
  balances: `
    select account, balance_idr::int from ledger_balances where split_part(account, ':', 2) = any($1::text[]) order by account`,
  messages: `
    select m.sender_id, m.body, m.code from messages m join chat_sessions s on s.conversation_id = m.conversation_id
    where s.customer_id = any($1) order by m.code, m.body, m.sender_id`,
  conversations: `
    select c.writable_until <= app_now() as is_closed, array_agg(m.user_id order by m.user_id) as members from conversations c join conversation_members m on m.conversation_id = c.id
    where c.id in (select conversation_id from conversation_members where user_id = any($1)) group by c.id`,
  notices: `
    select user_id, kind, title, body from notifications where user_id = any($1) order by kind, title, body, user_id`,
  // A message is pushed only where it was not delivered in time: that is no matter of the flow.
  pushes: `
    -- Whether a ring left before its offer ended is a matter of the moment.
    select user_id, kind, title, case when kind = 'offer' and state <> 'queued' then 'over' else state end as state from pushes where user_id = any($1) and kind <> 'message' order by kind, title, body, user_id`,
  letters: `
    select user_id, channel, template, state, reason, text from letters where user_id = any($1) order by template, channel, user_id`,
  inbox: `
    select i.kind, i.state from provider_inbox i join payments p on p.id = i.payment_id where p.customer_id = any($1) order by p.amount_idr, i.kind, i.state`,
  suspense: `
    select amount_idr::int, reason, state, resolved_to from suspense_items where customer_id = any($1) order by amount_idr, id`,
  promo_uses: `
    select state, reserved_idr::int, used_idr::int, returned_idr::int, budget_back_idr::int from promo_uses where customer_id = any($1) order by reserved_idr, state, id`,
  earning_holds: `
    select mitra_id, amount_idr::int from earning_holds where mitra_id = any($1) order by amount_idr`,
  tips: `
    select mitra_id, amount_idr::int, from_wallet, state from tips where customer_id = any($1) order by amount_idr, id`,
  staff_credits: `
    select given_by, amount_idr::int, state from staff_credits where customer_id = any($1) order by amount_idr, id`,
  approvals: `
    select act, state, amount_idr::int, requested_by, decided_by, payload from approvals where requested_by = any($1) order by act, amount_idr, id`,
  payouts: `
    select p.mitra_id, p.state, p.amount_idr::int, p.failure_code, p.needs_staff, p.provider_status, p.claimed_until is not null as is_claimed, b.kind, b.state as batch_state, b.payouts
    from payouts p left join payout_batches b on b.id = p.batch_id where p.mitra_id = any($1) order by p.amount_idr, p.state`,
  payoutPostings: `
    select t.flow, e.account, e.amount_idr::int from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
    where t.key like 'payout:%' and split_part(t.key, ':', 2) in (select id::text from payouts where mitra_id = any($1)) order by t.flow, e.amount_idr`,
  payoutEvents: `
    select i.state from provider_inbox i join payouts p on p.id = i.subject_id where p.mitra_id = any($1) order by i.state`,
  bankAccounts: `
    select mitra_id, channel_code, last_digits, replaced_at is null as is_current from mitra_bank_accounts where mitra_id = any($1) order by mitra_id, last_digits`,
  erasures: `
    select e.user_id, e.state, e.forfeit, u.erased_at is not null as is_erased, u.display_name, u.erasing_at is not null as is_erasing from erasures e join users u on u.id = e.user_id where e.user_id = any($1)`,
  slots: `
    select mitra_id, used from mitra_slots where mitra_id = any($1) order by mitra_id`,
  intervals: `
    select mitra_id, kind, ended_at is null as is_open from mitra_intervals where mitra_id = any($1) and kind <> 'online' order by mitra_id, kind, started_at`,
}

// Whatever id is left (sessions, offers) differs from run to run.
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

function named(state: object, roles: Roles): Record<string, unknown> {
  const roleOf = new Map(Object.entries(roles).map(([role, one]) => [one.id, role]))
  return JSON.parse(JSON.stringify(state).replaceAll(UUID, (id) => `<${roleOf.get(id) ?? 'id'}>`)) as Record<string, unknown>
}

/** What must hold of the whole place once everything has come to rest, which is waited for; answers what does not. */
export async function findUnrest(place: StatePlace): Promise<string[]> {
  const checks: Record<string, string> = {
    'the ledger does not sum to zero': 'select 1 from ledger_entries having coalesce(sum(amount_idr), 0) <> 0',
    'a transaction does not sum to zero': 'select 1 from ledger_entries group by transaction_id having sum(amount_idr) <> 0',
    'a balance is not the sum of its entries': `
      select 1 from ledger_balances b where b.balance_idr <> (select coalesce(sum(amount_idr), 0) from ledger_entries e where e.account = b.account)`,
    'a terminal session has money in its escrow': `
      select 1 from chat_sessions s join ledger_entries e on e.account = 'session_escrow:' || s.id where s.ended_at is not null group by s.id having sum(e.amount_idr) <> 0`,
    'an extension waits for its money of a session that is over': `
      select 1 from purchases p join chat_sessions s on s.id = p.session_id where p.kind = 'extension' and p.state in ('waiting', 'funding') and s.ended_at is not null`,
    'a session is settled twice': `select 1 from ledger_transactions where flow = 'settlement' group by session_id having count(*) > 1`,
    'suspended money is not what its items say': `
      select 1 from suspense_items i left join ledger_entries e on e.account = 'suspense:' || i.id group by i.id having coalesce(sum(e.amount_idr), 0) <> case when i.state = 'open' then i.amount_idr else 0 end`,
    'a promo code is spent otherwise than its uses say': `
      select 1 from promo_codes c where spent_idr <> (select coalesce(sum(u.reserved_idr - u.budget_back_idr), 0) from promo_uses u where u.code_id = c.id)`,
    'a tip is paid that is not posted, or posted that is not paid': `
      select 1 from tips i left join payments p on p.purchase_id = i.id left join ledger_transactions t on t.flow = 'tip' and (t.key = 'tip:' || i.id or t.payment_id = p.id)
      group by i.id having count(t.id) <> (case when i.state = 'paid' then 1 else 0 end)`,
    'credit is given that is not posted, or posted that is not given': `
      select 1 from staff_credits c left join ledger_transactions t on t.key = 'credit:' || c.id group by c.id having count(t.id) <> (case when c.state = 'given' then 1 else 0 end)`,
    'an approval waits past its time': `select 1 from approvals where state = 'pending' and expires_at <= app_now() - interval '10 minutes'`,
    'a slot is counted that no session holds': `
      select 1 from mitra_slots s where used <> (select count(*) from chat_sessions c where c.slot_mitra_id = s.mitra_id)`,
    'two offers of a session ring': `select 1 from offers where state = 'ringing' group by session_id having count(*) > 1`,
    'an offer of a terminal session rings': `select 1 from offers o join chat_sessions s on s.id = o.session_id where o.state = 'ringing' and s.ended_at is not null`,
    'refunds_pending is not what the open refunds are': `
      select 1 where (select coalesce(sum(amount_idr), 0) from ledger_entries where account = 'refunds_pending')
        <> (select coalesce(sum(amount_idr), 0) from refunds where state in ('approved', 'pending'))`,
    'payouts_pending is not what sent payouts hold': `
      select 1 where (select coalesce(sum(amount_idr), 0) from ledger_entries where account = 'payouts_pending') <> (select coalesce(sum(amount_idr), 0) from payouts where state = 'sent')`,
    'an outbox row was given up': 'select 1 from outbox where parked_at is not null',
    'an event of the provider was parked': `select 1 from provider_inbox where state = 'parked'`,
  }
  const look = async () => (await Promise.all(Object.entries(checks).map(async ([what, text]) => ((await place.query(text)).length > 0 ? [what] : [])))).flat()
  const staysForEver = (what: string) => what.endsWith('given up') || what.endsWith('parked')
  await eventually(async () => (await look()).every(staysForEver), 'everything has come to rest').catch(() => undefined)
  return look()
}
