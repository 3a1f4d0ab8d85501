import t from 'tap'
import { z } from 'zod'
import { findFaults, type Entry, type Have, type Stored, type What } from './history.ts'
import { sightsIn } from './sights.ts'
import { SERVER_FRAMES } from './socket-frames.ts'

const [ANI, BUDI, EVE] = ['ani', 'budi', 'eve'] as const
const HERE = 'a-conversation'

type Mutable = {
  history: Entry[]
  conversations: { stored: Stored[]; headSeq: number; headChange: number; id: string; memberIds: string[] }[]
  finals: (Have & { list: Stored[] })[]
  living: (Have & { list: Stored[] })[]
  ledgerSumIdr: number
}

/** Ani says two things, Budi one; Ani's second is edited; one send of Budi's is never answered and not stored; Eve pries and is refused. */
function good(): Mutable {
  const stored: Stored[] = [
    { seq: 1, clientId: 'a1', senderId: ANI, body: 'halo' },
    { seq: 2, clientId: 'b1', senderId: BUDI, body: 'hai' },
    { seq: 3, clientId: 's1', senderId: null, body: '' },
    { seq: 4, clientId: 'a2', senderId: ANI, body: 'apa kabar?', change: 1 },
  ]
  let time = 0
  const entry = (who: string, phase: Entry['phase'], what: What): Entry => ({ time: ++time, who, conversationId: HERE, phase, what })
  return {
    history: [
      entry(ANI, 'invoke', { do: 'send', clientId: 'a1', body: 'halo' }),
      entry(ANI, 'ok', { do: 'send', clientId: 'a1', body: 'halo', seq: 1 }),
      entry(BUDI, 'ok', { do: 'see', message: stored[0]! }),
      entry(BUDI, 'invoke', { do: 'send', clientId: 'b1', body: 'hai' }),
      entry(BUDI, 'unknown', { do: 'send', clientId: 'b1', body: 'hai' }),
      entry(BUDI, 'invoke', { do: 'send', clientId: 'b1', body: 'hai' }),
      entry(BUDI, 'ok', { do: 'send', clientId: 'b1', body: 'hai', seq: 2 }),
      entry(ANI, 'invoke', { do: 'send', clientId: 'a2', body: 'apa' }),
      entry(ANI, 'ok', { do: 'send', clientId: 'a2', body: 'apa', seq: 4 }),
      entry(BUDI, 'ok', { do: 'see', message: { seq: 4, clientId: 'a2', senderId: ANI, body: 'apa' } }),
      entry(ANI, 'invoke', { do: 'edit', seq: 4, body: 'apa kabar?' }),
      entry(ANI, 'ok', { do: 'edit', seq: 4, body: 'apa kabar?', change: 1 }),
      entry(BUDI, 'ok', { do: 'see', message: stored[3]! }),
      entry(BUDI, 'invoke', { do: 'send', clientId: 'b2', body: 'lost' }),
      entry(BUDI, 'unknown', { do: 'send', clientId: 'b2', body: 'lost' }),
      entry(EVE, 'invoke', { do: 'pry' }),
      entry(EVE, 'fail', { do: 'pry' }),
      entry(BUDI, 'ok', { do: 'see change', seq: 4, change: 1, body: 'apa kabar?' }),
      entry(BUDI, 'ok', { do: 'hear', frame: 'conversation:synced' }),
      entry(ANI, 'ok', { do: 'hear', frame: 'message:read', seq: 4, of: BUDI }),
      entry(ANI, 'ok', { do: 'hear', frame: 'typing:start', of: BUDI }),
    ],
    conversations: [{ id: HERE, memberIds: [ANI, BUDI], headSeq: 4, headChange: 1, stored }],
    finals: [ANI, BUDI].map((who) => ({ who, conversationId: HERE, list: structuredClone(stored) })),
    living: [ANI, BUDI].map((who) => ({ who, conversationId: HERE, list: structuredClone(stored) })),
    ledgerSumIdr: 0,
  }
}

type Corrupt = (account: ReturnType<typeof good>) => void
/** A row of the database is another from now on, for everybody who asks. */
const everywhere = (change: (list: Stored[]) => void): Corrupt => (account) => {
  for (const list of [account.conversations[0]!.stored, ...[...account.finals, ...account.living].map((have) => have.list)]) change(list)
}

const CORRUPTIONS: Record<string, [fault: RegExp, corrupt: Corrupt]> = {
  'an acked message is lost': [/acked, but not stored/, everywhere((list) => {
    Object.assign(list[1]!, { clientId: 'x', senderId: null })
  })],
  'an ack told another seq': [/acked as seq 7, but stored as 2/, ({ history }) => Object.assign(history[6]!.what, { seq: 7 })],
  'a message is stored twice': [/stored 2 times/, (account) => {
    everywhere((list) => void list.push({ ...list[1]!, seq: 5 }))(account)
    account.conversations[0]!.headSeq = 5
  }],
  'a place is left out': [/seq 5 stands at place 4/, everywhere((list) => Object.assign(list[3]!, { seq: 5 }))],
  'the head is ahead of the messages': [/4 messages, but the head is 5/, ({ conversations }) => Object.assign(conversations[0]!, { headSeq: 5 })],
  'a refused message is stored': [/refused, but stored/, ({ history }) => {
    history[8]!.phase = 'fail'
  }],
  'a message that nobody sent is stored': [/stored, but nobody sent it/, everywhere((list) => Object.assign(list[2]!, { senderId: ANI }))],
  'other words are stored': [/stored with other words/, everywhere((list) => Object.assign(list[0]!, { body: 'hola' }))],
  'a later message stands before an earlier one': [/sent after seq 4 was acked, but stands at 2/, ({ history }) => {
    for (const at of [7, 8]) history[at]!.time = 0
  }],
  'an acked edit is lost': [/change 1 of seq 4 was acked and is lost/, everywhere((list) => {
    delete list[3]!.change
  })],
  'an acked edit wrote something else': [/change 1 of seq 4 did something else/, everywhere((list) => Object.assign(list[3]!, { body: 'tidak' }))],
  'an acked deletion deleted nothing': [/change 1 of seq 4 did something else/, ({ history }) => {
    history[11]!.what = { do: 'delete', seq: 4, change: 1 }
  }],
  'a change has no place': [/changes 3 do not fit a head of 1/, everywhere((list) => Object.assign(list[3]!, { change: 3 }))],
  'somebody outside saw it': [/somebody outside saw seq 1/, ({ history }) => {
    history[2]!.who = EVE
  }],
  'somebody outside saw a change': [/somebody outside saw a change of seq 4/, ({ history }) => {
    history[17]!.who = EVE
  }],
  'somebody outside got a page, even an empty one': [/somebody outside was told conversation:synced/, ({ history }) => {
    history[18]!.who = EVE
  }],
  'somebody outside was told how far a member has read': [/somebody outside was told message:read/, ({ history }) => {
    history[19]!.who = EVE
  }],
  'somebody outside was told who types': [/somebody outside was told typing:start/, ({ history }) => {
    history[20]!.who = EVE
  }],
  'a member was told that somebody outside has read': [/message:read told of somebody outside \(eve\)/, ({ history }) => Object.assign(history[19]!.what, { of: EVE })],
  'a receipt is ahead of the messages': [/message:read told of seq 5, where nothing is/, ({ history }) => Object.assign(history[19]!.what, { seq: 5 })],
  'somebody outside was let in': [/somebody outside did something/, ({ history }) => {
    history[16]!.phase = 'ok'
  }],
  'a member saw another message at a place': [/another message was seen at seq 1/, ({ history }) => {
    history[2]!.what = { do: 'see', message: { seq: 1, clientId: 'b1', senderId: BUDI, body: 'hai' } }
  }],
  'a member saw what is not there': [/seen at seq 9, where nothing is/, ({ history }) => {
    history[2]!.what = { do: 'see', message: { seq: 9, clientId: 'a9', senderId: ANI, body: '' } }
  }],
  'a member saw other words': [/seq 1 was seen with other words/, ({ history }) => {
    history[2]!.what = { do: 'see', message: { seq: 1, clientId: 'a1', senderId: ANI, body: 'hola' } }
  }],
  'a member saw a change that never was': [/seq 1 was seen with a change that it does not have/, ({ history }) => {
    history[2]!.what = { do: 'see', message: { seq: 1, clientId: 'a1', senderId: ANI, body: 'halo', change: 1 } }
  }],
  'a member saw what was sent with other words, before it was changed': [/seq 4 was seen with other words/, ({ history }) => {
    history[9]!.what = { do: 'see', message: { seq: 4, clientId: 'a2', senderId: ANI, body: 'apa?' } }
  }],
  'a live change had other words': [/seq 4 was seen with other words/, ({ history }) => Object.assign(history[17]!.what, { body: 'apa' })],
  'a live change had other words, and was overtaken': [/seq 4 was seen with other words/, (account) => {
    Object.assign(account.history[17]!.what, { body: 'apa' })
    account.conversations[0]!.headChange = 2
    everywhere((list) => Object.assign(list[3]!, { change: 2, body: 'apa kabar, Budi?' }))(account)
  }],
  'a live change said deleted of what was edited': [/seq 4 was seen with other words/, ({ history }) => Object.assign(history[17]!.what, { deleted: true })],
  'a live change of what is not there': [/seen at seq 9, where nothing is/, ({ history }) => Object.assign(history[17]!.what, { seq: 9 })],
  'a live change that never was': [/seq 4 was seen with a change that it does not have/, ({ history }) => Object.assign(history[17]!.what, { change: 2 })],
  'of two sends of a person the second stands first': [/seq 4 was said before seq 1 and never in doubt/, ({ history }) => {
    // Both were on their way at once: what was acked first is no help.
    const [later, ...rest] = history.splice(7, 1)
    history.unshift(...rest, later!)
    later!.time = 0
  }],
  'a connected client lacks the last word': [/a connected client has 3 messages that are not the 4/, ({ living }) => void living[1]!.list.pop()],
  'a connected client lacks a change': [/a connected client has 4 messages that are not the 4/, ({ living }) => {
    living[0]!.list[3] = { seq: 4, clientId: 'a2', senderId: ANI, body: 'apa' }
  }],
  'a final sync lacks a message': [/the final sync has 3 messages/, ({ finals }) => void finals[1]!.list.pop()],
  'a final sync is in another order': [/the final sync has 4 messages that are not/, ({ finals }) => {
    finals[0]!.list = finals[0]!.list.toReversed()
  }],
  'a final sync lacks a change': [/the final sync has 4 messages that are not/, ({ finals }) => {
    finals[0]!.list[3] = { seq: 4, clientId: 'a2', senderId: ANI, body: 'apa' }
  }],
  'a member never synced': [/no final sync of a member \(budi\)/, ({ finals }) => void finals.pop()],
  'money appeared': [/the ledger sums to 1/, (account) => {
    account.ledgerSumIdr = 1
  }],
  'a conversation is missing': [/a history of no conversation/, (account) => {
    account.conversations = []
  }],
}

t.test('a good history has no fault', async (t) => {
  t.same(findFaults(good()), [])
})

t.test('a send that was in doubt may stand anywhere', async (t) => {
  const account = good()
  const [later] = account.history.splice(7, 1)
  account.history.unshift({ ...later!, time: 0 }, { ...later!, time: 0, phase: 'unknown' })
  t.same(findFaults(account), [])
})

t.test('every frame that names a conversation leaves a line, a refusal excepted', async (t) => {
  // Each is made by z.strictObject, or is one of several that are.
  const shapesOf = (schema: z.ZodType) => (schema instanceof z.ZodUnion ? schema.options as z.ZodObject[] : [schema as z.ZodObject]).map((one) => one.shape)
  const types = Object.entries(SERVER_FRAMES).filter(([, schema]) => shapesOf(schema).some((shape) => 'conversationId' in shape)).map(([type]) => type)
  const message = { conversationId: HERE, seq: 1, id: 'i', clientId: 'a1', senderId: ANI, body: 'halo', sentAt: '' }
  const change = { conversationId: HERE, seq: 1, change: 1, body: 'hai' }
  const shown = Object.fromEntries(types.map((type) => [type, sightsIn({ type, ...message, change: 1, userId: BUDI, messages: [message], changes: [change, { ...change, change: 2, body: undefined, deleted: true }] })]))
  t.same(Object.keys(shown).filter((type) => shown[type]!.length === 0), ['error'])
  t.ok(types.length >= 9, types.join())
  t.same(shown['conversation:synced'], [
    { do: 'hear', frame: 'conversation:synced', seq: 1, of: BUDI }, { do: 'see', message: { seq: 1, clientId: 'a1', senderId: ANI, body: 'halo' } },
    { do: 'see change', seq: 1, change: 1, body: 'hai' }, { do: 'see change', seq: 1, change: 2, body: '', deleted: true },
  ])
  t.same(shown['message:changed'], [{ do: 'see change', seq: 1, change: 1, body: 'halo' }])
  t.same(sightsIn({ type: 'presence:online', userId: BUDI }), [])
})

t.test('each rule of the checker fails where it is broken', async (t) => {
  for (const [what, [fault, corrupt]] of Object.entries(CORRUPTIONS)) {
    const account = good()
    corrupt(account)
    const faults = findFaults(account)
    t.ok(faults.some((line) => fault.test(line)), `${what}: ${faults.join('; ')}`)
  }
})

t.test('many faults of a kind are told in few lines', async (t) => {
  const account = good()
  account.finals = []
  account.conversations[0]!.memberIds = Array.from({ length: 50 }, (_, index) => `member-${index}`)
  t.ok(findFaults(account).filter((line) => line.includes('no final sync')).length <= 3)
})
