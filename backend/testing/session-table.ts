import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { checkLedger } from '../modules/ledger/index.ts'
import { endByStaff } from '../modules/sessions/index.ts'
import { startTestApp, type TestApp } from './app.ts'
import { EXTENSION_EVENTS, proveExtension, stageExtension } from './extension-cells.ts'
import { OWN_IDR } from './extensions.ts'
import { approvedMitra, goOffline, goOnline, type Person } from './people.ts'
import { SAFETY_EVENTS } from './safety-cells.ts'
import { clearStage, payAgain, reappear, stage, STAGE_SETTINGS, vanish, type Scene, type StagedState, type StageOptions } from './stage.ts'
import { eventually } from './wait.ts'

export type Act = (scene: Scene, other: Person | undefined) => Promise<{ status?: number } | void>

const asCustomer = (path: string): Act => (scene) => scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/${path}`)
const answerOffer = (verb: 'accept' | 'decline'): Act => async (scene) => {
  const [offer] = await scene.app.query<{ id: string }>('select id from offers where session_id = $1 order by id desc limit 1', [scene.sessionId])
  return scene.mitra.call('POST', `/api/v1/offers/${offer!.id}/${verb}`)
}
const send = (who: 'customer' | 'mitra'): Act => async (scene) => {
  const { conversation_id: conversationId } = await scene.row()
  return scene[who].call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'halo' } })
}
// What is waiting goes on by itself: to the table it is done.
const askForErasure = (who: 'customer' | 'mitra'): Act => async (scene) => {
  const { status } = await scene[who].call('DELETE', '/api/v1/me')
  return { status: status === 202 ? 200 : status }
}
const pay: Act = async (scene) => {
  const { state } = await scene.row()
  if (state === 'held') await scene.payInvoice()
  else await payAgain(scene)
}

const EVENTS: Record<string, Act> = {
  'a slot is found': async (scene) => goOnline(scene.mitra),
  'payment applied': pay,
  'invoice not created': async (scene) => {
    await scene.app.query(`update payments set state = 'creating', provider_invoice_id = null, checkout_url = null, pending_at = null, create_until = app_now() where session_id = $1`, [scene.sessionId])
  },
  deadline: async (scene) => {
    const { state } = await scene.row()
    await scene.travel({ queued: 1801, held: 601, ringing: 46, active: 1000, paused: 700 }[state as string] ?? 0)
    if (state === 'active') await reappear(scene.mitra)
  },
  "last offer's deadline": async (scene) => {
    await scene.app.query('update chat_sessions set offers_made = 3 where id = $1', [scene.sessionId])
    await scene.travel(46)
  },
  'mitra accepts': answerOffer('accept'),
  'mitra declines': answerOffer('decline'),
  'mitra declines, named': answerOffer('decline'),
  'mitra declines, nobody else': answerOffer('decline'),
  'customer cancels': asCustomer('cancel'),
  'customer ends': asCustomer('end'),
  'mitra ends': (scene) => scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`),
  'goes offline': async (scene) => goOffline(scene.mitra),
  'goes offline, named': async (scene) => goOffline(scene.mitra),
  'takes a break': (scene) => scene.mitra.call('PUT', '/api/v1/mitra/break', { body: { minutes: 15 } }),
  'takes a break, named': (scene) => scene.mitra.call('PUT', '/api/v1/mitra/break', { body: { minutes: 15 } }),
  'misses the third offer': async (scene) => {
    await scene.app.query('update mitras set missed_in_row = 2 where user_id = $1', [scene.mitra.id])
    await scene.travel(46)
  },
  'mitra gone 120 s': async (scene) => {
    await scene.travel(0)
    await vanish(scene.app, scene.mitra, 121)
  },
  'mitra seen again': async (scene) => reappear(scene.mitra),
  'staff end': async (scene) => {
    try {
      await endByStaff(scene.app.replicas[0]!.ctx, { staffId: randomUUID(), sessionId: scene.sessionId, reason: 'a test' }, async () => {})
      return { status: 200 }
    } catch {
      return { status: 409 }
    }
  },
  'customer rates': (scene) => scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/rating`, { body: { score: 5, comment: 'a good listener' } }),
  'customer asks for erasure': askForErasure('customer'),
  'mitra asks for erasure': askForErasure('mitra'),
  'mitra asks for erasure, named': askForErasure('mitra'),
  'customer sends': send('customer'),
  'mitra sends': send('mitra'),
  ...EXTENSION_EVENTS,
  ...SAFETY_EVENTS,
}

type Cell = { event: string; state: StagedState; expected: string[] }

function readTable(table: string): Cell[] {
  const [header, ...rows] = table.trim().split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  return rows.flatMap(([event, ...cells]) => cells.flatMap((cell, index) => (
    cell === '-' ? [] : [{ event: event!, state: header![index + 1] as StagedState, expected: cell.split(' ') }])))
}

function optionsOf(cell: Cell): StageOptions {
  return cell.event.endsWith('named') ? { named: true } : {}
}

const needsAnother = (cell: Cell) => cell.expected.includes('next')

const isExtended = (cell: Cell) => cell.event.endsWith(WITH_EXTENSION)

async function stageOf(app: TestApp, cell: Cell): Promise<Scene> {
  await clearStage(app)
  return isExtended(cell) ? stageExtension(app, cell.state) : stage(app, cell.state, optionsOf(cell))
}

/** Cells that leave everything as it was: they can share a scene, one after another. Whatever a mitra asks for ends a pause. */
const isStill = (cell: Cell) => !(cell.state === 'paused' && cell.event.startsWith('mitra')) && cell.expected.every((expected) => /^(409|201)$/.test(expected) || (expected === '=' && (cell.state === 'ended' || cell.state === 'cancelled')))
const sceneOf = (cell: Cell) => [cell.state, isExtended(cell), optionsOf(cell).named].join()

async function proveCell(t: Test, app: TestApp, cell: Cell, scene: Scene): Promise<void> {
  const act = EVENTS[cell.event.replace(WITH_EXTENSION, '')]!
  const other = needsAnother(cell) ? await approvedMitra(app, { online: true }) : undefined
  const before = { row: await scene.row(), money: await scene.money() }
  const answer = (await act(scene, other)) ?? {}
  for (const expected of cell.expected) {
    if (!(await proveExtension(t, scene, before, expected, answer))) await proveExpected(t, scene, { ...before, ownIdr: isExtended(cell) ? OWN_IDR : 0 }, expected, answer, other)
  }
  await proveMoney(t, scene)
}

/** Rows whose event ends so begin with an extension that waits for its money, a part of it out of the wallet. */
const WITH_EXTENSION = ', extension pending'

export type Before = { row: Awaited<ReturnType<Scene['row']>>; money: Awaited<ReturnType<Scene['money']>> }

async function proveExpected(t: Test, scene: Scene, before: Before & { ownIdr: number }, expected: string, answer: { status?: number }, other: Person | undefined): Promise<void> {
  const price = 25_000
  if (expected.startsWith('>')) {
    const row = await scene.until(expected.slice(1) as StagedState)
    t.equal(row.state, expected.slice(1))
    t.equal(answer.status ?? 200, 200, 'the act is answered with 200')
  } else if (/^\d+$/.test(expected)) {
    t.equal(answer.status, Number(expected))
    t.equal((await scene.row()).state, before.row.state, 'nothing changed')
  } else if (expected === 'erased') {
    const erased = await eventually(async () => (await scene.app.query<{ id: string }>('select id from users where id = any($1) and erased_at is not null', [[scene.customer.id, scene.mitra.id]]))[0], 'they are erased')
    t.ok(erased)
    t.equal(answer.status, 200)
  } else if (expected === '=') {
    t.equal(answer.status ?? 200, 200)
    t.equal((await scene.row()).state, before.row.state)
  } else if (expected === 'wallet') {
    t.equal((await scene.row()).state, before.row.state)
    t.equal((await scene.money()).wallet - before.money.wallet, price, 'the money is in the wallet')
  } else if (expected === 'suspense') {
    const [{ sum } = { sum: 0 }] = await scene.app.query<{ sum: number }>(`
      select coalesce(sum(e.amount_idr), 0)::int as sum from ledger_entries e join ledger_transactions l on l.id = e.transaction_id where e.account like 'suspense:%' and l.session_id = $1`, [scene.sessionId])
    t.equal(sum, price, 'the money waits for staff')
  } else if (expected === 'next') {
    await eventually(async () => (await scene.row()).slot_mitra_id === other!.id, 'the slot moved to the next mitra')
    t.equal((await scene.row()).state, 'ringing')
  } else if (expected === 'lost') {
    await eventually(async () => (await scene.row()).slot_mitra_id === null, 'the slot was freed')
    t.equal((await scene.row()).state, before.row.state)
  } else if (expected === '+all') {
    t.equal((await scene.money()).wallet, price)
  } else if (expected === '+none') {
    t.equal((await scene.money()).wallet, before.ownIdr)
    t.same([(await scene.money()).payable], [17_500], 'the mitra earned the whole share')
  } else if (expected === '+unused') {
    const { wallet: inWallet, payable } = await scene.money()
    const wallet = inWallet - before.ownIdr
    t.ok(wallet > 0 && wallet <= price, `something of the price went back (${wallet})`)
    t.equal(payable, Math.floor((price - wallet) * 0.7), 'the mitra earned the share of the rest')
  } else if (expected.startsWith('!')) {
    t.equal((await scene.row()).end_reason, expected.slice(1))
  } else {
    t.fail(`the table says ${expected}, which means nothing here`)
  }
}

async function proveMoney(t: Test, scene: Scene): Promise<void> {
  const row = await scene.row()
  if (['ended', 'cancelled', 'expired', 'unserved'].includes(row.state)) t.equal((await scene.money()).escrow, 0, 'the escrow of a terminal session is zero')
  t.same((await checkLedger(scene.app.replicas[0]!.ctx.sql)).problems, [], 'the ledger is sound')
  const [drift] = await scene.app.query<{ n: number }>(`
    select count(*)::int as n from mitra_slots s where used <> (select count(*) from chat_sessions c where c.slot_mitra_id = s.mitra_id)`)
  t.equal(drift!.n, 0, 'slots in use equal the sessions that hold one')
}

/**
 * Proves rows of the table of session states and events, cell by cell. `>x` goes to x; `=` stays; a number is the
 * refusal's status; `wallet`: the state stays and the money goes to the wallet, `suspense`: to staff. `+all`, `+unused`, `+none`: what goes
 * back to the wallet; `next`: the offer goes to another mitra, `lost`: the slot is freed and the state stays;
 * `!reason`: the end's reason; `-`: the cell has no meaning. What stands for extensions: `extension-cells.ts`.
 */
export async function proveTable(t: Test, table: string): Promise<void> {
  const app = await startTestApp(t, { settings: { ...STAGE_SETTINGS, anonymousRequests: 1_000_000, otpPerPrefixHour: 1_000_000 } })
  const prove = (cell: Cell, scene: () => Promise<Scene>) => t.test(`${cell.event}, ${cell.state}: ${cell.expected.join(' ')}`, async (cellTest) => proveCell(cellTest, app, cell, await scene()))
  const cells = readTable(table)
  for (const alike of Map.groupBy(cells.filter(isStill), sceneOf).values()) {
    let shared: Promise<Scene> | undefined
    for (const cell of alike) await prove(cell, () => (shared ??= stageOf(app, cell)))
  }
  for (const cell of cells.filter((one) => !isStill(one))) await prove(cell, () => stageOf(app, cell))
}
