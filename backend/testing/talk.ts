import { v7 } from 'uuid'
import { ChatClient } from './chat-client.ts'
import { crowd, type CrowdPlace } from './crowd.ts'
import type { Person } from './people.ts'
import { eventually } from './wait.ts'

export type TalkOptions = {
  pairs: number
  /** How often each client says something. */
  everyMs: number
  /** Where the customer (0) and the mitra (1) of a pair connect, in this order; each to a replica of its own unless said. */
  urlsOf?: (side: 0 | 1) => string[]
}

type Pair = { conversationId: string; clients: readonly [ChatClient, ChatClient]; people: readonly [Person, Person] }

/** Pairs that talk all the time as the apps do, and what came of what they were promised. */
export type Talk = {
  pairs: readonly Pair[]
  clients: readonly ChatClient[]
  /** Resolves once something that was sent from now on is acked to every client: ms from now. */
  everybodyAcked(timeoutMs?: number): Promise<number>
  /** Ends the talking; resolves when nothing waits and everybody has the same. */
  finish(timeoutMs?: number): Promise<void>
  /** Broken promises, a line each. */
  faults(): Promise<string[]>
  stop(): Promise<void>
}

export async function startTalk(place: CrowdPlace, options: TalkOptions): Promise<Talk> {
  const urlsOf = options.urlsOf ?? ((side) => [place.replicas[side % place.replicas.length]!.url])
  const [customers, mitras] = await Promise.all([crowd(place, { kind: 'customer', count: options.pairs }), crowd(place, { kind: 'mitra', count: options.pairs, online: true })])
  const ids = customers.map(() => v7())
  await place.query(`insert into conversations (id, writable_until) select id, app_now() + interval '1 day' from unnest($1::uuid[]) as id`, [ids])
  await place.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [ids.flatMap((id) => [id, id]), customers.flatMap((one, index) => [one.id, mitras[index]!.id])])
  const pairs = ids.map((conversationId, index): Pair => {
    const people = [customers[index]!, mitras[index]!] as const
    const clients = people.map((person, side) => new ChatClient(person, () => urlsOf(side as 0 | 1))) as [ChatClient, ChatClient] // two people
    for (const client of clients) client.join(conversationId)
    return { conversationId, clients, people }
  })
  const clients = pairs.flatMap((pair) => pair.clients)
  let said = 0
  const timer = setInterval(() => {
    for (const client of clients) client.send(`word ${++said}`)
  }, options.everyMs)
  const isWhole = (pair: Pair) => pair.clients.every((client) => client.outbox.size === 0) && pair.clients[0].list.length === pair.clients[1].list.length

  return {
    pairs, clients,
    async everybodyAcked(timeoutMs = 60_000) {
      const startedAt = performance.now()
      const marks = clients.map((client) => [client, client.send('is anybody there?')] as const)
      await eventually(() => marks.every(([client, clientId]) => client.acked.has(clientId)), 'everybody is acked', { timeoutMs })
      return Math.round(performance.now() - startedAt)
    },
    async finish(timeoutMs = 60_000) {
      clearInterval(timer)
      await eventually(() => pairs.every(isWhole), 'nothing waits, and both have the same', { timeoutMs })
    },
    faults: () => findFaults(place, pairs),
    async stop() {
      clearInterval(timer)
      await Promise.all(clients.map((client) => client.stop()))
    },
  }
}

type Row = { conversation_id: string; seq: string; client_id: string; sender_id: string | null }

async function findFaults(place: CrowdPlace, pairs: readonly Pair[]): Promise<string[]> {
  const rows = await place.query<Row>('select conversation_id, seq, client_id, sender_id from messages where conversation_id = any($1) order by conversation_id, seq', [pairs.map((pair) => pair.conversationId)])
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id)
  return pairs.flatMap(({ conversationId, clients }) => {
    const stored = byConversation.get(conversationId) ?? []
    const faults: string[] = []
    const seqOf = new Map(stored.map((row) => [row.client_id, Number(row.seq)]))
    if (stored.some((row, index) => Number(row.seq) !== index + 1)) faults.push('seq is not dense')
    if (seqOf.size !== stored.length) faults.push('something is stored twice')
    for (const client of clients) {
      const lost = [...client.acked].filter(([clientId, seq]) => seqOf.get(clientId) !== seq)
      if (lost.length > 0) faults.push(`${lost.length} acks are false`)
      if (client.rejected.length > 0) faults.push(`${client.rejected.length} were refused: ${client.rejected[0]!.code}`)
      if (client.list.map((message) => `${message.seq} ${message.clientId}`).join() !== stored.map((row) => `${row.seq} ${row.client_id}`).join()) faults.push('a client has not what the database has')
    }
    return faults.map((fault) => `${conversationId}: ${fault}`)
  })
}
