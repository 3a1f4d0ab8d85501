import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect, goOffline, type Person } from '../../testing/people.ts'
import { connect, type ReceivedFrame } from '../../testing/socket.ts'
import { clearStage, packageOf, reappear, stage, STAGE_SETTINGS, startSession, vanishUntilPaused, type Scene, type StagedState, type StageOptions } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { endByStaff } from './index.ts'

type Shown = { id: string; version: number; state?: string } & Record<string, unknown>
type Snapshot = { sessions: Shown[]; offers: Shown[] }

const OVER = ['ended', 'cancelled', 'expired', 'unserved']

/** The snapshot that a person began with, and what events have made of it: what an app shows. */
class Screen {
  private readonly sessions = new Map<string, Shown>()
  private readonly offers = new Map<string, Shown>()

  constructor(ready: ReceivedFrame) {
    for (const session of ready['sessions'] as Shown[]) this.sessions.set(session.id, session)
    for (const offer of ready['offers'] as Shown[]) this.offers.set(offer.id, offer)
  }

  take(frame: ReceivedFrame): void {
    if (frame.type === 'session:updated') {
      const session = frame['session'] as Shown
      // Versions only grow: what is older than what one has is dropped.
      if ((this.sessions.get(session.id)?.version ?? 0) <= session.version) this.sessions.set(session.id, session)
    } else if (frame.type === 'offer:created') this.offers.set((frame['offer'] as Shown).id, frame['offer'] as Shown)
    else if (frame.type === 'offer:ended') this.offers.delete(frame['offerId'] as string)
  }

  get snapshot(): Snapshot {
    return shown({ sessions: [...this.sessions.values()].filter((session) => !OVER.includes(session.state ?? '')), offers: [...this.offers.values()] })
  }
}

// A place in the queue, and how long it takes, move with everybody else's doings.
function shown({ sessions, offers }: Pick<Snapshot, 'sessions' | 'offers'>): Snapshot {
  const byId = (a: Shown, b: Shown) => (a.id < b.id ? -1 : 1)
  return { sessions: sessions.map(({ queue: _moves, ...session }) => session as Shown).toSorted(byId), offers: offers.toSorted(byId) }
}

/** Follows these people over the socket while `act` happens; what they show in the end is what a fresh start would show them. */
async function follow(t: Test, people: readonly Person[], act: () => Promise<unknown>): Promise<void> {
  const screens = await Promise.all(people.map(async (person, index) => {
    const socket = await connect(person.on(index % 2))
    const screen = new Screen(socket.ready)
    let taken = 0
    return { person, socket, look: () => {
      for (; taken < socket.frames.length; taken++) screen.take(socket.frames[taken]!)
      return screen.snapshot
    } }
  }))
  await act()
  for (const { person, socket, look } of screens) {
    const agree = async () => {
      const fresh = await connect(person.on(1))
      await fresh.close()
      const wanted = shown({ sessions: fresh.ready['sessions'], offers: fresh.ready['offers'] })
      return { wanted, found: look() }
    }
    const isSame = await eventually(async () => {
      const { wanted, found } = await agree()
      return JSON.stringify(wanted) === JSON.stringify(found)
    }, 'old snapshot + events = fresh snapshot').catch(() => false)
    const { wanted, found } = isSame ? { wanted: 'the same', found: 'the same' } : await agree()
    t.same(found, wanted, `${person.kind} shows what a fresh start shows`)
    await socket.close()
  }
}

type Action = { from: StagedState; options?: StageOptions; act(scene: Scene, other: Person): Promise<unknown> }

const asCustomer = (path: string) => (scene: Scene) => expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/${path}`))
const answer = (how: string) => async (scene: Scene) => expect(200, scene.mitra.call('POST', `/api/v1/offers/${await scene.offerId()}/${how}`))

/** Every action that sends `session:updated`, `offer:created` or `offer:ended`. */
const ACTIONS: Record<string, Action> = {
  'a queued session finds a slot': { from: 'queued', act: async (scene) => {
    await expect(200, scene.mitra.call('PUT', '/api/v1/mitra/status', { body: { online: true } }))
    await scene.until('held')
  } },
  'a queued session is cancelled': { from: 'queued', act: asCustomer('cancel') },
  'the queue’s time is over': { from: 'queued', act: async (scene) => {
    await scene.travel(2000)
    await scene.until('expired')
  } },
  'a hold is paid': { from: 'held', act: async (scene) => {
    await scene.payInvoice()
    await scene.until('ringing')
  } },
  'a hold is cancelled': { from: 'held', act: async (scene) => {
    await asCustomer('cancel')(scene)
    await scene.until('cancelled')
  } },
  'a hold runs out': { from: 'held', act: async (scene) => {
    await scene.travel(700)
    await scene.until('expired')
  } },
  'a hold loses its slot': { from: 'held', act: async (scene) => {
    await goOffline(scene.mitra)
    await eventually(async () => (await scene.row()).slot_mitra_id === null, 'the slot is lost')
  } },
  'an offer is accepted': { from: 'ringing', act: answer('accept') },
  'an offer is declined': { from: 'ringing', act: answer('decline') },
  'a named mitra declines': { from: 'ringing', options: { named: true }, act: async (scene) => {
    await answer('decline')(scene)
    await scene.until('unserved')
  } },
  'an offer runs out': { from: 'ringing', act: async (scene, other) => {
    await scene.travel(46)
    await eventually(async () => (await scene.row()).slot_mitra_id === other.id, 'the next one is rung')
  } },
  'an offer is withdrawn': { from: 'ringing', act: async (scene, other) => {
    await goOffline(scene.mitra)
    await eventually(async () => (await scene.row()).slot_mitra_id === other.id, 'the next one is rung')
  } },
  'a ringing session is cancelled': { from: 'ringing', act: asCustomer('cancel') },
  'nobody answers in time': { from: 'ringing', act: async (scene) => {
    await scene.travel(400)
    await scene.until('unserved')
  } },
  'a session is warned of its end': { from: 'active', act: async (scene) => {
    const { version } = await scene.row()
    await scene.travel(650)
    await reappear(scene.mitra)
    await eventually(async () => (await scene.row()).version > version, 'the warning')
  } },
  'the mitra is gone, and comes back': { from: 'active', act: async (scene) => {
    await scene.travel(300)
    await vanishUntilPaused(scene)
    await reappear(scene.mitra)
    await scene.until('active')
  } },
  'the customer ends': { from: 'active', act: asCustomer('end') },
  'the mitra ends': { from: 'active', act: (scene) => expect(200, scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`)) },
  'the time is up': { from: 'active', act: async (scene) => {
    await scene.travel(2000)
    await reappear(scene.mitra)
    await scene.until('ended')
  } },
  'staff end': { from: 'active', act: (scene) => endByStaff(scene.app.replicas[0]!.ctx, { staffId: randomUUID(), sessionId: scene.sessionId, reason: 'a test' }, async () => {}) },
}

async function prove(t: Test, app: TestApp, action: Action): Promise<void> {
  const { from, options } = action
  await clearStage(app)
  const scene = await stage(app, from, options)
  // Somebody else who may be rung next, and who sees nothing that is not theirs.
  const [other] = await crowd(app, { kind: 'mitra', count: 1, online: from === 'ringing' || from === 'active' })
  await follow(t, [scene.customer, scene.mitra, other!], () => action.act(scene, other!))
}

t.test('old snapshot + events = fresh snapshot, for every action on sessions and offers', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, anonymousRequests: 1_000_000 } })
  for (const [what, action] of Object.entries(ACTIONS)) await t.test(what, (t) => prove(t, app, action))

  await t.test('a session is asked for', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'ended')
    const { id: packageId } = await packageOf(app, 15)
    await follow(t, [scene.customer, scene.mitra], () => expect(201, startSession(scene.customer, { packageId })))
  })

  await t.test('an offer is accepted, and the clock starts when the customer is seen', async (t) => {
    await clearStage(app)
    const scene = await stage(app, 'ringing')
    await follow(t, [scene.customer, scene.mitra], async () => {
      await answer('accept')(scene)
      await expect(200, scene.customer.call('GET', `/api/v1/sessions/${scene.sessionId}`))
      await eventually(async () => (await scene.row())['clock_started_at'] !== null, 'the clock starts')
    })
  })
})
