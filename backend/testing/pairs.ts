import { setTimeout as pause } from 'node:timers/promises'
import { v7 } from 'uuid'
import { ChatClient } from './chat-client.ts'
import { crowd, type CrowdPlace } from './crowd.ts'
import { findFaults, isSame, readOutcomes, type Entry, type Have, type Outcome } from './history.ts'
import type { Person } from './people.ts'
import type { Random } from './random.ts'
import { eventually } from './wait.ts'

export type Pair = { conversationId: string; clients: readonly [ChatClient, ChatClient] }
export type PairsPlace = Omit<CrowdPlace, 'replicas'> & { replicas: readonly { url: string; isAlive?(): boolean }[] }
export type Pairs = Awaited<ReturnType<typeof startPairs>>

/** Of a hundred acts so many are not a new message. */
const SHARES = { repeat: 4, edit: 4, delete: 1, cut: 1, pry: 1, read: 2, type: 1 }
/** What a connected client lacks is healed within 5 s; a machine that does much else takes longer. */
const TAIL_MS = 30_000

/**
 * Pairs of a customer and a mitra who talk over their sockets, the customers on one replica first and the mitras on
 * another; each goes wherever there is one. What they do is decided by `random`: its seed repeats a run's acts.
 */
export async function startPairs(place: PairsPlace, options: { count: number; random: Random }) {
  const { count, random } = options
  const [customers, mitras] = await Promise.all([crowd(place, { kind: 'customer', count }), crowd(place, { kind: 'mitra', count })])
  const ids = await openConversations(place, customers.map((customer, index) => [customer, mitras[index]!]))
  const history: Entry[] = []
  const alive = () => place.replicas.filter((replica) => replica.isAlive?.() ?? true).map((replica) => replica.url)
  const pairs: Pair[] = ids.map((conversationId, index) => ({
    conversationId, clients: [new ChatClient(customers[index]!, alive, history), new ChatClient(mitras[index]!, () => alive().toReversed(), history)],
  }))
  for (const { conversationId, clients } of pairs) for (const client of clients) client.join(conversationId)
  const everybody = pairs.flatMap((pair) => pair.clients.map((client) => ({ client, pair })))
  const atRest = async (what: string) => {
    const isQuiet = await eventually(() => everybody.every(({ client }) => client.unrest === undefined), what, { timeoutMs: 120_000 }).catch(() => false)
    if (!isQuiet) throw new Error(`did not happen in time: ${what}; one ${[...new Set(everybody.flatMap(({ client }) => client.unrest ?? []))].join(', one ')}`)
  }
  await atRest('every pair is connected')

  return {
    pairs, history,
    clients: everybody.map(({ client }) => client),
    acked: () => everybody.reduce((sum, { client }) => sum + client.acked.size, 0),
    resumedMs: () => everybody.flatMap(({ client }) => client.resumedMs),
    /** Acts at this rate until `isOver` (which is told how many acts there were), whatever becomes of the replicas. */
    async talk(perSecond: number, isOver: (acts: number) => boolean): Promise<number> {
      let done = 0
      for (const startedAt = performance.now(); !isOver(done); await pause(5)) {
        const due = ((performance.now() - startedAt) / 1000) * perSecond
        for (; done < due; done++) act(everybody[random.below(everybody.length)]!, pairs, random, done)
      }
      return done
    },
    /**
     * Waits until everything sent is acked, and until everybody connected has everything (`tailMs` at most: what they
     * lack then is a fault); asks for it all anew and checks the history.
     */
    async findFaults({ tailMs = TAIL_MS } = {}): Promise<string[]> {
      await atRest('everything is acked and received')
      const outcomes = await readOutcomes(place, ids)
      const living = await findLiving(everybody, outcomes.conversations, tailMs)
      const finals = await findFinals(everybody.map(({ client, pair }) => ({ person: client.person, conversationId: pair.conversationId })), alive)
      return findFaults({ history, finals, living, ...outcomes })
    },
    stop: async () => void await Promise.all(everybody.map(({ client }) => client.stop())),
  }
}

async function openConversations(place: PairsPlace, members: readonly (readonly Person[])[]): Promise<string[]> {
  const ids = members.map(() => v7())
  await place.query(`insert into conversations (id, writable_until) select id, app_now() + interval '1 day' from unnest($1::uuid[]) as id`, [ids])
  await place.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [members.flatMap((some, index) => some.map(() => ids[index])), members.flat().map((person) => person.id)])
  return ids
}

function act({ client, pair }: { client: ChatClient; pair: Pair }, pairs: readonly Pair[], random: Random, number: number): void {
  let roll = random.below(100)
  const isIt = (share: number) => (roll -= share) < 0
  if (isIt(SHARES.repeat)) return client.repeat()
  if (isIt(SHARES.edit)) return withOwn(client, random, (seq) => client.edit(seq, `message ${number}, edited`))
  if (isIt(SHARES.delete)) return withOwn(client, random, (seq) => client.delete(seq))
  if (isIt(SHARES.cut)) return client.cut()
  const other = pairs[random.below(pairs.length)]!
  if (isIt(SHARES.pry) && other !== pair) return client.pry(other.conversationId)
  if (isIt(SHARES.read)) return client.read()
  if (isIt(SHARES.type)) return client.type()
  client.send(`message ${number}`)
}

function withOwn(client: ChatClient, random: Random, work: (seq: number) => void): void {
  const own = [...client.acked.values()]
  if (own.length > 0) work(own[random.below(own.length)]!)
}

/** What connected clients have, once it is everything or the time for it is over. They know of nothing that they lack: only the server can bring it. */
async function findLiving(everybody: readonly { client: ChatClient; pair: Pair }[], outcomes: readonly Outcome[], withinMs: number): Promise<Have[]> {
  const storedOf = new Map(outcomes.map((outcome) => [outcome.id, outcome.stored]))
  let behind = everybody
  const catchUp = () => {
    behind = behind.filter(({ client, pair }) => !isSame(client.list, storedOf.get(pair.conversationId)!))
    return behind.length === 0
  }
  await eventually(catchUp, 'everybody has everything', { timeoutMs: withinMs }).catch(() => undefined) // that is found in the lists
  return everybody.map(({ client, pair }) => ({ who: client.person.id, conversationId: pair.conversationId, list: client.list }))
}

/** What each gets who comes anew and asks for everything, on the replica that is not their first. */
async function findFinals(asks: readonly { person: Person; conversationId: string }[], alive: () => string[]): Promise<Have[]> {
  const finals: Have[] = []
  const queue = asks.map((ask, index) => ({ ...ask, turn: index }))
  const lane = async () => {
    for (let ask = queue.shift(); ask; ask = queue.shift()) {
      const { turn, person, conversationId } = ask
      const client = new ChatClient(person, () => (turn % 2 === 0 ? alive().toReversed() : alive()))
      client.join(conversationId)
      await eventually(() => client.unrest === undefined, 'a final sync', { timeoutMs: 60_000 })
      finals.push({ who: person.id, conversationId, list: client.list })
      await client.stop()
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  return finals
}
