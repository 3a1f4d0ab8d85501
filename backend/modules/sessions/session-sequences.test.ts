import fc from 'fast-check'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { crowd, signInAgain } from '../../testing/crowd.ts'
import type { Person } from '../../testing/people.ts'
import { clearStage, newKey, packageOf, STAGE_SETTINGS, startSession } from '../../testing/stage.ts'
import { staffByRows, type StaffPerson } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { checkLedger } from '../ledger/index.ts'

/** Random sequences of what people, time and the provider do never leave the table, and keep money and slots right. */
const ALLOWED = new Set([
  'null>queued', 'queued>held', 'queued>ringing', 'queued>expired', 'queued>cancelled', 'held>held', 'held>ringing', 'held>cancelled', 'held>expired',
  'ringing>ringing', 'ringing>active', 'ringing>unserved', 'ringing>cancelled', 'active>active', 'active>paused', 'active>ended', 'paused>active', 'paused>paused', 'paused>ended',
])
const SEED = Number(process.env['SEED'] ?? 20_261_121)
const SEQUENCES = 8

type Step = { act: 'start' | 'startNamed' | 'pay' | 'extend' | 'payLate' | 'cancel' | 'end' | 'mitraEnds' | 'accept' | 'decline' | 'rate' | 'online' | 'offline' | 'break' | 'vanish' | 'beat' | 'travel' | 'block' | 'mitraBlocks' | 'unblock' | 'suspend' | 'erase'; who: number; seconds: number }

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom<Step['act'][]>('start', 'start', 'start', 'startNamed', 'pay', 'pay', 'pay', 'pay', 'extend', 'extend', 'payLate', 'cancel', 'end', 'mitraEnds', 'accept', 'accept', 'accept', 'accept', 'accept', 'decline', 'rate', 'online', 'online', 'offline', 'break', 'vanish', 'vanish', 'beat', 'beat', 'travel', 'block', 'mitraBlocks', 'unblock', 'unblock', 'suspend', 'erase'),
  who: fc.integer({ min: 0, max: 2 }),
  seconds: fc.constantFrom(1, 46, 200, 400, 700, 1000),
})

type Cast = { app: TestApp; customers: Person[]; mitras: Person[]; packageId: string; staff: StaffPerson }

async function act({ app, customers, mitras, packageId, staff }: Cast, { act, who, seconds }: Step): Promise<number> {
  const customer = customers[who]!
  const mitra = mitras[who % mitras.length]!
  const session = async () => (await app.query<{ id: string }>('select id from chat_sessions where customer_id = $1 order by id desc limit 1', [customer.id]))[0]
  const post = async (person: Person, path: string) => (await person.call('POST', path)).status
  switch (act) {
    case 'start':
      return (await startSession(customer, { packageId, useWallet: seconds > 300 })).status
    case 'startNamed':
      return (await startSession(customer, { packageId, mitraId: mitra.id, anyMitra: seconds > 300 })).status
    case 'pay': {
      const [payment] = await app.query<{ provider_invoice_id: string | null }>('select p.provider_invoice_id from payments p join chat_sessions s on s.id = p.session_id where s.customer_id = $1 order by p.id desc limit 1', [customer.id])
      if (payment?.provider_invoice_id) await app.simulators.control.xendit.pay(payment.provider_invoice_id).catch(() => undefined) // over already: nothing to pay
      return 200
    }
    case 'extend': {
      const found = await session()
      if (!found) return 404
      return (await customer.call('POST', `/api/v1/sessions/${found.id}/extend`, { body: { packageId, useWallet: seconds > 300 }, headers: { 'idempotency-key': newKey() } })).status
    }
    case 'payLate': {
      const [over] = await app.query<{ id: string }>(`select p.provider_invoice_id as id from payments p where p.customer_id = $1 and p.state = 'expired' and p.kind = 'extension' order by p.id desc limit 1`, [customer.id])
      if (over) await app.simulators.control.xendit.pay(over.id, { afterExpiry: true }).catch(() => undefined) // paid before
      return 200
    }
    case 'cancel':
    case 'end': {
      const found = await session()
      return found ? post(customer, `/api/v1/sessions/${found.id}/${act}`) : 404
    }
    case 'rate': {
      const found = await session()
      return found ? (await customer.call('POST', `/api/v1/sessions/${found.id}/rating`, { body: { score: 1 + who } })).status : 404
    }
    // One of them alone: whoever is erased does nothing more.
    case 'erase':
      return (await customers[2]!.call('DELETE', '/api/v1/me', { body: { forfeit: true } })).status
    case 'mitraEnds': {
      const [found] = await app.query<{ id: string }>(`select id from chat_sessions where mitra_id = $1 and ended_at is null`, [mitra.id])
      return found ? post(mitra, `/api/v1/sessions/${found.id}/end`) : 404
    }
    case 'accept':
    case 'decline': {
      const [offer] = await app.query<{ id: string; mitra_id: string }>(`select o.id, o.mitra_id from offers o join chat_sessions s on s.id = o.session_id where s.customer_id = $1 order by o.id desc limit 1`, [customer.id])
      const rung = mitras.find((one) => one.id === offer?.mitra_id)
      return offer && rung ? post(rung, `/api/v1/offers/${offer.id}/${act}`) : 404
    }
    case 'online':
    case 'offline':
      return (await mitra.call('PUT', '/api/v1/mitra/status', { body: { online: act === 'online' } })).status
    case 'break':
      return (await mitra.call('PUT', '/api/v1/mitra/break', { body: { minutes: 1 } })).status
    case 'vanish':
      // Long enough for the sweeps to judge it before the next step brings the mitra back.
      await app.query(`update mitras set last_seen_at = app_now() - interval '121 seconds' where user_id = $1 and last_seen_at is not null`, [mitra.id])
      await new Promise((resolve) => setTimeout(resolve, 120))
      return 200
    case 'block':
      return post(customer, `/api/v1/blocks/${mitra.id}`)
    case 'mitraBlocks':
      return post(mitra, `/api/v1/blocks/${customer.id}`)
    case 'unblock':
      // Every block of these two: else nobody would be matched any more after a while.
      return Math.max((await customer.call('DELETE', `/api/v1/blocks/${mitra.id}`)).status, (await mitra.call('DELETE', `/api/v1/blocks/${customer.id}`)).status)
    case 'suspend': {
      const [these, at] = seconds > 300 ? [mitras, who % mitras.length] as const : [customers, who] as const
      const given = await staff.call('POST', '/sanctions', { body: { userId: these[at]!.id, kind: 'suspension', until: '2100-01-01T00:00:00Z', reason: 'a test' } })
      const lifted = await staff.call('POST', `/sanctions/${given.body.sanction.id}/lift`, { body: { reason: 'a test' } })
      these[at] = await signInAgain(app, these[at]!)
      return Math.max(given.status, lifted.status)
    }
    case 'beat':
      return post(mitra, '/api/v1/mitra/heartbeat')
    default: {
      const found = await session()
      if (found) await travel(app, found.id, seconds)
      return 200
    }
  }
}

async function travel(app: TestApp, id: string, seconds: number): Promise<void> {
  const columns = ['due_at', 'queued_at', 'held_at', 'hold_until', 'closing_at', 'paid_at', 'ring_until', 'accepted_at', 'clock_started_at', 'ends_at', 'paused_at', 'pause_until', 'ended_at']
  await app.query(`update chat_sessions set ${columns.map((column) => `${column} = ${column} - make_interval(secs => $2)`).join(', ')}, version = version + 1 where id = $1`, [id, seconds])
  await app.query('update offers set created_at = created_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2) where session_id = $1', [id, seconds])
  await app.query('update purchases set pay_until = pay_until - make_interval(secs => $2) where session_id = $1', [id, seconds])
  await app.query('update conversations set writable_until = writable_until - make_interval(secs => $2) where id = (select conversation_id from chat_sessions where id = $1)', [id, seconds])
}

async function prove(t: Test, { app }: Cast): Promise<void> {
  const moves = await app.query<{ move: string }>(`select distinct coalesce(from_state, 'null') || '>' || to_state as move from session_events`)
  t.same(moves.map((row) => row.move).filter((move) => !ALLOWED.has(move)), [], 'every change stands in the table')
  t.same((await checkLedger(app.replicas[0]!.ctx.sql)).problems, [], 'the ledger is sound')
  const open = await app.query(`select c.id, sum(e.amount_idr) from chat_sessions c join ledger_entries e on e.account = 'session_escrow:' || c.id where c.ended_at is not null group by c.id having sum(e.amount_idr) <> 0`)
  t.same(open, [], 'the escrow of every terminal session is zero')
  const pending = await app.query(`select p.id from purchases p join chat_sessions c on c.id = p.session_id where p.kind = 'extension' and p.state in ('waiting', 'funding') and c.ended_at is not null`)
  t.same(pending, [], 'whatever ends a session drops its pending extension')
  const slots = await app.query('select mitra_id from mitra_slots s where used <> (select count(*) from chat_sessions c where c.slot_mitra_id = s.mitra_id)')
  t.same(slots, [], 'slots in use equal the sessions that hold one')
  const apart = await app.query(`
    select c.id from chat_sessions c join blocks b on c.customer_id in (b.blocker_id, b.blocked_id) and coalesce(c.mitra_id, c.slot_mitra_id) in (b.blocker_id, b.blocked_id)
    where c.queued_at > b.created_at or c.ended_at is null`)
  t.same(apart, [], 'who has blocked the other is with them no more, and never again')
  const chains = await app.query(`
    select session_id from (select session_id, from_state, lag(to_state) over (partition by session_id order by id) as before from session_events) e
    where from_state is distinct from before`)
  t.same(chains, [], 'each event begins where the one before it ended')
  const money = await app.query<{ paid: number; kept: number }>(`
    select coalesce((select sum(-amount_idr) from ledger_entries where account = 'provider_clearing'), 0)::int as paid,
      coalesce((select sum(amount_idr) from ledger_entries where account <> 'provider_clearing'), 0)::int as kept`)
  t.equal(money[0]!.paid, money[0]!.kept, 'every rupiah that came in is somewhere')
}

t.test(`random sequences of events (SEED=${SEED})`, async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, holdCooldownCount: 20, invoiceWaitMs: 2000 } })
  const { id: packageId } = await packageOf(app, 15)
  const staff = await staffByRows(app, 'moderator')
  const statuses = new Set<number>()
  const sequences = fc.sample(fc.array(step, { minLength: 40, maxLength: 60 }), { numRuns: SEQUENCES, seed: SEED })
  for (const [index, steps] of sequences.entries()) {
    await t.test(`sequence ${index}`, async (t) => {
      const cast: Cast = { app, packageId, staff, customers: await crowd(app, { kind: 'customer', count: 3 }), mitras: await crowd(app, { kind: 'mitra', count: 2, online: true, capacity: 1 + (index % 2) }) }
      for (const one of steps) statuses.add(await act(cast, one))
      await clearStage(app)
      await eventually(async () => (await app.query(`select 1 from outbox where done_at is null and parked_at is null and due_at <= app_now()`)).length === 0, 'the outbox is done')
      await prove(t, cast)
    })
  }
  t.same([...statuses].filter((status) => status >= 500), [], 'nothing was answered with a fault')
  const parked = await app.query('select topic, last_error from outbox where parked_at is not null or attempts > 3')
  t.same(parked, [], 'no reaction failed again and again')
})
