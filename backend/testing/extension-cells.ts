import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { TestApp } from './app.ts'
import { askForExtension, extend, lastExtension, OWN_IDR, payExtension, untilExtension } from './extensions.ts'
import { expect, type Person } from './people.ts'
import { fillWallet } from './promo-flows.ts'
import type { Act, Before } from './session-table.ts'
import { reappear, stage, type Scene, type StagedState } from './stage.ts'
import { eventually } from './wait.ts'

const MINUTES = 30
const INVOICE_IDR = 45_000 - OWN_IDR

/** A session that runs (`ended`: ran) with an extension that waits for its money. */
export async function stageExtension(app: TestApp, state: StagedState): Promise<Scene> {
  const scene = await stage(app, state === 'ended' ? 'active' : state)
  await askForExtension(scene)
  if (state === 'ended') await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
  return scene
}

const secondsLeft = async (scene: Scene): Promise<number> => (
  (await scene.app.query<{ left: number }>('select extract(epoch from ends_at - app_now())::float8 as left from chat_sessions where id = $1', [scene.sessionId]))[0]!.left)

/** To the end of its time and a little further. */
async function toTheEnd(scene: Scene): Promise<void> {
  await reappear(scene.mitra)
  await scene.travel(await secondsLeft(scene) + 1)
}

const say = async (scene: Scene, who: Person) => {
  const { conversation_id: id } = await scene.row()
  return who.call('POST', `/api/v1/conversations/${id}/messages`, { body: { clientId: randomUUID(), body: 'halo' } })
}

export const EXTENSION_EVENTS: Record<string, Act> = {
  'customer extends': (scene) => extend(scene),
  'customer extends, enough in the wallet': async (scene) => {
    await fillWallet(scene.app, scene.customer.id, 45_000)
    return extend(scene, { useWallet: true })
  },
  'customer extends, the mitra refuses': async (scene) => {
    // Not by the route: a request of the mitra's own ends a pause.
    await scene.app.query('update mitras set accepts_extensions = false where user_id = $1', [scene.mitra.id])
    return extend(scene)
  },
  'it is paid': async (scene) => payExtension(scene),
  'it is paid at zero': async (scene) => {
    await toTheEnd(scene)
    await waits(scene)
    await payExtension(scene)
  },
  'its invoice expires': async (scene) => void await scene.app.simulators.control.xendit.expire((await lastExtension(scene))!.invoice_id!),
  'its invoice is not created': async (scene) => {
    await scene.app.query(`update payments set state = 'creating', provider_invoice_id = null, checkout_url = null, pending_at = null, create_until = app_now() where kind = 'extension' and session_id = $1`, [scene.sessionId])
  },
  'the time is up': async (scene) => toTheEnd(scene),
  'its time is up too': async (scene) => {
    await reappear(scene.mitra)
    await scene.travel((await scene.row()).state === 'paused' ? 700 : await secondsLeft(scene) + 61)
  },
}

async function waits(scene: Scene): Promise<void> {
  await eventually(async () => (await scene.app.query(`select 1 from session_events where session_id = $1 and event = 'time_is_up'`, [scene.sessionId]))[0], 'the session waits for its extension')
}

/**
 * What a cell says of extensions: `pending`: it waits for its money; `longer`: half an hour is added; `dropped`: it is
 * over, its invoice too, and its wallet part is back; `late`: its money is in the wallet; `waits`: the time is up, both
 * are refused `time_is_up`, the slot is kept. Answers false for what is not about them.
 */
export async function proveExtension(t: Test, scene: Scene, before: Before, expected: string, answer: { status?: number }): Promise<boolean> {
  switch (expected) {
    case 'pending': {
      t.match(await lastExtension(scene), { state: 'funding', payment_state: 'pending' })
      t.equal(answer.status ?? 201, 201)
      return true
    }
    case 'longer':
      await proveLonger(t, scene, before)
      return true
    case 'dropped': {
      const row = await untilExtension(scene, 'dropped')
      t.equal(row.returned_idr, OWN_IDR, 'what was taken for it is back')
      await eventually(async () => ['expired', 'failed'].includes((await lastExtension(scene))!.payment_state!), 'its payment is over')
      if (row.invoice_id) t.equal(scene.app.simulators.control.xendit.invoice(row.invoice_id).status, 'EXPIRED', 'at the provider too')
      const [open] = await scene.app.query('select 1 from conversations where may_reopen and id = (select conversation_id from chat_sessions where id = $1)', [scene.sessionId])
      t.equal(open, undefined)
      return true
    }
    case 'late':
      await eventually(async () => (await scene.money()).wallet === before.money.wallet + INVOICE_IDR, 'the money is in the wallet')
      t.match(await scene.row(), { state: before.row.state })
      return true
    case 'waits': {
      await waits(scene)
      for (const who of [scene.customer, scene.mitra]) t.match(await say(scene, who), { status: 409, body: { code: 'time_is_up' } })
      t.match(await scene.row(), { state: 'active', slot_mitra_id: scene.mitra.id })
      return true
    }
    default:
      return false
  }
}

async function proveLonger(t: Test, scene: Scene, before: Before): Promise<void> {
  const { promo_idr: promo, wallet_idr: wallet, invoice_idr: invoice } = await untilExtension(scene, 'funded')
  t.equal(promo + wallet + invoice, 45_000)
  const after = await scene.row()
  t.equal(after.state, before.row.state)
  const [was, is] = [before.row['ends_at'] as Date, after['ends_at'] as Date]
  const events = await scene.app.query<{ event: string; at: Date }>(`select event, at from session_events where session_id = $1 and event in ('time_is_up', 'extended') order by id`, [scene.sessionId])
  const from = is.getTime() - MINUTES * 60_000
  if (events.length === 2) t.ok(from >= events[0]!.at.getTime() && from <= events[1]!.at.getTime(), 'what had passed after zero is not taken from it')
  else t.equal(from, was.getTime(), 'to the millisecond')
  t.equal((await scene.money()).escrow, 25_000 + 45_000)
  t.match(await say(scene, scene.customer), { status: 201 })
}
