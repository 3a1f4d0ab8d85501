import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { converse, pairUp } from '../../testing/conversations.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { setWritableUntil } from './index.ts'
import { connect, type ReceivedFrame, type TestSocket } from '../../testing/socket.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'

const QUICK = { presenceGraceSeconds: 1, presenceLeaseSeconds: 10, healMs: 200 }

const statesOf = (socket: TestSocket, person: Pick<Person, 'id'>) => socket.frames.filter((frame) => frame.type.startsWith('presence:') && frame['userId'] === person.id).map((frame) => frame.type.slice(9))
/** Waits until the last that a socket was told of a person is this; answers everything it was told. */
const shown = (socket: TestSocket, person: Pick<Person, 'id'>, state: string) => eventually(() => {
  const states = statesOf(socket, person)
  return states.at(-1) === state ? states : undefined
}, `${state} is told`, { timeoutMs: 30_000 })
t.test('presence', async (t) => {
  // A Valkey that stands still for a moment is not away: who is elsewhere would be shown offline first.
  const patient = { replicas: 2, simulators: false, valkeyPatienceMs: PATIENCE_MS }
  const app = await startTestApp(t, { ...patient, settings: QUICK })

  t.test('is told to those who share an open conversation, on whatever replica, and to nobody else', async (t) => {
    const { customer, mitra } = await pairUp(app)
    const ended = await signIn(app, { kind: 'mitra' })
    await converse(app, [customer, ended], { writableSeconds: -1 })
    const [a, stranger] = await Promise.all([connect(customer), connect(ended)])
    t.same(await shown(a, mitra, 'offline'), ['offline'], 'a peer who is not there')
    const b = await connect(mitra)
    t.same(await shown(b, customer, 'online'), ['online'], 'right after ready')
    t.same(await shown(a, mitra, 'online'), ['offline', 'online'])
    for (const state of ['away', 'busy', 'online']) {
      b.send({ type: 'presence:set', state })
      await shown(a, mitra, state)
    }
    t.same(a.frames.find((frame: ReceivedFrame) => frame.type === 'presence:busy'), { type: 'presence:busy', userId: mitra.id })
    await b.close()
    t.same(await shown(a, mitra, 'offline'), ['offline', 'online', 'away', 'busy', 'online', 'offline'])
    t.same(statesOf(a, customer), [], 'nobody is told of themselves')
    t.same([...statesOf(stranger, customer), ...statesOf(a, ended)], [], 'a closed conversation tells nothing')
    a.send({ type: 'presence:set', state: 'offline' })
    t.match(await a.next('error'), { code: 'frame_invalid', of: 'presence:set' })
    await Promise.all([a.close(), stranger.close()])
  })

  t.test('of several devices on several replicas the best counts, and the last one that goes', async (t) => {
    const { customer, mitra } = await pairUp(app)
    const a = await connect(customer)
    // Its state is known on the other replica before it is the only one left.
    const tablet = await connect(mitra.on(1))
    tablet.send({ type: 'presence:set', state: 'away' })
    await shown(a, mitra, 'away')
    const phone = await connect(mitra.on(0))
    await shown(a, mitra, 'online')
    phone.send({ type: 'presence:set', state: 'busy' })
    const before = (await shown(a, mitra, 'busy')).length
    await phone.close()
    t.same((await shown(a, mitra, 'away')).slice(before), ['away'])
    await tablet.close()
    await shown(a, mitra, 'offline')
    await a.close()
  })

  t.test('who comes back within the grace was never offline; a state that changes nothing is no event', async (t) => {
    // The replica that was left shows the last state for so long.
    const app = await startTestApp(t, { ...patient, settings: { ...QUICK, presenceGraceSeconds: 12 } })
    const { customer, mitra } = await pairUp(app)
    const a = await connect(customer)
    let b = await connect(mitra)
    await shown(a, mitra, 'online')
    for (const replica of [0, 1, 0]) {
      await b.close()
      b = await connect(mitra.on(replica))
    }
    for (const state of ['online', 'away', 'online', 'online']) b.send({ type: 'presence:set', state })
    b.send({ type: 'presence:set', state: 'busy' })
    const states = await shown(a, mitra, 'busy')
    const since = states.slice(states.indexOf('online'))
    t.notOk(since.includes('offline'))
    t.ok(since.every((state, at) => state !== since[at - 1]), since.join(' '))
    await Promise.all([a.close(), b.close()])
  })

  t.test('a conversation that opens shows its members to each other; one that closes shows nothing more', async (t) => {
    const { customer, mitra } = await pairUp(app, { writableSeconds: -1 })
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    b.send({ type: 'presence:set', state: 'busy' })
    const [conversationId, witness] = [await converse(app, [customer, mitra]), await signIn(app, { kind: 'customer' })]
    // Opened before the wish was there, it shows both.
    t.match((await shown(a, mitra, 'busy')).join(' '), /^(online )?busy$/)
    t.same(await shown(b, customer, 'online'), ['online'])
    const second = await connect(mitra)
    t.same(await shown(second, customer, 'online'), ['online'], 'a further device is told too')
    t.same(statesOf(b, customer), ['online'], 'and the others not again')
    await second.close()
    await converse(app, [witness, mitra])
    const w = await connect(witness)
    await shown(w, mitra, 'busy')
    const { ctx } = app.replicas[1]!
    await transact(ctx, async (tx) => setWritableUntil(tx, conversationId, await app.clock.now()))
    await eventually(async () => {
      const before = statesOf(a, mitra).length
      const state = statesOf(w, mitra).at(-1) === 'away' ? 'busy' : 'away'
      b.send({ type: 'presence:set', state })
      await shown(w, mitra, state)
      return statesOf(a, mitra).length === before
    }, 'nothing is told any more')
    await Promise.all([a.close(), b.close(), w.close()])
  })

  t.test('Valkey emptied: nobody notices, and what changes next is told', async (t) => {
    const { customer, mitra } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    await Promise.all([shown(a, mitra, 'online'), shown(b, customer, 'online')])
    const before = [...statesOf(a, mitra)]
    await app.replicas[0]!.ctx.valkey.attempt((client) => client.flushall())
    const keys = () => app.replicas[0]!.ctx.valkey.attempt((client) => client.keys('presence:*'))
    await eventually(async () => (await keys())?.length === 3, 'both replicas stand there again')
    const late = await connect(customer)
    t.same(await shown(late, mitra, 'online'), ['online'], 'a client that comes now is told what was lost')
    t.same(statesOf(a, mitra), before)
    for (const key of (await keys() ?? []).filter((one) => one !== 'presence:replicas')) {
      t.ok((await app.replicas[0]!.ctx.valkey.attempt((client) => client.ttl(key)))! > 0, 'every key has an end')
    }
    b.send({ type: 'presence:set', state: 'away' })
    await shown(a, mitra, 'away')
    await Promise.all([a.close(), b.close(), late.close()])
  })

  t.test('Valkey away: people of one replica still see each other, nobody goes offline by it, and all is right again', async (t) => {
    const app = await startTestApp(t, { replicas: 2, simulators: false, settings: QUICK })
    const { customer, mitra } = await pairUp(app)
    const far = await signIn(app, { kind: 'mitra', replica: 1 })
    await converse(app, [customer, far])
    const [a, near, b] = await Promise.all([connect(customer), connect(mitra.on(0)), connect(far)])
    await Promise.all([shown(a, mitra, 'online'), shown(a, far, 'online')])
    app.valkey.kill('SIGSTOP')
    t.teardown(() => app.valkey.kill('SIGCONT'))
    near.send({ type: 'presence:set', state: 'busy' })
    await shown(a, mitra, 'busy')
    b.send({ type: 'presence:set', state: 'away' })
    const third = await connect(customer)
    t.same(await shown(third, mitra, 'busy'), ['busy'], 'ready waits for nothing')
    await near.close()
    await shown(a, mitra, 'offline')
    app.valkey.kill('SIGCONT')
    t.notOk((await shown(a, far, 'away')).slice(1).includes('offline'))
    await Promise.all([a.close(), b.close(), third.close()])
  })

  t.test('a replica that says nothing more takes its people with it', async (t) => {
    const [{ customer, mitra }, stays] = [await pairUp(app), await signIn(app, { kind: 'mitra', replica: 1 })]
    await converse(app, [customer, stays])
    // What a killed replica leaves behind.
    await app.replicas[0]!.ctx.valkey.attempt((client) => client.multi().hset('presence:killed', '.', '1', mitra.id, 'busy', stays.id, 'online').sadd('presence:replicas', 'killed').exec())
    const [a, b] = await Promise.all([connect(customer), connect(stays)])
    await Promise.all([shown(a, mitra, 'busy'), shown(a, stays, 'online')])
    await app.replicas[0]!.ctx.valkey.attempt((client) => client.expire('presence:killed', 1))
    t.same(await shown(a, mitra, 'offline'), ['busy', 'offline'])
    t.same(statesOf(a, stays), ['online'], 'who came to another one is there')
    await eventually(async () => !(await app.replicas[0]!.ctx.valkey.attempt((client) => client.smembers('presence:replicas')))?.includes('killed'), 'it is forgotten')
    await Promise.all([a.close(), b.close()])
  })
})
