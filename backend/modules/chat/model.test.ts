import { randomUUID } from 'node:crypto'
import { Redis } from 'iovalkey'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { ConversationModel, type ConversationState } from '../../testing/conversation-model.ts'
import { pairUp, sendOf, type Pair } from '../../testing/conversations.ts'
import type { Person } from '../../testing/people.ts'
import { createRandom, type Random } from '../../testing/random.ts'
import { connect, type ReceivedFrame, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { addSystemMessage } from './index.ts'

const STEPS = 100
/** `SEED=<number>` tries another course of events. */
const SEED = Number(process.env['SEED'] ?? 20_261_121)

/** One device: a socket on some replica, and what it has of the conversation. */
class Device {
  readonly model: ConversationModel
  readonly got: string[] = []
  private socket: TestSocket | undefined
  private heard = 0
  private waiting = new Map<string, string>()
  private read = 0
  private readonly person: Person
  private readonly conversationId: string

  constructor(person: Person, conversationId: string) {
    this.person = person
    this.conversationId = conversationId
    this.model = new ConversationModel(conversationId, person.id)
  }

  async open(replica: number): Promise<void> {
    this.socket = await connect(this.person.on(replica))
    this.heard = 0
    this.model.restart()
    this.listen()
    this.sync()
    // What a cut may have swallowed is said again: sends, and how far one has read.
    for (const [clientId, body] of this.waiting) this.socket.send(sendOf(this.conversationId, body, clientId))
    if (this.read > 0) this.act('message:read', this.read)
  }

  cut(): void {
    this.listen()
    this.socket?.terminate()
  }

  send(body: string): void {
    const send = sendOf(this.conversationId, body)
    this.waiting.set(send.clientId, body)
    this.socket?.send(send)
  }

  act(type: string, seq: number, body?: string): void {
    this.socket?.send({ type, conversationId: this.conversationId, seq, ...(body === undefined ? {} : { body }) })
    if (type !== 'message:read') return
    this.read = Math.max(this.read, seq)
    this.model.receipt(this.person.id, seq, 0)
  }

  sync(): void {
    const ask = this.model.ask()
    if (ask) this.socket?.send({ type: 'sync', conversations: [ask] })
  }

  /** Takes what has come since; true when nothing is known to be missing and everything sent is acked. */
  listen(): boolean {
    const { frames } = this.socket!
    while (this.heard < frames.length) {
      const frame = frames[this.heard++]!
      if (frame.type === 'message:ack') this.acked(frame)
      else if (this.model.apply(frame)) this.sync()
      if (frame.type === 'message:received' || frame.type === 'message:changed') this.got.push(`${frame.type} ${frame['change'] ?? frame['seq']}`)
    }
    if (this.model.isWhole() && this.waiting.size === 0) return true
    if (!this.model.isWhole()) this.sync()
    return false
  }

  async close(): Promise<void> {
    await this.socket?.close()
  }

  private acked(frame: ReceivedFrame): void {
    const { clientId, id, seq, sentAt } = frame as unknown as { clientId: string; id: string; seq: number; sentAt: string } // its fields are the wire's
    const body = this.waiting.get(clientId)
    this.waiting.delete(clientId)
    if (body !== undefined) this.model.store({ conversationId: this.conversationId, seq, id, clientId, senderId: this.person.id, body, sentAt })
  }
}

const mineOf = (device: Device, person: Person) => device.model.list.filter((message) => message.senderId === person.id).map((message) => message.seq)

async function step(app: TestApp, { customer, mitra, conversationId }: Pair, devices: readonly Device[], random: Random): Promise<void> {
  const at = random.below(devices.length)
  const device = devices[at]!
  const person = at < 2 ? customer : mitra
  device.listen()
  const mine = mineOf(device, person)
  const seq = mine[random.below(mine.length)] ?? 1
  const { headSeq } = device.model.state
  const what = random.below(20)
  if (what < 7) device.send(`m${random.below(1000)} ${'x'.repeat(random.below(3) * 500)}`)
  else if (what < 11) device.act('message:edit', seq, `e${random.below(4)}`)
  else if (what < 13) device.act('message:delete', seq)
  else if (what < 15) device.act('message:read', random.below(headSeq + 1))
  else if (what < 17) device.act('message:delivered', random.below(headSeq + 1))
  else if (what === 17) await transact(app.replicas[random.below(2)]!.ctx, (tx) => addSystemMessage(tx, conversationId, { code: 'something', data: { n: random.below(9) } }))
  else if (what === 18) {
    device.cut()
    await device.open(random.below(2))
  } else await new Promise((resolve) => setTimeout(resolve, random.below(10)))
}

async function freshState(person: Person, conversationId: string): Promise<ConversationState> {
  const device = new Device(person, conversationId)
  await device.open(0)
  await eventually(() => device.listen(), 'a fresh snapshot')
  await device.close()
  return device.model.state
}

async function compare(t: Test, { customer, mitra, conversationId }: Pair, devices: readonly Device[], fields: (state: ConversationState) => unknown): Promise<void> {
  await eventually(() => devices.map((device) => device.listen()).every(Boolean), 'every device is whole')
  const fresh = new Map<Person, unknown>()
  // What was asked last may be under way while the first snapshot is read.
  await eventually(async () => {
    for (const person of [customer, mitra]) fresh.set(person, fields(await freshState(person, conversationId)))
    return devices.map((device, at) => device.listen() && same(fields(device.model.state), fresh.get(at < 2 ? customer : mitra))).every(Boolean)
  }, 'events and a fresh snapshot say the same').catch(() => undefined)
  for (const [at, device] of devices.entries()) t.same(fields(device.model.state), fresh.get(at < 2 ? customer : mitra), `device ${at}`)
  const history = await mitra.call('GET', `/api/v1/conversations/${conversationId}/messages?afterSeq=0&limit=100`)
  t.same(devices[3]!.model.list.slice(0, 100), history.body.items, 'and the history')
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

async function begin(app: TestApp): Promise<{ pair: Pair; devices: Device[] }> {
  const pair = await pairUp(app)
  const devices = [pair.customer, pair.customer, pair.mitra, pair.mitra].map((person) => new Device(person, pair.conversationId))
  await Promise.all(devices.map((device, at) => device.open(at % 2)))
  return { pair, devices }
}

t.test(`events and snapshots of a conversation (SEED=${SEED})`, async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { healMs: 300, framesBurst: 10_000 } })

  t.test('an old snapshot and the events since are the fresh snapshot, on every device of both', async (t) => {
    const random = createRandom(SEED)
    const { pair, devices } = await begin(app)
    for (let n = 0; n < STEPS; n++) await step(app, pair, devices, random)
    await compare(t, pair, devices, (state) => state)
    await Promise.all(devices.map((device) => device.close()))
  })

  t.test('and while publishes are lost: without receipts, which nothing heals before the next ready', async (t) => {
    const random = createRandom(SEED + 1)
    const { pair, devices } = await begin(app)
    const valkey = new Redis(app.valkey.url)
    t.teardown(() => valkey.disconnect())
    for (let n = 0; n < STEPS; n++) {
      if (n % 10 === 0) await valkey.call('ACL', 'SETUSER', 'default', random.chance(0.5) ? '-publish' : '+publish')
      await step(app, pair, devices, random)
    }
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    await compare(t, pair, devices, ({ messages, headSeq, headChange }) => ({ messages, headSeq, headChange }))
    await Promise.all(devices.map((device) => device.close()))
  })

  t.test('lost changes are healed without a word from the client, each once; of several of one message the last', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    for (const body of ['one', 'two', 'three']) a.send(sendOf(conversationId, body, randomUUID()))
    await eventually(() => b.all('message:received').length === 3, 'they arrive')
    a.send({ type: 'message:edit', conversationId, seq: 3, body: 'drei' })
    await b.next('message:changed')
    const valkey = new Redis(app.valkey.url)
    t.teardown(() => valkey.disconnect())
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    for (const body of ['eins', 'uno', 'un']) a.send({ type: 'message:edit', conversationId, seq: 1, body })
    a.send({ type: 'message:delete', conversationId, seq: 2 })
    await transact(app.replicas[0]!.ctx, (tx) => addSystemMessage(tx, conversationId, { code: 'said', data: {} }))
    await b.next('message:received', { matches: (frame) => frame['kind'] === 'system' })
    await b.next('message:changed', { matches: (frame) => frame['deleted'] === true })
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    a.send({ type: 'message:edit', conversationId, seq: 3, body: 'trois' })
    await b.next('message:changed', { matches: (frame) => frame['body'] === 'trois' })
    const connection = app.replicas[1]!.realtime.hub.socketsOf(mitra.id)[0]!
    const upTo = () => connection.marks?.get(`${conversationId}/changes`)?.upTo
    await eventually(async () => {
      await app.replicas[1]!.realtime.heal()
      return upTo() === 6
    }, 'the last one is looked at')
    const changes = b.all('message:changed').map((frame) => frame['change'] as number)
    t.equal(new Set(changes).size, changes.length, 'none came twice')
    t.same(b.all('message:changed').filter((frame) => frame['seq'] === 1).at(-1)?.['body'], 'un')
    t.same(changes.toSorted((x, y) => x - y).slice(-1), [6])
    t.equal(upTo(), 6, 'what was superseded is not looked for any more')
    await Promise.all([a.close(), b.close()])
  })
})
