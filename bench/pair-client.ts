import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Person } from '../backend/testing/people.ts'

export type PairClient = {
  acked: number
  ackedInAll: number
  received: number
  /** From a send to its arrival at the peer, of the messages received. */
  latenciesMs: number[]
  send(body: string): void
  /** Keeps so many sends under way. */
  keepSending(window: number, body: string): void
  /** From now on sends `message:delivered`, as apps do: who does not is pushed to. */
  tellDelivered(): void
  /** Stops sending; resolves when everything sent is acked. */
  finish(): Promise<void>
  reset(): void
  close(): void
}

/** A phone tells what has arrived: the highest is enough, so not for every message. */
const DELIVERED_MS = 1000

/** When each message left, by clientId: both members of a pair live in this process. */
const sentAt = new Map<string, number>()

/** One side of a pair, as light as a load generator has to be: it reads frames by their first characters. */
export async function createPairClient(person: Pick<Person, 'token' | 'url'>, conversationId: string): Promise<PairClient> {
  const socket = new WebSocket(`${person.url.replace('http', 'ws')}/api/v1/realtime`, { perMessageDeflate: false, headers: { authorization: `Bearer ${person.token}` } })
  let underWay = 0
  let window = 0
  let text = ''
  let finished: (() => void) | undefined
  let arrived = 0
  let told = 0
  let telling: NodeJS.Timeout | undefined
  const client: PairClient = {
    acked: 0, ackedInAll: 0, received: 0, latenciesMs: [],
    send(body) {
      const clientId = randomUUID()
      sentAt.set(clientId, performance.now())
      underWay++
      socket.send(`{"type":"message:send","clientId":"${clientId}","conversationId":"${conversationId}","body":${JSON.stringify(body)}}`)
    },
    keepSending(most, body) {
      window = most
      text = body
      for (let missing = most - underWay; missing > 0; missing--) client.send(body)
    },
    tellDelivered() {
      telling ??= setInterval(() => {
        if (arrived === told) return
        told = arrived
        socket.send(`{"type":"message:delivered","conversationId":"${conversationId}","seq":${told}}`)
      }, DELIVERED_MS * (0.9 + Math.random() / 5))
    },
    async finish() {
      window = 0
      if (underWay > 0) await new Promise<void>((resolve) => void (finished = resolve))
    },
    reset() {
      client.acked = 0
      client.received = 0
      client.latenciesMs = []
    },
    close() {
      clearInterval(telling)
      socket.terminate()
    },
  }
  const ready = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    const frame = data.toString('latin1', 9, 26)
    if (frame.startsWith('message:received')) {
      client.received++
      arrived = Number.parseInt(data.toString('latin1', data.indexOf('"seq":') + 6, data.indexOf('"seq":') + 22), 10)
      const at = data.indexOf('"clientId":"') + 12
      const clientId = data.toString('latin1', at, at + 36)
      client.latenciesMs.push(performance.now() - (sentAt.get(clientId) ?? Number.NaN))
      sentAt.delete(clientId)
    } else if (frame.startsWith('message:ack')) {
      client.acked++
      client.ackedInAll++
      underWay--
      if (underWay < window) client.send(text)
      else if (underWay === 0) finished?.()
    } else if (frame.startsWith('ready')) ready.resolve()
    else if (!/^(authenticated|presence|message:delivered)/.test(frame)) throw new Error(`an unexpected frame: ${data.toString()}`)
  })
  socket.on('close', (code) => ready.reject(new Error(`the socket was closed (${code})`)))
  await once(socket, 'open')
  await ready.promise
  return client
}
