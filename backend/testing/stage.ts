import { randomUUID } from 'node:crypto'
import { applyPayment, endByStaff } from '../modules/sessions/index.ts'
import { crowd } from './crowd.ts'
import { approvedMitra, customer, expect, type Person } from './people.ts'
import { patiently, type Answer, type TestApp } from './app.ts'
import { eventually } from './wait.ts'

export type StagedState = 'queued' | 'held' | 'ringing' | 'active' | 'paused' | 'ended' | 'cancelled' | 'expired' | 'unserved'

/** Settings under which time can be moved row by row: nothing waits for minutes, liveness is judged at once, and a request has its invoice however slow the machine is. */
export const STAGE_SETTINGS = { sweepMs: 200, recoverySweepSeconds: 0, livenessWriteSeconds: 0, healMs: 200, invoiceWaitMs: 20_000 } as const

/** A session in some state with its two people, and what a test asks about it. */
export type Scene = {
  app: TestApp
  customer: Person
  mitra: Person
  sessionId: string
  /** The session's row as it is now. */
  row(): Promise<SessionRow>
  /** Waits until the session is in this state. */
  until(state: StagedState): Promise<SessionRow>
  /** Lets time pass for this session alone: all its times, and those of its offers, payments and conversation, move back. */
  travel(seconds: number): Promise<void>
  /** What the ledger says: escrow, the customer's wallet, the mitra's earnings. Rupiah. */
  money(): Promise<{ escrow: number; wallet: number; payable: number; revenue: number }>
  payInvoice(): Promise<void>
  offerId(): Promise<string>
}
export type SessionRow = { id: string; state: StagedState; end_reason: string | null; version: number; slot_mitra_id: string | null; mitra_id: string | null; conversation_id: string | null; returned_idr: number | null } & Record<string, unknown>

export type StageOptions = {
  minutes?: 15 | 30 | 60
  /** The customer asks for this very mitra. */
  named?: boolean
  anyMitra?: boolean
  replica?: number
  /** People who signed in with a number, as few scenes need them. */
  phones?: boolean
  /** What else the customer asks for: a code, the wallet. */
  ask?: object
  /** Before they ask. */
  before?(who: Person): Promise<void>
}

let keys = 0
export const newKey = (): string => `key-${process.pid}-${++keys}`

export async function packageOf(app: Pick<TestApp, 'query'>, minutes: number): Promise<{ id: string; priceIdr: number }> {
  const existing = await app.query<{ id: string; price_idr: string }>('select id, price_idr from packages where minutes = $1 and active', [minutes])
  if (existing[0]) return { id: existing[0].id, priceIdr: Number(existing[0].price_idr) }
  const prices: Record<number, number> = { 15: 25_000, 30: 45_000, 60: 80_000 }
  await app.query('insert into packages (id, minutes, price_idr) values (gen_random_uuid(), $1, $2) on conflict do nothing', [minutes, prices[minutes] ?? 0])
  return packageOf(app, minutes)
}

export function startSession(person: Person, body: object): Promise<Answer> {
  const headers = { 'idempotency-key': newKey() }
  return patiently(() => person.call('POST', '/api/v1/sessions', { body, headers }))
}

/** Brings a session into a state the way people do: over HTTP, with the simulated provider. */
export async function stage(app: TestApp, state: StagedState, options: StageOptions = {}): Promise<Scene> {
  const online = state !== 'queued' || options.named === true
  const [who, mitra] = await Promise.all(options.phones === true
    ? [customer(app), approvedMitra(app, { online })]
    : [oneOf(app, 'customer', options.replica), oneOf(app, 'mitra', options.replica, online)])
  const { id: packageId } = await packageOf(app, options.minutes ?? 15)
  if (state === 'queued' && options.named) await occupy(app, mitra)
  const asked = { packageId, ...(options.named ? { mitraId: mitra.id, anyMitra: options.anyMitra ?? false } : {}), ...options.ask }
  await options.before?.(who)
  const started = await expect(201, startSession(who, asked))
  const scene = createScene(app, who, mitra, started.body.session.id as string)
  await bringTo(scene, state)
  return scene
}

// By rows: hundreds of scenes would spend most of their time on signing in.
async function oneOf(app: TestApp, kind: Person['kind'], replica = 0, online = false): Promise<Person> {
  const [person] = await crowd(app, { kind, count: 1, online })
  return person!.on(replica)
}

// Takes the only slot of a mitra with somebody else's hold.
async function occupy(app: TestApp, mitra: Person): Promise<void> {
  const other = await oneOf(app, 'customer')
  const { id: packageId } = await packageOf(app, 15)
  await expect(201, startSession(other, { packageId, mitraId: mitra.id }))
}

async function bringTo(scene: Scene, state: StagedState): Promise<void> {
  const { app, customer: who, mitra } = scene
  const end = (path: string) => expect(200, who.call('POST', `/api/v1/sessions/${scene.sessionId}/${path}`))
  switch (state) {
    case 'queued':
      break
    case 'held':
      await scene.until('held')
      break
    case 'ringing':
      await scene.payInvoice()
      await scene.until('ringing')
      break
    case 'active':
      await bringTo(scene, 'ringing')
      await expect(200, mitra.call('POST', `/api/v1/offers/${await scene.offerId()}/accept`))
      await expect(200, who.call('GET', `/api/v1/sessions/${scene.sessionId}`))
      break
    case 'paused':
      await bringTo(scene, 'active')
      await scene.travel(300)
      await vanish(app, mitra, 121)
      await scene.until('paused')
      break
    case 'ended':
      await bringTo(scene, 'active')
      await end('end')
      break
    case 'cancelled':
      await bringTo(scene, 'held')
      await end('cancel')
      await scene.until('cancelled')
      break
    case 'expired':
      await bringTo(scene, 'held')
      await scene.travel(700)
      await scene.until('expired')
      break
    case 'unserved':
      await bringTo(scene, 'ringing')
      await scene.travel(400)
      await scene.until('unserved')
  }
}

/** The mitra was last seen so long ago. What any replica has gathered of them is written first: it would bring them back. */
export async function vanish(app: TestApp, mitra: Pick<Person, 'id'>, seconds: number): Promise<void> {
  await Promise.all(app.replicas.map((replica) => replica.liveness.flush()))
  await app.query(`update mitras set last_seen_at = app_now() - make_interval(secs => $2) where user_id = $1`, [mitra.id, seconds])
}

/** Takes the mitra away until the session pauses. What their open sockets said before may be on its way to the row yet: it is set back again. */
export async function vanishUntilPaused(scene: Scene): Promise<void> {
  const { app, mitra } = scene
  await vanish(app, mitra, 121)
  await eventually(async () => {
    await app.query(`update mitras set last_seen_at = app_now() - interval '121 seconds' where user_id = $1 and last_seen_at > app_now() - interval '60 seconds'`, [mitra.id])
    return (await scene.row()).state === 'paused'
  }, 'paused')
}

/** The provider's id of a session's first invoice. A request waits only so long for it: an answer may come without. */
export async function invoiceOf(app: Pick<TestApp, 'query'>, sessionId: string): Promise<string> {
  return eventually(async () => (await app.query<{ id: string | null }>(`select provider_invoice_id as id from payments where session_id = $1 and kind = 'session'`, [sessionId]))[0]?.id, 'the invoice is made')
}

/** An invoice pays once; what a second payment does is tried with a second provider payment id, as a bank transfer may bring. */
export async function payAgain(scene: Scene): Promise<void> {
  const [payment] = await scene.app.query<{ id: string; amount_idr: string }>('select id, amount_idr from payments where session_id = $1', [scene.sessionId])
  await applyPayment(scene.app.replicas[0]!.ctx, { paymentId: payment!.id, providerPaymentId: randomUUID(), paidIdr: Number(payment!.amount_idr) })
}

export async function reappear(mitra: Person): Promise<void> {
  const answer = await mitra.call('POST', '/api/v1/mitra/heartbeat')
  if (answer.status > 204) throw new Error(`a heartbeat was answered ${answer.status}`)
}

/** Ends whatever is open and sends every mitra offline: whoever is left of an earlier scene would be matched. */
export async function clearStage(app: TestApp): Promise<void> {
  await app.query(`update mitras set wants_online = false, stale = false`)
  const end = (sessionId: string) => endByStaff(app.replicas[0]!.ctx, { staffId: randomUUID(), sessionId, reason: 'the next scene' }, async () => {}).catch(() => undefined) // ended by itself, or moved on, meanwhile
  await eventually(async () => {
    const open = () => app.query<{ id: string }>('select id from chat_sessions where ended_at is null')
    for (const { id } of await open()) await end(id)
    return (await open()).length === 0
  }, 'nothing of the last scene is open')
}

const SESSION_TIMES = ['due_at', 'queued_at', 'held_at', 'hold_until', 'closing_at', 'paid_at', 'ring_until', 'accepted_at', 'clock_started_at', 'ends_at', 'paused_at', 'pause_until', 'ended_at']

function createScene(app: TestApp, who: Person, mitra: Person, sessionId: string): Scene {
  const row = async () => {
    const [found] = await app.query<SessionRow>('select * from chat_sessions where id = $1', [sessionId])
    return found!
  }
  const sum = async (account: string) => {
    const [found] = await app.query<{ sum: string }>('select coalesce(sum(amount_idr), 0) as sum from ledger_entries where account = $1', [account])
    return Number(found!.sum)
  }
  return {
    app, customer: who, mitra, sessionId, row,
    until: async (state) => {
      await eventually(async () => (await row()).state === state, `session ${sessionId} is ${state}`)
      return row()
    },
    async travel(seconds) {
      const back = (table: string, columns: readonly string[], where: string) => (
        `update ${table} set ${columns.map((column) => `${column} = ${column} - make_interval(secs => ${seconds})`).join(', ')} where ${where}`)
      // One text without parameters is one transaction: a sweep that came between would meet the deadline of one table and not of the other.
      const ofSession = `session_id = '${sessionId}'`
      await app.query([
        back('chat_sessions', SESSION_TIMES, `id = '${sessionId}'`),
        back('conversations', ['writable_until'], `id = (select conversation_id from chat_sessions where id = '${sessionId}')`),
        back('payments', ['create_until', 'expires_at'], ofSession), back('purchases', ['pay_until'], ofSession),
        back('offers', ['created_at', 'expires_at'], ofSession), back('mitra_intervals', ['started_at', 'ended_at'], ofSession),
      ].join('; '))
    },
    money: async () => ({
      escrow: await sum(`session_escrow:${sessionId}`), wallet: await sum(`customer_wallet:${who.id}`),
      payable: await sum(`mitra_payable:${mitra.id}`), revenue: await sum('platform_revenue'),
    }),
    async payInvoice() {
      await app.simulators.control.xendit.pay(await invoiceOf(app, sessionId))
    },
    async offerId() {
      const found = await eventually(async () => (await app.query<{ id: string }>(`select id from offers where session_id = $1 and state = 'ringing'`, [sessionId]))[0], 'an offer rings')
      return found.id
    },
  }
}

